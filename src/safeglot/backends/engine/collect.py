"""Stream items through targets and judges into the store; skip what is there already."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Protocol

from safeglot.backends.engine.afresh import Afresh
from safeglot.backends.engine.engine import Engine, Origin, stream
from safeglot.backends.engine.first_replies import FirstReplies
from safeglot.backends.store.answers import answered_models
from safeglot.backends.store.failures import thought_only_keys
from safeglot.errors import EndpointStopped, ModelError, Stopped
from safeglot.keys import digest
from safeglot.text.loops import is_empty
from safeglot.types import Answer, Item, JudgeStep, Reply, Request, Response, Verdict


class Planned(Protocol):
    """A target's request with the keys of what comes of it."""

    @property
    def request(self) -> Request:
        """The request itself."""

    @property
    def reply_key(self) -> str:
        """Key of the reply."""

    @property
    def key(self) -> str:
        """Key of the response."""


class Target(Protocol):
    """A generate step, which knows its keys before it asks."""

    @property
    def name(self) -> str:
        """The model's name in results."""

    def plan(self, item: Item, /) -> Any:
        """Return the request of an answer and its keys, as Planned."""

    def respond(self, planned: Any, item: Item, reply: Reply, /) -> Response:
        """Return the response that a reply is."""


@dataclass(slots=True)
class Tally:
    """Work done in this process and before, for the progress bar."""

    answers: int = 0
    verdicts: int = 0
    failed: int = 0


@dataclass(slots=True)
class Done:
    """Keys of what an earlier process has finished."""

    responses: set[str] = field(default_factory=set)
    verdicts: set[str] = field(default_factory=set)
    failed: set[tuple[str, str]] = field(default_factory=set)
    retry: set[tuple[str, str]] = field(default_factory=set)
    thoughts: set[str] = field(default_factory=set)
    """Of answers, those that are thoughts only."""


