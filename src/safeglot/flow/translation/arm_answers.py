"""Answers put into another language for the arms that judge them there: back-translation and reverse."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from safeglot.backends.console import Console
from safeglot.backends.files.arm_texts import TextToFill
from safeglot.backends.files.rundir import RunDir
from safeglot.backends.store.store import Store
from safeglot.config.settings import Config
from safeglot.errors import InputErrors
from safeglot.flow.arm_checks import faults_of_answers
from safeglot.flow.arm_losses import ArmPlace, Refused, lost_of, put_refused, take_back
from safeglot.flow.run.adaptations import of_run
from safeglot.flow.translation.asking import Asking, open_bench, run
from safeglot.flow.translation.translators import TranslationSteps, make_steps
from safeglot.translate.base import Translator
from safeglot.types import Candidate, Source, Translated

ASKING = "arms"
"""Stage of the rows of what a translator's model failed at; what came of each text stands by its arm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """Answers with their translations, and what came in place of the others."""

    rows: tuple[TextToFill, ...]
    refused: tuple[Refused, ...]

    def lost(self) -> Iterator[str]:
        """Yield how many of how many answers of each arm and language have no translation, and why."""
        whole = Counter((row.arm, row.language) for row in self.rows)
        counts: dict[tuple[str, str], Counter[str]] = {}
        for r in self.refused:
            counts.setdefault((r.place.arm, r.place.language), Counter())[r.kind] += 1
        for (arm, language), kinds in counts.items():
            yield f"{arm}, {language}: {lost_of(kinds, whole[arm, language])} could not be translated"


def filled(
    rows: Sequence[TextToFill], config: Config, *, run_dir: RunDir, store: Store, console: Console
) -> Filled:
    """Return the rows of `arms.to_translate` with their texts, and those that have none.

    An arm never has in place of a translation the untranslated answer, a refusal or anything else
    that the checks find: these become rows of failures.
    Raises: InputErrors where no translator knows the way; Stopped.
    """
    pairs = [_pair(row, config.reference) for row in rows]
    others = tuple(dict.fromkeys(tag for pair in pairs for tag in pair if tag != config.reference))
    steps = make_steps(replace(config, to=others, quality=()), (), others)
    by = {pair: _by(steps, pair) for pair in pairs}
    lacking = sorted({pair for pair, translator in by.items() if translator is None})
    if lacking:
        raise InputErrors([_no_way(steps, pair) for pair in lacking])
    given: list[Translated] = [Translated(text="")] * len(rows)

    async def work() -> None:
        asking = Asking(
            config=config,
            steps=steps,
            log=run_dir.log,
            console=console,
            adaptations=of_run(run_dir, console),
            stage=ASKING,
            retry_failed=True,
        )
        async with open_bench(asking, store) as bench:

            async def translate(n: int) -> bool:
                translator = by[pairs[n]]
                assert translator is not None
                given[n] = await bench.translation(_source(rows[n], pairs[n]), translator)
                return given[n].momentary

            await bench.each(range(len(rows)), translate, what="answers translated", of=len(rows))

    run(work, run_dir.path)
    names = [t.name if (t := by[pair]) is not None else "" for pair in pairs]
    result = _checked(rows, pairs, given, names)
    put_refused(store, result.refused)
    take_back(store, map(_place, result.rows))
    return result


def _checked(
    rows: Sequence[TextToFill],
    pairs: Sequence[tuple[str, str]],
    given: Sequence[Translated],
    names: Sequence[str],
) -> Filled:
    """Return the rows whose text passes the checks, and the others with the reason."""
    done = [
        replace(row, text=translated.text.strip(), translator=name)
        for row, translated, name in zip(rows, given, names, strict=True)
    ]
    candidates = [
        None
        if translated.fault
        else Candidate(source=_source(row, pair), translator=row.translator, text=row.text)
        for row, pair, translated in zip(done, pairs, given, strict=True)
    ]
    refused: dict[int, Refused] = {}
    for n, faults in enumerate(faults_of_answers(candidates)):
        kind, _, message = given[n].fault.partition(": ")
        if faults:
            kind, message = faults[0].name, faults[0].detail
        if kind:
            refused[n] = Refused(place=_place(done[n]), kind=kind, message=message or kind)
    return Filled(
        rows=tuple(row for n, row in enumerate(done) if n not in refused),
        refused=tuple(refused.values()),
    )


def _place(row: TextToFill) -> ArmPlace:
    return ArmPlace(
        arm=row.arm,
        prompt=row.id,
        language=row.language,
        translator=row.translator,
        model=row.model,
        sample=row.sample,
    )


def _pair(row: TextToFill, reference: str) -> tuple[str, str]:
    """Return from which language into which an answer goes."""
    if row.arm == "backtranslate":
        return row.language, reference
    return reference, row.language


def _by(steps: TranslationSteps, pair: tuple[str, str]) -> Translator | None:
    """Return the last translator that knows the way: the first made the prompts, as a rule."""
    able = steps.able(*pair)
    return able[-1] if able else None


def _source(row: TextToFill, pair: tuple[str, str]) -> Source:
    return Source(prompt=row.id, text=row.answer, language=pair[0], target=pair[1])


def _no_way(steps: TranslationSteps, pair: tuple[str, str]) -> str:
    why = "; ".join(f"{t.name}: {t.fault(*pair)}" for t in steps.translators)
    return f"--with: no translator from {pair[0]} to {pair[1]}. {why}. Name another one."
