"""Ask translators and estimators: every candidate of every prompt and language, with its checks."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from safeglot.backends.console import Console
from safeglot.backends.engine import Counters, Engine, Limits, Origin, stream
from safeglot.backends.store import Store
from safeglot.backends.translation_folder import TranslationFolder
from safeglot.config import Config
from safeglot.errors import ModelError, Stopped
from safeglot.keys import digest
from safeglot.tools import Tools
from safeglot.translate.base import Estimator, Translator
from safeglot.types import Candidate, CandidateRow, Source, Translated

Check: TypeAlias = Callable[[Candidate], Mapping[str, str]]
"""The hard checks that a candidate fails, name to what was found."""
FAILED_CANDIDATE = "translate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """What is asked with, and where the replies go."""

    config: Config
    tools: Tools
    folder: TranslationFolder
    console: Console
    check: Check
    retry_failed: bool = False
    spent: Counters = field(default_factory=Counters)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """An open engine with the steps that it serves."""

    asking: Asking
    engine: Engine
    width: int
    failed: frozenset[tuple[str, str]]

    # ---- candidates

    async def candidates(self, sources: Sequence[Source]) -> list[CandidateRow]:
        """Return a row for each source and translator that knows its languages, in that order."""
        tools = self.asking.tools
        able: dict[tuple[str, str], tuple[Translator, ...]] = {}
        work: list[tuple[int, Source, Translator]] = []
        for source in sources:
            pair = (source.language, source.target)
            if pair not in able:
                able[pair] = tools.able(*pair)
            for translator in able[pair]:
                work.append((len(work), source, translator))
        rows: list[CandidateRow | None] = [None] * len(work)
        with self.asking.console.counting("translations", len(work)) as tell:
            done = 0

            async def one(item: tuple[int, Source, Translator]) -> None:
                nonlocal done
                rows[item[0]] = await self._candidate(item[1], item[2])
                done += 1
                tell(done)

            await stream(work, one, width=max(1, min(self.width, len(work))))
        return [row for row in rows if row is not None]

    async def _candidate(self, source: Source, translator: Translator) -> CandidateRow:
        given = await self.translation(source, translator)
        row = CandidateRow(
            prompt=source.prompt,
            language=source.target,
            translator=translator.name,
            text=given.text,
            broken=given.fault,
        )
        if row.broken:
            return row
        candidate = Candidate(source=source, translator=translator.name, text=given.text)
        row = replace(row, faults=self.asking.check(candidate))
        if row.faults:
            return row
        quality, untold = await self.quality(candidate)
        return replace(row, quality=quality, untold=untold)

    async def translation(self, source: Source, translator: Translator) -> Translated:
        """Ask for one translation; what failed for good says so, and is never the source."""
        key = digest("candidate", translator.id, source.text, source.language, source.target)
        if (FAILED_CANDIDATE, key) in self.failed:
            return Translated(text="", fault="failed before; --retry-failed asks again")
        try:
            return await self.engine.produce(translator, source)
        except ModelError as error:
            about = Origin(parent=source.prompt, by=translator.name)
            self.engine.fail(error, FAILED_CANDIDATE, key, about)
            return Translated(text="", fault=f"failed: {error.message}")

    # ---- quality

    async def quality(self, candidate: Candidate) -> tuple[dict[str, float], dict[str, str]]:
        """Return what each estimator says of a candidate, or why it says nothing."""
        told: dict[str, float] = {}
        untold: dict[str, str] = {}
        source = candidate.source
        for estimator in self.asking.tools.estimators:
            why = estimator.uncovered(source.language, source.target)
            if why:
                untold[estimator.name] = f"not covered: {why}"
                continue
            value, reason = await self._estimate(estimator, candidate)
            if value is None:
                untold[estimator.name] = reason
            else:
                told[estimator.name] = value
        return told, untold

    async def _estimate(
        self, estimator: Estimator, candidate: Candidate
    ) -> tuple[float | None, str]:
        try:
            found = await self.engine.produce(estimator, candidate)
        except ModelError as error:
            return None, f"failed: {error.message}"
        return found.value, found.reason

    async def each(
        self, items: Iterable[Any], work: Callable[[Any], Any], *, what: str, of: int
    ) -> None:
        """Run `work` on every item, as wide as the engines are, with a progress bar."""
        with self.asking.console.counting(what, of) as tell:
            done = 0

            async def one(item: Any) -> None:
                nonlocal done
                await work(item)
                done += 1
                tell(done)

            await stream(items, one, width=max(1, min(self.width, of)))


@contextlib.asynccontextmanager
async def bench(asking: Asking, store: Store) -> AsyncIterator[Bench]:
    """Open the engines of the tools. Raises: Stopped, with how to go on."""
    config = asking.config
    routes = asking.tools.routes(config, asking.console)
    limits = Limits(
        retries=config.retries,
        budget_tokens=config.budget_tokens,
        budget_usd=config.budget_usd,
    )
    with asking.folder.log.open("a", encoding="utf-8") as log:
        engine = Engine(store, routes, limits, log=lambda row: _log(log, row))
        engine.counters = asking.spent
        width = 2 * sum(lane.most for lane in engine.lanes.values()) or 8
        failed = set() if asking.retry_failed else store.failed(final_only=True)
        try:
            yield Bench(asking=asking, engine=engine, width=width, failed=frozenset(failed))
        finally:
            await engine.close()
            store.flush()


def run(work: Callable[[], Any], folder: TranslationFolder) -> Any:
    """Run a coroutine to its end. Raises: Stopped, with how to go on."""
    try:
        return asyncio.run(work())
    except (KeyboardInterrupt, asyncio.CancelledError):
        raise Stopped(_go_on("interrupted.", folder)) from None
    except Stopped as error:
        raise Stopped(_go_on(str(error), folder)) from None


def _go_on(why: str, folder: TranslationFolder) -> str:
    return (
        f"{why}\nWhat was translated so far is stored in {folder.path}. Run the same command again "
        "to go on from there."
    )


def _log(file: Any, row: Mapping[str, Any]) -> None:
    file.write(json.dumps(row, ensure_ascii=False) + "\n")
