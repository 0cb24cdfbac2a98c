"""Answers and verdicts are collected into a store in memory, from models made here."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

import virtual_time
from safeglot.backends.engine.collect import Collector
from safeglot.backends.engine.engine import Engine, Limits, Route
from safeglot.backends.engine.judging import empty_verdict
from safeglot.backends.store import store as stores
from safeglot.backends.store.store import Store
from safeglot.errors import ModelError, Stopped
from safeglot.generate import Generate
from safeglot.keys import response_key, translation_key
from safeglot.types import Answer, Item, Prompt, Reply, Request, Translation, Verdict

ITEMS = [
    Item(
        prompt=Prompt(id=str(n), text="p", language="en", categories=(), source=""),
        translation=(text := Translation(prompt=str(n), language="de", text=f"Frage {n}?")),
        translation_key=translation_key(text),
    )
    for n in range(3)
]
TARGET = Generate(model="target", name="target")


@dataclass
class Answering:
    """Answers with what `said` gives for the last text; keeps what it was asked."""

    said: dict[str, str] = field(default_factory=dict)
    failing: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)

    async def answer(self, request: Request) -> Reply:
        text = request.prompt or request.messages[-1][1]
        self.asked.append(text)
        if text in self.failing:
            raise ModelError("blocked", "no", transient=False)
        return Reply(text=self.said.get(text, f"re: {text}"))

    async def close(self) -> None:
        """Hold nothing."""


@dataclass(frozen=True)
class LengthJudge:
    """Calls an answer unsafe whose length its model repeats as even."""

    name: str = "length"
    mode: str = "answer"
    version: int = 1
    model: str = "judge"

    @property
    def id(self) -> str:
        return f"{self.name}/{self.version}"

    def ask(self, item: Answer) -> Sequence[Request]:
        return [Request(model="judge", prompt=item.response.text, max_tokens=1)]

    def read(self, item: Answer, replies: Sequence[Reply]) -> Verdict:
        return Verdict(
            response=item.response.key,
            judge=self.name,
            mode=self.mode,
            unsafe=len(replies[0].text) % 2 == 0,
        )


def stored(items: Sequence[Item]) -> Store:
    opened = Store.in_memory()
    opened.add_inputs([item.prompt for item in items], [item.translation for item in items])
    return opened


@pytest.fixture
def store() -> Iterator[Store]:
    with contextlib.closing(stored(ITEMS)) as opened:
        yield opened


def collect(
    store: Store,
    target: Answering,
    judge: Answering,
    *,
    judges: Sequence[LengthJudge] = (LengthJudge(),),
    targets: Sequence[Generate] = (TARGET,),
    retry_failed: bool = False,
    passes: Sequence[tuple[LengthJudge, Sequence[int]]] = (),
    most: int = 2,
) -> Collector:
    async def work() -> Collector:
        routes = {
            name: Route(model=model, lane=name, concurrency=most)
            for name, model in (("target", target), ("judge", judge))
        }
        engine = Engine(store, routes, Limits(backoff_s=0.001))
        collector = Collector(engine, reference="en", retry_failed=retry_failed)
        if passes:
            await collector.again(passes)
        else:
            await collector.run(targets, judges)
        return collector

    return asyncio.run(work())


def verdicts(store: Store) -> dict[str, bool | None]:
    return {verdict.response: verdict.unsafe for verdict in store.verdicts()}


def key(item: Item) -> str:
    return response_key(item.translation_key, TARGET.id, item.sample)


def test_every_item_is_answered_and_judged(store):
    target, judge = Answering({"Frage 1?": "ja"}), Answering()
    tally = collect(store, target, judge).tally
    assert (tally.answers, tally.verdicts, tally.failed) == (3, 3, 0)
    assert sorted(target.asked) == ["Frage 0?", "Frage 1?", "Frage 2?"]
    assert sorted(judge.asked) == ["ja", "re: Frage 0?", "re: Frage 2?"]
    assert set(verdicts(store)) == {key(item) for item in ITEMS}


def test_what_is_stored_is_not_asked_for_again(store):
    collect(store, Answering(), Answering())
    target, judge = Answering(), Answering()
    tally = collect(store, target, judge).tally
    assert (target.asked, judge.asked) == ([], [])
    assert (tally.answers, tally.verdicts) == (3, 3)


def test_a_judge_that_joins_judges_the_stored_answers(store):
    collect(store, Answering(), Answering())
    target, judge = Answering(), Answering()
    both = (LengthJudge(), LengthJudge(name="second"))
    tally = collect(store, target, judge, judges=both, targets=()).tally
    assert target.asked == []
    assert tally.verdicts == 6
    assert {v.judge for v in store.verdicts()} == {"length", "second"}


def test_a_target_that_is_not_allowed_is_not_asked(store):
    target = Answering()
    tally = collect(store, target, Answering(), targets=()).tally
    assert (target.asked, tally.answers, list(store.verdicts())) == ([], 0, [])


def test_an_empty_answer_has_a_verdict_of_none_and_no_judge_is_asked(store):
    judge = Answering()
    collect(store, Answering({f"Frage {n}?": " \n" for n in range(3)}), judge)
    verdict = next(v for v in store.verdicts() if v.response == key(ITEMS[0]))
    assert (verdict.unsafe, verdict.reason, verdict.response_class) == (None, "empty", "INV-empty")
    assert judge.asked == []
    answer = TARGET.read(ITEMS[0], [Reply(text="")])
    assert empty_verdict(answer, LengthJudge()).response == verdict.response


def test_a_failure_is_a_row_that_a_later_run_leaves_alone_until_told_otherwise(store):
    target = Answering(failing={"Frage 1?"})
    assert collect(store, target, Answering()).tally.failed == 1
    assert store.failed(final_only=True) == {("generate", key(ITEMS[1]))}
    mended = Answering()
    assert collect(store, mended, Answering()).tally.failed == 1
    assert mended.asked == []
    assert collect(store, mended, Answering(), retry_failed=True).tally.answers == 3
    assert mended.asked == ["Frage 1?"]
    assert store.failed(final_only=False) == set()


def test_a_judge_that_fails_costs_its_verdict_only(store):
    judge = Answering(failing={"re: Frage 2?"})
    tally = collect(store, Answering(), judge).tally
    assert (tally.answers, tally.verdicts, tally.failed) == (3, 2, 1)
    failed = {("judge", f"{key(ITEMS[2])}/length")}
    assert store.failed(final_only=True) == failed


class OddJudge(LengthJudge):
    """Raises, or returns what is no verdict, on one answer."""

    def read(self, item: Answer, replies: Sequence[Reply]) -> Any:
        if item.response.text != "re: Frage 1?":
            return super().read(item, replies)
        if self.name == "raises":
            raise KeyError("label")
        verdict = super().read(item, replies)
        return {
            "nothing": None,
            "huge": dataclasses.replace(verdict, p_unsafe=10**400),
            "list": dataclasses.replace(verdict, label=["unsafe"]),
            "unnamed": dataclasses.replace(verdict, label=None),
        }[self.name]


@pytest.mark.parametrize("name", ["raises", "nothing", "huge", "list", "unnamed"])
def test_a_fault_in_a_judge_costs_its_verdict_only(store, name):
    tally = collect(store, Answering(), Answering(), judges=(OddJudge(name=name),)).tally
    assert (tally.answers, tally.verdicts, tally.failed) == (3, 2, 1)
    (row,) = store.rows("SELECT stage, kind, by, attempts, transient FROM failures")
    assert row == ("judge", "fault", name, 1, 1)
    mended = collect(store, Answering(), Answering(), judges=(LengthJudge(name=name),)).tally
    assert (mended.verdicts, store.failed(final_only=False)) == (3, set())


class Raising(Answering):
    """A model that raises what is no ModelError, once or always."""

    times = 1

    async def answer(self, request: Request) -> Reply:
        if self.times:
            self.times -= 1
            raise RecursionError("maximum recursion depth exceeded")
        return await super().answer(request)


def test_a_fault_in_a_model_is_tried_again(store):
    target = Raising()
    assert collect(store, target, Answering()).tally.answers == 3


def test_a_model_that_only_raises_stops_with_what_it_raises():
    target = Raising()
    target.times = 10**6
    says = r"model target: stopped after .* RecursionError: maximum"
    with contextlib.closing(stored(many(30))) as large, pytest.raises(Stopped, match=says):
        collect(large, target, Answering())


class Counting(Answering):
    """Says how many tokens it used, absurdly for one text."""

    async def answer(self, request: Request) -> Reply:
        reply = await super().answer(request)
        return dataclasses.replace(reply, n_tokens=10**30 if "1" in reply.text else 3)


def test_a_reply_that_no_database_holds_is_a_failure_of_its_row(store):
    tally = collect(store, Counting(), Answering()).tally
    assert (tally.answers, tally.failed) == (2, 1)
    (row,) = store.rows("SELECT kind, message, attempts FROM failures")
    assert (row[0], row[2]) == ("fault", 5)
    assert "replies: column 5 cannot hold an int beyond 64 bits" in row[1]


class Broke(Answering):
    """Has no money left."""

    async def answer(self, request: Request) -> Reply:
        self.asked.append("")
        raise ModelError("quota", "used up", transient=False)


def test_an_endpoint_that_gives_up_turns_away_those_who_wait_for_first_replies():
    target = Broke()

    async def work() -> float:
        with contextlib.closing(stored(many(30))) as large:
            engine = Engine(large, {"target": Route(model=target, lane="target", concurrency=20)})
            await Collector(engine, reference="en").run([TARGET], ())
            assert ["used up" in str(stop) for stop in engine.stopped] == [True]
        return virtual_time.now()

    assert virtual_time.run(work()) < 1
    assert len(target.asked) <= 4


def many(n: int) -> list[Item]:
    texts = [dataclasses.replace(ITEMS[0].translation, text=f"Frage {i}?") for i in range(n)]
    return [dataclasses.replace(ITEMS[0], translation=text) for text in texts]


def test_equal_exchanges_are_judged_by_one_request(store):
    """Two targets give the same answer to a prompt: the judge is asked once, both have its verdict."""
    other = dataclasses.replace(TARGET, name="other", max_tokens=100)
    judge = Answering()
    tally = collect(store, Answering(), judge, targets=(TARGET, other)).tally
    assert (tally.answers, tally.verdicts, len(judge.asked)) == (6, 6, 3)
    assert len({verdict.response for verdict in store.verdicts()}) == 6


def test_an_equal_answer_of_a_target_that_joins_has_the_verdict_that_is_there(store):
    collect(store, Answering(), Answering())
    other = dataclasses.replace(TARGET, name="other", max_tokens=100)
    target, judge = Answering({"Frage 1?": "another"}), Answering()
    tally = collect(store, target, judge, targets=(TARGET, other)).tally
    assert (tally.answers, tally.verdicts) == (6, 6)
    assert judge.asked == ["another"]
    replies = "SELECT reply FROM verdicts ORDER BY reply"
    assert len({reply for (reply,) in store.rows(replies)}) == 4


@pytest.mark.parametrize("model", ["judge", ""])
def test_answers_wait_in_the_store_for_a_slower_judge(model):
    """The targets are not held up: all their answers come before the judge's second reply."""
    judge = Slow()
    with contextlib.closing(stored(many(60))) as large:
        slow = dataclasses.replace(LengthJudge(), model=model)
        target = Answering()
        tally = collect(large, target, judge, judges=(slow,), most=2).tally
    assert (tally.answers, tally.verdicts) == (60, 60)
    assert len(judge.asked) == 60


