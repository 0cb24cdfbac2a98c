"""Bring the plan in the store to its end: what lacks an answer is asked, what lacks a verdict is judged.

Each endpoint has tasks of its own. Those of the targets draw what is missing from the store; an
answer goes to the judges as soon as it is stored, and waits in the store where a judge is slower.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice, takewhile
from typing import Protocol, TypeAlias

from safeglot.backends.engine.crew import Crew
from safeglot.backends.engine.engine import Engine, Origin
from safeglot.backends.engine.faults import Boundary
from safeglot.backends.engine.first_replies import FIRST, FirstReplies
from safeglot.backends.engine.items import Items
from safeglot.backends.engine.judging import Judging, Tally
from safeglot.backends.store import plan, tries
from safeglot.backends.store.answers import answered_models
from safeglot.backends.store.plan import MissingAnswer
from safeglot.errors import EndpointStopped, ModelError, Stopped
from safeglot.keys import response_key
from safeglot.types import Answer, Item, JudgeStep, Reply, Request, Response

_FORGOTTEN = (
    "forgotten_responses", "forgotten_verdicts_of", "forgotten_traits", "forgotten_cosines",
    "forgotten_failures_of",
)  # fmt: skip
"""What goes with an answer that another takes the place of."""


Wanted: TypeAlias = Mapping[str, Collection[int]]
"""Name of a target -> the numbers of the texts that it is to be asked, where it is not all."""


class Target(Protocol):
    """A generate step: what it asks, and the response that a reply is."""

    @property
    def id(self) -> str:
        """All that determines an answer but the text."""

    @property
    def name(self) -> str:
        """The model's name in results."""

    @property
    def model(self) -> str:
        """The model that is asked."""

    @property
    def most_tokens(self) -> int:
        """The most tokens of a reply."""

    def ask(self, item: Item, /) -> Sequence[Request]:
        """Return the one request."""

    def respond(self, item: Item, reply: Reply, step: str, /) -> Response:
        """Return the response that a reply is, by the step's id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedTarget:
    """A target with its number in the store and its id, which is made once: it hashes much."""

    target: Target
    number: int
    key: str
    group: str
    """The endpoint that is asked."""
    boundary: Boundary


_Drawn: TypeAlias = tuple[AskedTarget, Item, MissingAnswer]


class Collector:
    """Fills the store with responses and verdicts."""

    def __init__(
        self, engine: Engine, *, reference: str, samples: int = 1, retry_failed: bool = False
    ) -> None:
        self.engine = engine
        self.store = engine.store
        self._before = Tally()
        self._here = Tally()
        self.wanted: int | None = None
        """How many answers are wanted of the targets by now, where that is not all."""
        self._judging: Judging | None = None
        self._items = Items(self.store, reference=reference)
        self._samples = samples
        self._again = retry_failed
        self._first = FirstReplies(known=answered_models(self.store))
        self._failed = tries.failed_tries(self.store, final=retry_failed)

    @property
    def tally(self) -> Tally:
        """What is done by now."""
        before, here = self._before, self._here
        judged = self._judging.tally if self._judging else Tally()
        return Tally(
            answers=before.answers + here.answers,
            verdicts=before.verdicts + judged.verdicts,
            failed=before.failed + here.failed + judged.failed,
        )

    async def run(
        self,
        targets: Sequence[Target],
        judges: Sequence[JudgeStep],
        wanted: Wanted | None = None,
    ) -> None:
        """Ask the targets for what they have not answered, and have every answer judged. Raises: Stopped."""
        crew = Crew()
        self._here = Tally()
        self.wanted = None if wanted is None else sum(map(len, wanted.values())) * self._samples
        judging = self._judges(crew, several=len(targets) > 1 or self._samples > 1)
        bound = self.store.numbers("responses", 0)  # what comes later is given to the judges

        def stored(step: int) -> Iterator[int]:
            numbers = plan.missing_verdicts(self.store, step, again=self._again)
            return takewhile(lambda number: number < bound, numbers)

        for judge in judges:
            judging.add(judge, stored)
        self._count(targets, judges)
        try:
            self._remember_thoughts(targets)
            judging.begin()
            for group in dict.fromkeys(self.engine.group(t.model) for t in targets):
                own = [t for t in targets if self.engine.group(t.model) == group]
                self._begin(crew, group, self._drawn(own, wanted))
            await crew.finish()
            self._again = self._again and wanted is None  # what failed is tried again once
        finally:
            self.store.flush()

    def _begin(self, crew: Crew, group: str, drawn: Iterator[_Drawn]) -> None:
        """Begin with what targets on one endpoint have not answered.

        There is a task for each slot, and as many again once some rest before they try again: more
        would wait for slots in vain. Each starts two others while there is something to ask.
        """
        room = self.engine.room(group)
        slots, further = iter(range(1, room)), iter(range(room))

        async def work() -> None:
            try:
                for asked, item, missing in drawn:
                    for _ in islice(slots, 2):
                        crew.start(work())
                    await self._ask(asked, item, missing)
                    for _ in islice(further, 2 if self.engine.counters.retried else 0):
                        crew.start(work())
                    if self._judging is not None and self._judging.waits_for(group):
                        await asyncio.sleep(0)  # stored answers are judged first
            except EndpointStopped:  # the others on this endpoint end as well
                return

        crew.start(work())

    async def again(self, passes: Sequence[tuple[JudgeStep, Collection[int]]]) -> None:
        """Have stored answers, by their numbers, judged by the judges that they come with. Raises: Stopped."""
        crew = Crew()
        judging = self._judges(crew)
        for judge, numbers in passes:
            judging.add(judge, partial(self._unjudged, numbers))
        try:
            judging.begin()
            await crew.finish()
        finally:
            self.store.flush()

    def _unjudged(self, numbers: Collection[int], step: int) -> Iterator[int]:
        lacking = set(numbers).intersection(
            plan.missing_verdicts(self.store, step, again=self._again)
        )
        self._before.verdicts += len(numbers) - len(lacking)
        return iter([number for number in numbers if number in lacking])

    def _judges(self, crew: Crew, *, several: bool = False) -> Judging:
        self._judging = Judging(
            self.engine,
            self._items,
            crew,
            failed=self._failed,
            again=self._again,
            several=several,
        )
        return self._judging

    def _count(self, targets: Sequence[Target], judges: Sequence[JudgeStep]) -> None:
        """Count what an earlier process has finished."""
        number = {s: self.store.step(*s) for s in _named(targets, judges)}
        answered, judged = plan.answered_counts(self.store), plan.judged_counts(self.store)
        failed = {} if self._again else plan.failed_counts(self.store)
        self._before.answers = sum(answered.get(number["generate", t.name], 0) for t in targets)
        self._before.verdicts = sum(judged.get(number["judge", j.name], 0) for j in judges)
        self._before.failed = sum(failed.get(n, 0) for n in number.values())

    def _remember_thoughts(self, targets: Sequence[Target]) -> None:
        """Note of what failed before whether it was all thought. Raises: Stopped."""
        for target in targets if not self._again else ():
            thoughts, others = tries.count_thoughts_only(self.store, target.name)
            if others:
                self._first.answered(target.name)
            for _ in range(min(thoughts, FIRST)):
                self._note_thought(target)

    def _drawn(self, targets: Sequence[Target], wanted: Wanted | None) -> Iterator[_Drawn]:
        """Yield what targets on one endpoint have not answered, in the order of the plan."""
        asked: dict[int, AskedTarget] = {}
        for target in targets:
            key = target.id
            number = self.store.step("generate", target.name, key)
            group = self.engine.group(target.model)
            boundary = self.engine.faults.around(f"answer of {target.name}")
            asked[number] = AskedTarget(
                target=target, number=number, key=key, group=group, boundary=boundary
            )
        missing = plan.missing_answers(
            self.store,
            tuple(asked),
            self._samples,
            again=self._again,
            texts=None
            if wanted is None
            else {number: wanted.get(one.target.name, ()) for number, one in asked.items()},
        )
        for work, item in self._items.of(missing):
            yield asked[work.step], item, work

    async def _ask(self, asked: AskedTarget, item: Item, work: MissingAnswer) -> None:
        target, engine = asked.target, self.engine
        key = response_key(item.translation_key, asked.key, item.sample)
        number, text = 0, work.text

        def keep(reply: Reply) -> asyncio.Future[None]:
            nonlocal number
            for table in _FORGOTTEN if work.response else ():
                self.store.put(table, (work.response,))
            number, stored = self.store.put_answer(text, asked.number, item.sample, reply)
            return stored

        await self._first.enter(target.name)
        try:
            with asked.boundary:
                (request,) = target.ask(item)
                reply = await engine.fresh(request, key, keep)
                response = target.respond(item, reply, asked.key)
        except ModelError as error:
            about = Origin(
                parent=item.translation_key, by=target.name, sample=item.sample, work=text
            )
            engine.fail(error, "generate", key, about)
            self._here.failed += 1
            if error.kind == "thought_only":
                self._note_thought(target)
            else:
                self._first.answered(target.name)
            return
        except EndpointStopped:
            self._first.answered(target.name)  # those who wait for its first replies end as well
            raise
        except Stopped as stop:
            self._first.stop(str(stop))
            raise
        self._first.answered(target.name)
        if self._failed and (f := ("generate", target.name, text, item.sample)) in self._failed:
            self.store.put("recovered_work", f)
        self._here.answers += 1
        if self._judging is not None:
            await self._judging.offer(number, Answer(item=item, response=response), asked.group)

    def _note_thought(self, target: Target) -> None:
        """Note a reply that was a thought only. Raises: Stopped where all that a target says first is."""
        try:
            self._first.thought_only(target.name, target.most_tokens)
        except Stopped as stop:
            self.engine.shut(str(stop))
            raise


def _named(targets: Sequence[Target], judges: Sequence[JudgeStep]) -> Iterator[tuple[str, str]]:
    yield from (("generate", target.name) for target in targets)
    yield from (("judge", judge.name) for judge in judges)
