"""Answers and verdicts are collected into a store in memory, from models made here."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

import virtual_time
from safeglot.backends.engine.collect import Collector, empty_verdict, verdict_key
from safeglot.backends.engine.engine import Engine, Limits, Route
from safeglot.backends.store.store import Store
from safeglot.errors import ModelError, Stopped
from safeglot.generate import Generate, Given
from safeglot.types import Answer, Item, Prompt, Reply, Request, Translation, Verdict

ITEMS = [
    Item(
        prompt=Prompt(id=str(n), text="p", language="en", categories=(), source=""),
        translation=Translation(prompt=str(n), language="de", text=f"Frage {n}?"),
        translation_key=f"t{n}",
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


@pytest.fixture
def store() -> Iterator[Store]:
    opened = Store.in_memory()
    opened.add_inputs([item.prompt for item in ITEMS], [item.translation for item in ITEMS])
    yield opened
    opened.close()


def collect(
    store: Store,
    target: Answering,
    judge: Answering,
    *,
    judges: Sequence[LengthJudge] = (LengthJudge(),),
    allowed: Sequence[str] = ("target",),
    retry_failed: bool = False,
    given: Sequence[tuple[Item, Given]] = (),
    items: Sequence[Item] = ITEMS,
) -> Collector:
    async def work() -> Collector:
        routes = {
            name: Route(model=model, lane=name)
            for name, model in (("target", target), ("judge", judge))
        }
        engine = Engine(store, routes, Limits(backoff_s=0.001))
        collector = Collector(engine, allowed=allowed, retry_failed=retry_failed)
        await collector.run(lambda: items, [TARGET], judges, width=2, given=given)
        return collector

    return asyncio.run(work())


def verdicts(store: Store) -> dict[str, bool | None]:
    return {verdict.response: verdict.unsafe for verdict in store.verdicts()}


def key(item: Item) -> str:
    return TARGET.plan(item).key


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
    tally = collect(store, target, judge, judges=both, allowed=()).tally
    assert target.asked == []
    assert tally.verdicts == 6
    assert {v.judge for v in store.verdicts()} == {"length", "second"}


def test_a_new_reading_of_a_judge_gives_new_verdicts(store):
    collect(store, Answering(), Answering())
    collect(store, Answering(), Answering(), judges=(LengthJudge(version=2),))
    assert len(list(store.verdicts())) == 6


def test_a_target_that_is_not_allowed_is_not_asked(store):
    target = Answering()
    tally = collect(store, target, Answering(), allowed=()).tally
    assert (target.asked, tally.answers, list(store.verdicts())) == ([], 0, [])


def test_an_empty_answer_has_a_verdict_of_none_and_no_judge_is_asked(store):
    judge = Answering()
    collect(store, Answering({"Frage 0?": " \n"}), judge, items=ITEMS[:1])
    (verdict,) = store.verdicts()
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
    failed = {("judge", verdict_key(key(ITEMS[2]), "length", "length/1"))}
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


def test_a_model_that_only_raises_stops_with_what_it_raises(store):
    target = Raising()
    target.times = 10**6
    with pytest.raises(Stopped, match=r"model target: stopped after .* RecursionError: maximum"):
        collect(store, target, Answering(), items=ITEMS * 10)


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
    assert "replies: column 4 cannot hold an int beyond 64 bits" in row[1]


def test_the_key_of_a_verdict_is_of_response_judge_and_reading():
    keys = {verdict_key(*parts) for parts in (("r", "n", "i"), ("s", "n", "i"), ("r", "m", "i"))}
    assert len(keys | {verdict_key("r", "n", "j")}) == 4


class Broke(Answering):
    """Has no money left."""

    async def answer(self, request: Request) -> Reply:
        self.asked.append("")
        raise ModelError("quota", "used up", transient=False)


def test_an_endpoint_that_gives_up_turns_away_those_who_wait_for_first_replies(store):
    target = Broke()

    async def work() -> float:
        engine = Engine(store, {"target": Route(model=target, lane="target")})
        collector = Collector(engine, allowed=("target",))
        await collector.run(lambda: many(30), [TARGET], (), width=20)
        assert ["used up" in str(stop) for stop in engine.stopped] == [True]
        return virtual_time.now()

    assert virtual_time.run(work()) < 1
    assert len(target.asked) <= 4


@dataclass
class Slow(Answering):
    """Takes a second, or what is said; keeps the most that were in flight."""

    takes_s: float = 1.0
    open: int = 0
    most: int = 0

    async def answer(self, request: Request) -> Reply:
        self.open += 1
        self.most = max(self.most, self.open)
        await asyncio.sleep(self.takes_s)
        self.open -= 1
        return await super().answer(request)


def test_five_hundred_samples_take_at_most_two_and_a_half_times_the_least(store):
    """A server of a second for answers and verdicts, 256 at a time: 1,000 / 256 s at best."""
    server = Slow()

    async def work() -> float:
        route = Route(model=server, lane="server", concurrency=256)
        engine = Engine(store, {"target": route, "judge": route})
        collector = Collector(engine, allowed=("target",))
        await collector.run(lambda: many(500), [TARGET], (LengthJudge(),), width=512)
        assert (collector.tally.answers, collector.tally.verdicts) == (500, 500)
        return virtual_time.now()

    assert virtual_time.run(work()) < 2.5 * 1000 / 256
    assert 128 < server.most <= 256


class Gone(Answering):
    """Is not there."""

    async def answer(self, request: Request) -> Reply:
        error = ModelError("unreachable", "nobody listens", transient=True)
        error.down = True
        raise error


def test_an_endpoint_that_is_not_there_costs_others_nothing(store):
    there, gone = Answering(), Gone()
    steps = [TARGET, Generate(model="gone", name="gone")]

    async def work() -> Engine:
        routes = {"target": Route(model=there, lane="a"), "gone": Route(model=gone, lane="b")}
        engine = Engine(store, routes)
        collector = Collector(engine, allowed=("target", "gone"))
        await collector.run(lambda: many(300), steps, (), width=256)
        assert (collector.tally.answers, collector.tally.failed) == (300, 0)
        return engine

    (stop,) = virtual_time.run(work()).stopped
    assert (stop.endpoint, stop.answered) == ("b", False)
    assert store.failed(final_only=False) == set()


def test_a_judge_that_is_not_there_leaves_the_answers_to_be_judged_later(store):
    async def work() -> Collector:
        routes = {
            "target": Route(model=Answering(), lane="a"),
            "judge": Route(model=Gone(), lane="b"),
        }
        collector = Collector(Engine(store, routes), allowed=("target",))
        await collector.run(lambda: ITEMS, [TARGET], (LengthJudge(),), width=8)
        return collector

    tally = virtual_time.run(work()).tally
    assert (tally.answers, tally.verdicts, tally.failed) == (3, 0, 0)
    assert collect(store, Answering(), Answering()).tally.verdicts == 3


def many(n: int) -> list[Item]:
    texts = [dataclasses.replace(ITEMS[0].translation, text=f"Frage {i}?") for i in range(n)]
    return [dataclasses.replace(ITEMS[0], translation_key=t.text, translation=t) for t in texts]