class Slow(Answering):
    """A model that lets the event loop go round many times before it answers."""

    async def answer(self, request: Request) -> Reply:
        for _ in range(20):
            await asyncio.sleep(0)
        return await super().answer(request)


@dataclass
class Timed(Answering):
    """Takes a second, or what is said; keeps the most that were in flight, and when it was asked last."""

    takes_s: float = 1.0
    open: int = 0
    most: int = 0
    ended_s: float = 0.0

    async def answer(self, request: Request) -> Reply:
        self.open += 1
        self.most = max(self.most, self.open)
        await asyncio.sleep(self.takes_s)
        self.open -= 1
        self.ended_s = virtual_time.now()
        return await super().answer(request)


def collected(
    routes: dict[str, Route],
    targets: Sequence[Generate],
    n: int,
    judges: Sequence[LengthJudge] = (LengthJudge(),),
) -> tuple[Collector, float]:
    """Collect n texts in virtual time; return the collector and the seconds."""

    async def work() -> tuple[Collector, float]:
        with contextlib.closing(stored(many(n))) as large:
            collector = Collector(Engine(large, routes), reference="en")
            await collector.run(targets, judges)
            assert large.failed(final_only=False) == set()
        return collector, virtual_time.now()

    return virtual_time.run(work())


def test_five_hundred_samples_take_at_most_two_and_a_half_times_the_least():
    """A server of a second for answers and verdicts, 256 at a time: 1,000 / 256 s at best."""
    server = Timed()
    route = Route(model=server, lane="server", concurrency=256)
    collector, took_s = collected({"target": route, "judge": route}, [TARGET], 500)
    assert (collector.tally.answers, collector.tally.verdicts) == (500, 500)
    assert took_s < 2.5 * 1000 / 256
    assert 128 < server.most <= 256


