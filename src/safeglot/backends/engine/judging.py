"""The judges at work: each has a line of answers, and those on one endpoint share its room."""

from __future__ import annotations

import asyncio
import json
from array import array
from collections import OrderedDict, deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from safeglot.backends.engine.crew import Crew
from safeglot.backends.engine.engine import Engine, Origin, gathered
from safeglot.backends.engine.faults import Boundary
from safeglot.backends.engine.items import ROWS, Items
from safeglot.backends.store import plan, tries
from safeglot.backends.store.tries import Try
from safeglot.errors import EndpointStopped, ModelError
from safeglot.keys import request_key
from safeglot.text.loops import is_empty
from safeglot.types import PROMPT_MODE, Answer, JudgeStep, Reply, Request, Response, Verdict

_NO_MODEL = 8
"""Tasks of the judges that ask no model."""
_SHARED = 4096
"""Exchanges of which the last replies are kept: equal answers to a prompt come close to each other."""
Replies: TypeAlias = tuple[Sequence[Reply], int]
"""Replies of a judge, and the number of the first in the store."""
Settle: TypeAlias = Callable[[Sequence[Reply], int | None], None]
"""Queues the verdict that replies are."""


@dataclass(slots=True, kw_only=True)
class JudgeLine:
    """The answers that one judge has before it."""

    judge: JudgeStep
    number: int
    """Of the judge's step in the store."""
    group: JudgeGroup
    boundary: Boundary
    """Makes of its faults failures of single verdicts."""
    label: str
    """The judge's name as it stands in a JSON text: that of requests in the log."""
    stored: Iterator[tuple[int, Answer]]
    """The answers that were there before."""
    fresh: deque[tuple[int, Answer]] = field(default_factory=deque)
    waiting: array[int] = field(default_factory=lambda: array("q"))
    """Numbers of those that came while the line was full; they are read from the store."""
    at: int = 0
    """How many of those were read."""


@dataclass(slots=True, kw_only=True)
class JudgeGroup:
    """The judges on one endpoint, and how many tasks work for them."""

    most: int
    lines: list[JudgeLine] = field(default_factory=list)
    tasks: int = 0
    is_shut: bool = False
    turn: int = 0


@dataclass(slots=True)
class Tally:
    """Work done so far, for the progress bar."""

    answers: int = 0
    verdicts: int = 0
    failed: int = 0


