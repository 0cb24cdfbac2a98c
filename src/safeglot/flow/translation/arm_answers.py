"""Answers put into another language for the arms that judge them there: back-translation and reverse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from safeglot.backends.console import Console
from safeglot.backends.files.arm_texts import TextToFill
from safeglot.backends.files.rundir import RunDir
from safeglot.backends.store.store import Store
from safeglot.config.settings import Config
from safeglot.errors import InputErrors
from safeglot.flow.run.adaptations import of_run
from safeglot.flow.translation.asking import Asking, open_bench, run
from safeglot.flow.translation.translators import TranslationSteps, make_steps
from safeglot.translate.base import Translator
from safeglot.types import Source


def filled(
    rows: Sequence[TextToFill], config: Config, *, run_dir: RunDir, store: Store, console: Console
) -> tuple[list[TextToFill], int]:
    """Return the rows of `arms.to_translate` with their texts, and how many could not be translated.

    Those are left out: an arm never has the untranslated answer in place of a translation.
    Raises: InputErrors where no translator knows the way; Stopped.
    """
    pairs = [_pair(row, config.reference) for row in rows]
    others = tuple(dict.fromkeys(tag for pair in pairs for tag in pair if tag != config.reference))
    steps = make_steps(replace(config, to=others, quality=()), (), others)
    by = {pair: _by(steps, pair) for pair in pairs}
    lacking = sorted({pair for pair, translator in by.items() if translator is None})
    if lacking:
        raise InputErrors([_no_way(steps, pair) for pair in lacking])
    texts: list[str] = [""] * len(rows)

    async def work() -> None:
        asking = Asking(
            config=config,
            steps=steps,
            log=run_dir.log,
            console=console,
            adaptations=of_run(run_dir, console),
        )
        async with open_bench(asking, store) as bench:

            async def translate(n: int) -> None:
                translator = by[pairs[n]]
                assert translator is not None
                translation = await bench.translation(_source(rows[n], pairs[n]), translator)
                texts[n] = "" if translation.fault else translation.text.strip()

            await bench.each(range(len(rows)), translate, what="answers translated", of=len(rows))

    run(work, run_dir.path)
    done = [
        replace(row, text=text, translator=translator.name)
        for row, pair, text in zip(rows, pairs, texts, strict=True)
        if text and (translator := by[pair]) is not None
    ]
    return done, len(rows) - len(done)


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