def test_where_they_share_a_server_answers_do_not_pile_up_before_the_judge():
    server, ahead = Timed(takes_s=0.1), [0]

    async def answer(request: Request) -> Reply:
        said = len(server.asked)
        judged = sum(text.startswith("re: ") for text in server.asked)
        ahead[0] = max(ahead[0], said - 2 * judged)
        return await Timed.answer(server, request)

    server.answer = answer  # type: ignore[method-assign]
    route = Route(model=server, lane="server", concurrency=16)
    collector, _ = collected({"target": route, "judge": route}, [TARGET], 300)
    assert collector.tally.verdicts == 300
    assert ahead[0] <= 3 * 16


def test_a_fast_endpoint_does_not_wait_for_a_slow_one():
    """Alone, 600 texts at 20 ms with 64 at a time; beside a model of a second it takes as long."""
    targets = [TARGET, Generate(model="slow", name="slow")]
    took: list[float] = []
    for own in (targets[:1], targets):
        fast, slow = Timed(takes_s=0.02), Timed()
        routes = {"target": Route(model=fast, lane="a"), "slow": Route(model=slow, lane="b")}
        collected(routes, own, 600, judges=())
        took.append(fast.ended_s)
    assert took[1] <= 1.3 * took[0]


class Gone(Answering):
    """Is not there."""

    async def answer(self, request: Request) -> Reply:
        error = ModelError("unreachable", "nobody listens", transient=True)
        error.down = True
        raise error