class Collector:
    """Fill the store with responses and verdicts."""

    def __init__(
        self, engine: Engine, *, allowed: Collection[str], retry_failed: bool = False
    ) -> None:
        self._allowed = allowed  # names of the targets that may be asked now
        self._ids: dict[str, str] = {}
        self.engine = engine
        self.store = engine.store
        self.tally = Tally()
        every = self.store.failed(final_only=False)
        final = set() if retry_failed else self.store.failed(final_only=True)
        self.done = Done(
            responses=self.store.keys("responses"),
            verdicts=self.store.keys("verdicts"),
            failed=final,
            retry=every - final,
            thoughts=set() if retry_failed else thought_only_keys(self.store),
        )
        self.afresh = Afresh(engine, wanted=retry_failed)
        self._first = FirstReplies(known=answered_models(self.store))

    async def run(
        self,
        items: Callable[[], Iterable[Item]],
        targets: Sequence[Target],
        judges: Sequence[JudgeStep],
        *,
        width: int,
        given: Iterable[tuple[Item, Target]] = (),
    ) -> None:
        """Answer every item by every target and have every answer judged by every judge.

        `given` are answers that are stored already, each with what stands for its target.
        Raises: Stopped.
        """
        requests = ((i, t) for i in items() for t in targets)
        work: Iterator[tuple[Item, Target]] = chain(requests, given)
        try:
            await stream(work, lambda pair: self._one(*pair, judges), width=width)
        finally:
            self.store.flush()

    async def again(self, work: Iterable[tuple[Answer, JudgeStep]], *, width: int) -> None:
        """Have stored answers judged, each by the judge it comes with. Raises: Stopped."""
        try:
            await stream(work, lambda pair: self._again(*pair), width=width)
        finally:
            self.store.flush()

    async def _again(self, answer: Answer, judge: JudgeStep) -> None:
        if self._has_verdict(self._key(answer.response.key, judge)):
            self.tally.verdicts += 1
        else:
            await self._judge_one(answer, judge)

    async def _one(self, item: Item, target: Target, judges: Sequence[JudgeStep]) -> None:
        planned: Planned = target.plan(item)
        may_ask = target.name in self._allowed
        if planned.key in self.done.responses and not (
            may_ask and self.afresh.answer(planned.key, planned.reply_key)
        ):
            await self._judge_stored(item, target, planned, judges)
            return
        if not may_ask:
            return
        response = await self._generate(item, target, planned)
        if response is not None:
            await self._judge(item, response, judges)

    async def _generate(self, item: Item, target: Target, planned: Planned) -> Response | None:
        key = planned.key
        if ("generate", key) in self.done.failed:
            self.tally.failed += 1
            self._note_first(target, planned, is_thought=key in self.done.thoughts)
            return None
        await self._first.enter(target.name)
        try:
            with self.engine.faults.around(f"answer of {target.name}"):
                reply = await self.engine.reply(planned.request, planned.reply_key)
                response = target.respond(planned, item, reply)
                self.store.put_response(response, planned.reply_key)
        except ModelError as error:
            about = Origin(parent=item.translation_key, by=target.name, sample=item.sample)
            self.engine.fail(error, "generate", key, about)
            self.tally.failed += 1
            self._note_first(target, planned, is_thought=error.kind == "thought_only")
            return None
        except EndpointStopped:  # it is not asked; those who wait need not
            self._first.answered(target.name)
            return None
        except Stopped as stop:
            self._first.stop(str(stop))
            raise
        self._first.answered(target.name)
        self._recovered("generate", key)
        self.tally.answers += 1
        return response

    def _note_first(self, target: Target, planned: Planned, *, is_thought: bool) -> None:
        """Note what gave no answer. Raises: Stopped where all that a target says first is thought."""
        if not is_thought:
            self._first.answered(target.name)
            return
        try:
            self._first.thought_only(target.name, planned.request.max_tokens)
        except Stopped as stop:
            self.engine.shut(str(stop))
            raise

    async def _judge_stored(
        self, item: Item, target: Target, planned: Planned, judges: Sequence[JudgeStep]
    ) -> None:
        self.tally.answers += 1
        missing = [j for j in judges if not self._has_verdict(self._key(planned.key, j))]
        self.tally.verdicts += len(judges) - len(missing)
        if not missing:
            return
        reply = self.store.reply(planned.reply_key)
        if reply is not None:
            await self._judge(item, target.respond(planned, item, reply), missing)

    async def _judge(self, item: Item, response: Response, judges: Sequence[JudgeStep]) -> None:
        answer = Answer(item=item, response=response)
        if len(judges) == 1:
            await self._judge_one(answer, judges[0])
        elif judges:
            await asyncio.gather(*(self._judge_one(answer, judge) for judge in judges))

    async def _judge_one(self, answer: Answer, judge: JudgeStep) -> None:
        response = answer.response
        key = self._key(response.key, judge)
        if ("judge", key) in self.done.failed:
            self.tally.failed += 1
            return
        try:
            with self.engine.faults.around(f"verdict of {judge.name}"):
                if not is_empty(response.text):
                    if self.afresh.wants(key):
                        self.afresh.verdict(key, judge.ask(answer))
                    verdict = await self.engine.produce(judge, answer)
                else:
                    verdict = empty_verdict(response, judge)
                self.store.put_verdict(key, verdict)
        except ModelError as error:
            about = Origin(parent=response.key, by=judge.name, sample=response.sample)
            self.engine.fail(error, "judge", key, about)
            self.tally.failed += 1
            return
        except EndpointStopped:
            return
        self._recovered("judge", key)
        self.tally.verdicts += 1

    def _has_verdict(self, key: str) -> bool:
        return key in self.done.verdicts and not self.afresh.wants(key)

    def _key(self, response_key: str, judge: JudgeStep) -> str:
        judge_id = self._ids.get(judge.name)
        if judge_id is None:  # an id hashes a whole template: once a judge is enough
            judge_id = self._ids[judge.name] = judge.id
        return verdict_key(response_key, judge.name, judge_id)

    def _recovered(self, stage: str, key: str) -> None:
        if (stage, key) in self.done.retry:
            self.store.recovered(stage, key)


def verdict_key(response_key: str, name: str, judge_id: str) -> str:
    """Return the key of a verdict: its response, and all that determines the judge's reading."""
    return digest("verdict", response_key, name, judge_id)


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