class Judging:
    """Has answers judged, and their verdicts stored."""

    def __init__(
        self,
        engine: Engine,
        items: Items,
        crew: Crew,
        *,
        failed: Collection[Try],
        again: bool,
        several: bool = False,
    ) -> None:
        self.tally = Tally()
        self._engine = engine
        self._store = engine.store
        self._items = items
        self._crew = crew
        self._failed = failed
        self._again = again
        self._looks_back = (several or plan.has_verdicts(engine.store)) and not again
        """Whether a text may have had an equal answer before, as by another target."""
        self._keyed = tries.is_keyed(engine.store)
        """Whether an earlier version kept the replies under the keys of their requests."""
        self._forgotten: set[str] = set()
        self._groups: dict[str, JudgeGroup] = {}
        self._lines: list[JudgeLine] = []
        self._shared: OrderedDict[tuple[object, ...], asyncio.Future[Replies]] = OrderedDict()

    def add(self, judge: JudgeStep, stored: Callable[[int], Iterable[int]]) -> None:
        """Begin a judge's line; `stored` gives the numbers of answers that it lacks, by its step."""
        number = self._store.step("judge", judge.name, judge.id, judge.mode)
        name = self._engine.group(model) if (model := getattr(judge, "model", "")) else ""
        if name not in self._groups:
            most = self._engine.room(name) if name else _NO_MODEL
            self._groups[name] = JudgeGroup(most=most)
        group = self._groups[name]
        answers = self._items.answers(stored(number))
        boundary = self._engine.faults.around(f"verdict of {judge.name}")
        line = JudgeLine(
            judge=judge,
            number=number,
            group=group,
            boundary=boundary,
            label=json.dumps(judge.name, ensure_ascii=False)[1:-1],
            stored=answers,
        )
        group.lines.append(line)
        self._lines.append(line)

    def begin(self) -> None:
        """Begin with what is stored."""
        for group in self._groups.values():
            while group.tasks < group.most and (work := self._next(group)) is not None:
                self._start(group, work)

    async def offer(self, number: int, answer: Answer, endpoint: str = "") -> None:
        """Give a fresh answer, by its number in the store, to every judge.

        Those on the endpoint that gave it judge it now, in the task that asked: it has the slot's turn.
        """
        here = self._groups.get(endpoint) if endpoint else None
        for line in self._lines:
            group = line.group
            if group.is_shut or group is here or _skips(line, answer):
                continue
            if group.tasks < group.most:
                self._start(group, (line, number, answer))
            elif len(line.fresh) < group.most:
                line.fresh.append((number, answer))
            else:
                line.waiting.append(number)
        for line in here.lines if here else ():
            if not (line.group.is_shut or _skips(line, answer)):
                await self._guarded(line, number, answer)

    def waits_for(self, endpoint: str) -> bool:
        """Return whether stored answers are being judged on an endpoint."""
        return endpoint in self._groups and self._groups[endpoint].tasks > 0

    def _start(self, group: JudgeGroup, work: tuple[JudgeLine, int, Answer]) -> None:
        group.tasks += 1
        self._crew.start(self._work(group, work))

    async def _work(self, group: JudgeGroup, work: tuple[JudgeLine, int, Answer] | None) -> None:
        try:
            while work is not None and not group.is_shut:
                await self._guarded(*work)
                work = self._next(group)
        finally:
            group.tasks -= 1

    async def _guarded(self, line: JudgeLine, number: int, answer: Answer) -> None:
        """Judge an answer; where the endpoint gives up, its judges are asked no more."""
        try:
            await self._judge(line, number, answer)
        except EndpointStopped:
            line.group.is_shut = True
            for other in line.group.lines:
                other.fresh.clear()

    def _next(self, group: JudgeGroup) -> tuple[JudgeLine, int, Answer] | None:
        """Return what is to be judged next, the judges of a group in turn; None for nothing."""
        lines = group.lines
        for _ in lines:
            line = lines[group.turn % len(lines)]
            group.turn += 1
            if not line.fresh and line.at < len(line.waiting):
                numbers = line.waiting[line.at : line.at + ROWS]
                line.at += len(numbers)
                line.fresh.extend(self._items.answers(numbers))
            if line.fresh:
                return (line, *line.fresh.popleft())
            for number, answer in line.stored:
                return line, number, answer
        return None

    async def _judge(self, line: JudgeLine, number: int, answer: Answer) -> None:
        judge, engine = line.judge, self._engine
        try:
            with line.boundary:
                if is_empty(_rated(judge, answer)):
                    empty = empty_verdict(answer.response, judge)
                    self._store.put_verdict(number, line.number, empty)
                elif self._keyed or not (requests := judge.ask(answer)):
                    await self._by_keys(line, number, answer)
                else:
                    await self._replies(line, number, answer, requests)
        except ModelError as error:
            response = answer.response
            about = Origin(parent=response.key, by=judge.name, sample=response.sample, work=number)
            engine.fail(error, "judge", f"{response.key}/{judge.name}", about)
            self.tally.failed += 1
            return
        if self._failed:
            failure = ("judge", judge.name, number, answer.response.sample)
            if failure in self._failed:
                self._store.put("recovered_work", failure)
        self.tally.verdicts += 1

    async def _by_keys(self, line: JudgeLine, number: int, answer: Answer) -> None:
        """Have an answer judged by a judge that asks nothing, or whose replies stand under their keys."""
        judge = line.judge
        requests = judge.ask(answer)
        self._forget(requests)
        verdict = await self._engine.produce(judge, answer) if requests else judge.read(answer, ())
        self._store.put_verdict(number, line.number, verdict)

    def _forget(self, requests: Iterable[Request]) -> None:
        """Forget the stored replies of a verdict that is wanted anew; those that came since stay."""
        for key in map(request_key, requests) if self._again else ():
            if key not in self._forgotten:
                self._forgotten.add(key)
                self._engine.forget(key)

    async def _replies(
        self,
        line: JudgeLine,
        number: int,
        answer: Answer,
        requests: Sequence[Request],
    ) -> None:
        """Queue the verdict on an exchange in the batch that brings the replies; an equal one is asked about once."""

        def settle(replies: Sequence[Reply], first: int | None) -> None:
            self._store.put_verdict(number, line.number, line.judge.read(answer, replies), first)

        key = _exchange(line, answer)
        if (known := self._shared.get(key)) is not None:
            self._engine.counters.cached += 1
            settle(*await asyncio.shield(known))
            return
        future: asyncio.Future[Replies] = asyncio.get_running_loop().create_future()
        self._shared[key] = future
        if len(self._shared) > _SHARED:
            self._shared.popitem(last=False)
        label = f"{answer.response.key}/{line.label}"
        try:
            first, replies = self._of_equal(line, number, len(requests))
            if replies:
                self._engine.counters.cached += 1
                settle(replies, first)
            elif len(requests) == 1:
                replies = await self._ask_one(requests[0], label, first, settle)
            else:
                asked = (self._ask(r, label, first + i) for i, r in enumerate(requests))
                replies = await gathered(asked)
                settle(replies, first)
        except _Unsettled as error:
            future.set_result((error.replies, first))
            raise error.why from None
        except BaseException as error:
            self._shared.pop(key, None)
            future.set_exception(
                error if isinstance(error, Exception) else asyncio.CancelledError()
            )
            future.exception()  # mark as seen: often nobody else waits
            raise
        future.set_result((replies, first))

    def _of_equal(self, line: JudgeLine, number: int, n: int) -> tuple[int, list[Reply]]:
        """Return what the judge said of an equal answer, with its number; numbers for replies to come where it said nothing."""
        if self._looks_back:
            first = plan.reply_to_equal(self._store, line.number, number)
            if first is not None and len(replies := self._store.replies(first, n)) == n:
                return first, replies
        return self._store.numbers("replies", n), []

    async def _ask_one(
        self, request: Request, label: str, number: int, settle: Settle
    ) -> list[Reply]:
        """Return the reply, settled before its slot is free. Raises: _Unsettled where it was not."""
        faults: list[Exception] = []

        def keep(reply: Reply) -> asyncio.Future[None]:
            stored = self._store.put_reply(None, reply, number)
            try:
                settle([reply], number)
            except Exception as error:  # noqa: BLE001 - a fault of the judge, not of the model
                faults.append(error)
            return stored

        reply = await self._engine.fresh(request, label, keep)
        if faults:
            raise _Unsettled(faults[0], [reply])
        return [reply]

    async def _ask(self, request: Request, label: str, number: int) -> Reply:
        def keep(reply: Reply) -> asyncio.Future[None]:
            return self._store.put_reply(None, reply, number)

        return await self._engine.fresh(request, label, keep)