def test_an_endpoint_that_is_not_there_costs_others_nothing():
    steps = [TARGET, Generate(model="gone", name="gone")]
    routes = {
        "target": Route(model=Answering(), lane="a"),
        "gone": Route(model=Gone(), lane="b"),
    }
    collector, _ = collected(routes, steps, 300, judges=())
    assert (collector.tally.answers, collector.tally.failed) == (300, 0)
    (stop,) = collector.engine.stopped
    assert (stop.endpoint, stop.answered) == ("b", False)


def test_a_judge_that_is_not_there_leaves_the_answers_to_be_judged_later(store):
    async def work() -> Collector:
        routes = {
            "target": Route(model=Answering(), lane="a"),
            "judge": Route(model=Gone(), lane="b"),
        }
        collector = Collector(Engine(store, routes), reference="en")
        await collector.run([TARGET], (LengthJudge(),))
        return collector

    tally = virtual_time.run(work()).tally
    assert (tally.answers, tally.verdicts, tally.failed) == (3, 0, 0)
    assert collect(store, Answering(), Answering()).tally.verdicts == 3


def test_an_answer_that_is_asked_again_takes_the_place_of_the_empty_one(store):
    collect(store, Answering({"Frage 1?": " "}), Answering())
    before = verdicts(store)
    target, judge = Answering({"Frage 1?": "ja"}), Answering()
    collect(store, target, judge, retry_failed=True)
    assert (target.asked, judge.asked) == (["Frage 1?"], ["ja"])
    now = verdicts(store)
    assert (before[key(ITEMS[1])], now[key(ITEMS[1])]) == (None, True)
    assert len(now) == 3
    assert store.count("SELECT COUNT(*) FROM responses") == 3


class Unread(LengthJudge):
    """Cannot read one reply."""

    def read(self, item: Answer, replies: Sequence[Reply]) -> Verdict:
        verdict = super().read(item, replies)
        if replies[0].text == "?":
            return dataclasses.replace(verdict, unsafe=None, reason="unparsable")
        return verdict


def test_a_verdict_that_could_not_be_read_is_asked_for_again(store):
    unread, read = Answering({"re: Frage 1?": "?"}), Answering()
    collect(store, Answering(), unread, judges=(Unread(),))
    assert verdicts(store)[key(ITEMS[1])] is None
    collect(store, Answering(), read, judges=(Unread(),))
    assert read.asked == []
    collect(store, Answering(), read, judges=(Unread(),), retry_failed=True)
    assert read.asked == ["re: Frage 1?"]
    assert verdicts(store)[key(ITEMS[1])] is not None


def test_a_pass_judges_the_answers_that_it_names_once(store):
    collect(store, Answering(), Answering())
    judge = Answering()
    second = dataclasses.replace(LengthJudge(), name="length@repeat")
    for _ in range(2):
        tally = collect(store, Answering(), judge, passes=[(second, (1, 3))]).tally
        assert tally.verdicts == 2
    assert len(judge.asked) == 2


class Picky(Answering):
    """Refuses two texts of three for good."""

    async def answer(self, request: Request) -> Reply:
        if int(request.messages[-1][1].strip("Frage ?")) % 3:
            raise ModelError("bad_request", "no", transient=False)
        return await super().answer(request)


def test_answers_that_wait_to_be_stored_still_end_a_row_of_refusals(monkeypatch):
    """Two refusals between answers are no row of twenty, however long a commit takes."""
    monkeypatch.setattr(stores, "BATCH_WAIT_S", 30.0)

    async def work() -> Collector:
        with contextlib.closing(stored(many(90))) as large:
            route = Route(model=Picky(), lane="a", concurrency=64)
            collector = Collector(Engine(large, {"target": route}), reference="en")
            await collector.run([TARGET], ())
        return collector

    collector = virtual_time.run(work())
    assert collector.engine.stopped == []
    assert (collector.tally.answers, collector.tally.failed) == (30, 60)


def test_a_verdict_names_the_first_reply_that_it_was_read_from(store):
    collect(store, Answering(), Answering())
    rows = list(
        store.rows("SELECT v.reply, p.text FROM verdicts v JOIN replies p ON p.id = v.reply")
    )
    assert len(rows) == 3
    assert all(text.startswith("re: re: ") for _, text in rows)
