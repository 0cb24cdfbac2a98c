"""Ask translators and estimators: every candidate of every prompt and language, with its checks."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from safeglot.backends.console import Console
from safeglot.backends.engine.crew import stream
from safeglot.backends.engine.engine import Counters, Engine, Limits, Origin
from safeglot.backends.engine.lane import Patience
from safeglot.backends.engine.memory import few_collections
from safeglot.backends.files.links import appended
from safeglot.backends.files.translation_folder import TranslationFolder
from safeglot.backends.models.adaptations import Adaptations
from safeglot.backends.store.ranges import check_ranges
from safeglot.backends.store.store import Store
from safeglot.config.settings import Config
from safeglot.errors import EndpointStopped, ModelError, Stopped
from safeglot.flow.run.adaptations import of_set
from safeglot.flow.translation.translators import TranslationSteps
from safeglot.keys import digest, request_key
from safeglot.translate.base import Estimator, Translator
from safeglot.types import BROKEN_KINDS, Candidate, CandidateRow, Source, Translated

Check: TypeAlias = Callable[[Sequence[Candidate]], list[Mapping[str, str]]]
"""The hard checks that each candidate of a set fails, name to what was found."""
Quality: TypeAlias = tuple[Mapping[str, float], Mapping[str, str]]
"""Estimator -> number, and estimator -> why there is none."""
NONE: Quality = ({}, {})
FAILED_CANDIDATE = "translate"
NAMED_KINDS = ("blocked", "thought_only", *BROKEN_KINDS)
"""Kinds of errors by which a fault is called: what a reply was, where it was no translation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """What is asked with, and where the replies go."""

    config: Config
    steps: TranslationSteps
    log: Path
    console: Console
    adaptations: Adaptations
    check: Check = field(default=lambda given: [NONE[1]] * len(given))
    retry_failed: bool = False
    afresh: bool = False
    """Whether stored replies that hold no translation are asked for again, once."""
    stage: str = FAILED_CANDIDATE
    """Stage of the rows of what fails."""
    spent: Counters = field(default_factory=Counters)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """An open engine with the steps that it serves."""

    asking: Asking
    engine: Engine
    width: int
    failed: frozenset[tuple[str, str]]
    """What an earlier try has given up."""
    earlier: set[tuple[str, str]]
    """All that failed in an earlier try."""
    uncovered: dict[tuple[str, str, str], str] = field(default_factory=dict)
    stored: set[str] = field(default_factory=set)
    """Keys of the replies of an earlier command that may be asked for again."""
    momentary: set[Candidate] = field(default_factory=set)
    """Candidates on which an estimator failed in a way that another try may mend."""

    # ---- candidates

    async def candidates(self, sources: Sequence[Source]) -> list[CandidateRow]:
        """Return a row for each source and translator that knows its languages, in that order.

        All are translated before any is checked: what is usual in the set is learned from it.
        """
        work = list(self._pairs(sources))
        texts: list[Translated] = [Translated(text="")] * len(work)

        async def translate(n: int) -> bool:
            texts[n] = await self.translation(*work[n])
            return texts[n].momentary

        await self.each(range(len(work)), translate, what="translations", of=len(work))
        candidates = [
            Candidate(source=source, translator=translator.name, text=text.text)
            for (source, translator), text in zip(work, texts, strict=True)
        ]
        whole = [n for n, text in enumerate(texts) if not text.fault]
        faults: list[Mapping[str, str]] = [{}] * len(work)
        for n, failed in zip(whole, self.asking.check([candidates[n] for n in whole]), strict=True):
            faults[n] = failed
        passed = [n for n in whole if not faults[n]]
        quality = dict(
            zip(passed, await self.qualities([candidates[n] for n in passed]), strict=True)
        )
        return [
            _row(candidates[n], text, faults[n], quality.get(n, NONE))
            for n, text in enumerate(texts)
        ]

    def _pairs(self, sources: Sequence[Source]) -> Iterator[tuple[Source, Translator]]:
        able: dict[tuple[str, str], tuple[Translator, ...]] = {}
        for source in sources:
            pair = (source.language, source.target)
            if pair not in able:
                able[pair] = self.asking.steps.able(*pair)
            for translator in able[pair]:
                yield source, translator

    async def translation(self, source: Source, translator: Translator) -> Translated:
        """Return one translation; what failed for good says so, and is never the source."""
        key = _key(source, translator) if self.earlier else ""  # a hash for each text costs time
        stage = self.asking.stage
        if key and (stage, key) in self.failed:
            return Translated(text="", fault="failed before; --retry-failed asks again")
        try:
            translation = await self._translated(source, translator)
        except ModelError as error:
            about = Origin(parent=source.prompt, by=translator.name)
            self.engine.fail(error, stage, _key(source, translator), about)
            self.earlier.add((stage, _key(source, translator)))
            kind = error.kind if error.kind in NAMED_KINDS else "failed"
            return Translated(
                text="",
                fault=f"{kind.replace('_', ' ')}: {error.message}",
                momentary=error.transient,
            )
        if key and (stage, key) in self.earlier:
            self.engine.store.recovered(stage, key)
        return translation

    async def _translated(self, source: Source, translator: Translator) -> Translated:
        first = translation = await self.engine.produce(translator, source)
        if first.again:  # one more try, not more
            replies = [await self.engine.reply(request) for request in first.again]
            translation = translator.read(source, replies)
        if self.stored and not translation.text.strip():
            keys = {request_key(r) for r in (*translator.ask(source), *first.again)} & self.stored
            if keys:  # they are of an earlier command, and gave nothing
                self.stored.difference_update(keys)
                for key in keys:
                    self.engine.forget(key)
                return await self._translated(source, translator)
        return translation

    # ---- quality

    async def qualities(self, candidates: Sequence[Candidate]) -> list[Quality]:
        """Return what the estimators say of each candidate."""
        qualities: list[Quality] = [NONE] * len(candidates)
        if self.asking.steps.estimators:

            async def estimate(n: int) -> bool:
                self.momentary.discard(candidates[n])
                qualities[n] = await self.quality(candidates[n])
                return candidates[n] in self.momentary

            whole = len(candidates)
            await self.each(range(whole), estimate, what="estimates", of=whole)
        return qualities

    async def quality(self, candidate: Candidate) -> Quality:
        """Return what each estimator says of a candidate, and why those say nothing that do not."""
        numbers: dict[str, float] = {}
        reasons: dict[str, str] = {}
        source = candidate.source
        for estimator in self.asking.steps.estimators:
            why = self._uncovered(estimator, source)
            if not why:
                value, why = await self._estimate(estimator, candidate)
                if value is not None:
                    numbers[estimator.name] = value
                    continue
            reasons[estimator.name] = why
        return numbers, reasons

    def _uncovered(self, estimator: Estimator, source: Source) -> str:
        key = (estimator.name, source.language, source.target)
        if key not in self.uncovered:
            self.uncovered[key] = estimator.uncovered(source.language, source.target)
        return self.uncovered[key]

    async def _estimate(
        self, estimator: Estimator, candidate: Candidate
    ) -> tuple[float | None, str]:
        try:
            estimated = await self.engine.produce(estimator, candidate)
        except ModelError as error:
            if error.transient:
                self.momentary.add(candidate)
            return None, f"failed: {error.message}"
        return estimated.value, estimated.reason

    async def each(
        self, items: Iterable[Any], work: Callable[[Any], Awaitable[bool]], *, what: str, of: int
    ) -> None:
        """Run `work` on every item, as wide as the engines are, with a progress bar.

        It returns whether it failed for a moment: then it is run once more, after all others.
        """
        failed = await self._pass(items, work, what=what, of=of)
        if failed:
            n = len(failed)
            self.asking.console.say(
                f"note: {what}: {n} failed for a moment; each is asked once more"
            )
            await self._pass(failed, work, what=f"{what}, again", of=n)

    async def _pass(
        self, items: Iterable[Any], work: Callable[[Any], Awaitable[bool]], *, what: str, of: int
    ) -> list[Any]:
        failed: list[Any] = []
        with self.asking.console.counting(what, of) as show:
            done = 0

            async def work_and_count(item: Any) -> None:
                nonlocal done
                try:
                    if await work(item):
                        failed.append(item)
                except EndpointStopped as stop:  # a set is made by all of its translators
                    self.engine.shut(str(stop))
                    raise
                done += 1
                show(done)

            await stream(items, work_and_count, width=max(1, min(self.width, of)))
        return failed


