"""Lines of answers before the judges."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

import virtual_time
from safeglot.backends.engine.crew import Crew
from safeglot.backends.engine.engine import Engine, Limits, Route
from safeglot.backends.engine.items import Items
from safeglot.backends.engine.judging import Judging, empty_verdict
from safeglot.backends.store.store import Store
from safeglot.errors import ModelError
from safeglot.types import Answer, Prompt, Reply, Request, Translation, Verdict

N = 30
PROMPTS = [Prompt(id=str(i), text="p", language="en", categories=(), source="") for i in range(N)]
TEXTS = [Translation(prompt=p.id, language="en", text=f"q{p.id}") for p in PROMPTS]


@dataclass
class Guard:
    """Answers after a while; keeps how many it was asked at a time."""

    after_s: float = 1.0
    failing: bool = False
    asked: list[str] = field(default_factory=list)
    at_once: int = 0
    most: int = 0

    async def answer(self, request: Request) -> Reply:
        self.asked.append(request.prompt or "")
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        await asyncio.sleep(self.after_s)
        self.at_once -= 1
        if self.failing:
            raise ModelError("blocked", "no", transient=False)
        return Reply(text="safe")

    async def close(self) -> None:
        """Hold nothing."""


@dataclass(frozen=True)
class Judge:
    """Asks one model, with so many requests an answer."""

    name: str
    model: str
    requests: int = 1
    mode: str = "answer"

    @property
    def id(self) -> str:
        return f"{self.name}:1.0:answer:abc"

    def ask(self, item: Answer) -> Sequence[Request]:
        text = item.response.text
        return [
            Request(model=self.model, prompt=f"{text} {i}", max_tokens=1)
            for i in range(self.requests)
        ]

    def read(self, item: Answer, replies: Sequence[Reply]) -> Verdict:
        return Verdict(
            response=item.response.key,
            judge=self.name,
            mode=self.mode,
            unsafe=len(replies) != self.requests,
        )


def answered(texts: Sequence[Translation] = TEXTS, said: str = "a") -> Store:
    store = Store.in_memory()
    store.add_inputs(PROMPTS, texts)
    step = store.step("generate", "x/m", "abcdefghij")

    async def put() -> None:
        for number, text in enumerate(texts, start=1):
            store.put_answer(number, step, 0, Reply(text=f"{said} {text.text}"))

    asyncio.run(put())
    store.flush()
    return store


def judge_all(store: Store, judges: Sequence[Judge], *, fresh: bool = False, **guards: Guard):
    """Have all answers judged; return the work and how long it took."""

    async def work() -> tuple[Judging, float]:
        routes = {name: Route(model=g, lane=name, concurrency=4) for name, g in guards.items()}
        crew, items = Crew(), Items(store, reference="en")
        engine = Engine(store, routes, Limits())
        judging = Judging(engine, items, crew, failed=set(), again=False)
        numbers = range(1, N + 1)
        for judge in judges:
            judging.add(judge, lambda _step: () if fresh else numbers)
        judging.begin()
        for number, answer in items.answers(numbers) if fresh else ():
            await judging.offer(number, answer)
        await crew.finish()
        store.flush()
        return judging, virtual_time.now()

    return virtual_time.run(work())


@pytest.mark.parametrize("fresh", [True, False])
def test_every_answer_is_judged_once_by_every_judge(fresh):
    guard = Guard()
    with contextlib.closing(answered()) as store:
        judging, _ = judge_all(store, [Judge("a", "g"), Judge("b", "g")], fresh=fresh, g=guard)
        rows = {(v.judge, v.response) for v in store.verdicts()}
    assert (judging.tally.verdicts, len(rows), len(guard.asked)) == (2 * N, 2 * N, 2 * N)
    assert guard.most <= 4


def test_no_judge_waits_for_one_on_another_endpoint():
    fast, slow = Guard(0.1), Guard(10.0)
    with contextlib.closing(answered()) as store:
        at: dict[str, float] = {}

        async def answer(request: Request) -> Reply:
            reply = await Guard.answer(fast, request)
            at["fast"] = virtual_time.now()
            return reply

        fast.answer = answer  # type: ignore[method-assign]
        _, took_s = judge_all(store, [Judge("a", "f"), Judge("b", "s")], fresh=True, f=fast, s=slow)
    assert at["fast"] < 2
    assert took_s > 50


def test_a_judge_of_several_requests_has_replies_with_numbers_in_a_row():
    with contextlib.closing(answered()) as store:
        judge_all(store, [Judge("a", "g", requests=3)], g=Guard())
        rows = store.rows("SELECT response, reply, unsafe FROM verdicts ORDER BY response")
        for response, first, unsafe in rows:
            assert not unsafe
            said = list(
                store.rows("SELECT id FROM replies WHERE id BETWEEN ? AND ?", (first, first + 2))
            )
            assert len(said) == 3, response


def test_a_request_that_failed_is_no_answer_for_those_who_come_later():
    same = [dataclasses.replace(TEXTS[0], translator=str(i)) for i in range(N)]
    guard = Guard(failing=True)
    with contextlib.closing(answered(same)) as store:
        judging, _ = judge_all(store, [Judge("a", "g")], fresh=False, g=guard)
    assert judging.tally.failed == N
    assert 1 < len(guard.asked) <= N


def test_equal_exchanges_cost_one_request():
    same = [dataclasses.replace(TEXTS[0], translator=str(i)) for i in range(N)]
    guard = Guard()
    with contextlib.closing(answered(same)) as store:
        judging, _ = judge_all(store, [Judge("a", "g")], g=guard)
        assert len(list(store.verdicts())) == N
    assert (judging.tally.verdicts, len(guard.asked)) == (N, 1)


def test_an_empty_answer_is_judged_without_asking():
    guard = Guard()
    with contextlib.closing(answered()) as store:
        store.write("forgotten_responses", [(1,)])
        step = store.step("generate", "x/m", "abcdefghij")
        store.write("replies", [(900, None, " ", "stop", 0, 0, None, "", None, "", 0)])
        store.write("responses", [(1, 1, step, 0, 900, None)])
        judge_all(store, [Judge("a", "g")], g=guard)
        empty = [v for v in store.verdicts() if v.reason == "empty"]
        (answer,) = (a for _, a in Items(store, reference="en").answers([1]))
    assert len(guard.asked) == N - 1
    assert empty == [empty_verdict(answer.response, Judge("a", "g"))]


def test_a_judge_s_name_breaks_no_line_of_the_log():
    lines: list[str] = []
    odd = 'j"\n\\'

    async def work(store: Store) -> None:
        crew, items = Crew(), Items(store, reference="en")
        engine = Engine(store, {"g": Route(model=Guard(0.0), lane="g")}, log=lines.append)
        judging = Judging(engine, items, crew, failed=set(), again=False)
        judging.add(Judge(odd, "g"), lambda _step: [1])
        judging.begin()
        await crew.finish()

    with contextlib.closing(answered(TEXTS[:1])) as store:
        virtual_time.run(work(store))
    (line,) = lines
    assert json.loads(line)["key"].endswith(f"/{odd}")