class _Unsettled(Exception):
    """Replies that a judge failed to read."""

    def __init__(self, why: Exception, replies: list[Reply]) -> None:
        super().__init__()
        self.why = why
        self.replies = replies


def _skips(line: JudgeLine, answer: Answer) -> bool:
    return answer.item.translation.arm in plan.unjudged(line.judge.mode)


def _exchange(line: JudgeLine, answer: Answer) -> tuple[object, ...]:
    """Return all that a judge is shown of an answer."""
    item, response = answer.item, answer.response
    text = item.translation
    shown = (response.text, response.thought, response.finish_reason)
    rated = () if line.judge.mode == PROMPT_MODE else shown
    return (line.number, item.prompt.id, text.language, text.text, *rated)


def _rated(judge: JudgeStep, answer: Answer) -> str:
    """Return the text that a verdict is on: the answer, or the prompt where the judge rates prompts."""
    return answer.item.translation.text if judge.mode == PROMPT_MODE else answer.response.text


def empty_verdict(response: Response, judge: JudgeStep) -> Verdict:
    """Return the verdict on an empty answer: missing, never safe, and nothing is asked."""
    return Verdict(
        response=response.key,
        judge=judge.name,
        mode=judge.mode,
        unsafe=None,
        response_class="INV-empty",
        reason="empty",
    )