def _key(source: Source, translator: Translator) -> str:
    """Return the key of what failed, where it did."""
    return digest("candidate", translator.id, source.text, source.language, source.target)


def _row(
    candidate: Candidate, given: Translated, faults: Mapping[str, str], quality: Quality
) -> CandidateRow:
    return CandidateRow(
        prompt=candidate.source.prompt,
        language=candidate.source.target,
        translator=candidate.translator,
        text=given.text,
        broken=given.fault,
        faults=faults,
        quality=quality[0],
        untold=quality[1],
    )


@contextlib.asynccontextmanager
async def open_bench(asking: Asking, store: Store) -> AsyncIterator[Bench]:
    """Yield an engine with the routes of the steps open. Raises: Stopped, with how to go on."""
    config = asking.config
    routes = asking.steps.routes(config, asking.console, asking.adaptations)
    limits = Limits(
        retries=config.retries,
        budget_tokens=config.budget_tokens,
        budget_usd=config.budget_usd,
        patience=Patience(down_s=config.patience_s),
    )
    with appended(asking.log) as log, few_collections():
        engine = Engine(store, routes, limits, log=log.write)
        engine.counters = asking.spent
        width = sum(lane.most for lane in engine.lanes.values()) or 8
        if len(engine.lanes) > 1 or not all(route.fixed for route in routes.values()):
            width *= 2  # some wait for one lane or for another try, and others must not starve
        failed = set() if asking.retry_failed else store.failed(final_only=True)
        earlier = store.failed(final_only=False)
        try:
            yield Bench(
                asking=asking,
                engine=engine,
                width=width,
                failed=frozenset(failed),
                earlier=earlier,
                stored=store.keys("replies") if asking.afresh else set(),
            )
        finally:
            for note in engine.to_say():
                asking.console.say(f"note: {note}")
            await engine.close()
            store.flush()


def asked_in(
    folder: TranslationFolder,
    asking: tuple[Config, TranslationSteps, Console],
    work: Callable[[Bench], Awaitable[Any]],
) -> Any:
    """Return what comes of an open bench whose replies are kept in a folder. Raises: Stopped."""
    config, steps, console = asking
    folder.create()
    made = of_set(folder, console)
    opened = Asking(config=config, steps=steps, log=folder.log, console=console, adaptations=made)

    async def main() -> Any:
        async with open_bench(opened, store) as bench:
            return await work(bench)

    with closing(Store(folder.database)) as store:
        check_ranges(store)
        return run(main, folder.path)


def run(work: Callable[[], Any], place: Path) -> Any:
    """Return what a coroutine returns, run to its end. Raises: Stopped, with how to go on."""
    try:
        return asyncio.run(work())
    except (KeyboardInterrupt, asyncio.CancelledError):
        raise Stopped(_go_on("interrupted.", place)) from None
    except Stopped as error:
        raise Stopped(_go_on(str(error), place)) from None


def _go_on(why: str, place: Path) -> str:
    return (
        f"{why}\nWhat was translated so far is stored in {place}. Run the same command again "
        "to go on from there."
    )
