"""Translate, answer, translate back: requests into the reference language, and the answers out of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from safeglot.backends.console import Console
from safeglot.backends.files.arm_texts import TextToFill
from safeglot.backends.files.translation_folder import TranslationFolder
from safeglot.backends.store.answers import PivotAnswer, pivot_answers
from safeglot.backends.store.texts import main_texts
from safeglot.config.model_strings import StepConfig
from safeglot.config.settings import Config
from safeglot.errors import InputErrors, UsageError
from safeglot.flow import collection
from safeglot.flow.arms import Arms, GivenAnswer, item_of, put_arms
from safeglot.flow.translation.arm_answers import filled
from safeglot.flow.translation.asking import asked_in
from safeglot.flow.translation.round_trips import round_trips
from safeglot.flow.translation.translators import TranslationSteps, make_steps
from safeglot.generate import Given
from safeglot.prompts.mitigations import Pivoted, pivots
from safeglot.prompts.prompt_set import PromptSet, Untranslated
from safeglot.types import Translation

Work = collection.Work
_DEFAULT = StepConfig(name="apertium", kind="apertium")
_NAME_ONE = "Name one that goes both ways: --with llm=PROVIDER/MODEL, or --with hf/OWNER/NAME."


def forth(
    config: Config, prompts: PromptSet, folder: TranslationFolder, console: Console | None
) -> Pivoted:
    """Return each text in the reference language, or why it lacks.

    Without a console nothing is translated, and each text stands for its translation.
    Raises: UsageError where no translator is there; Stopped.
    """
    config = _with_translator(config)
    steps = _steps(config, prompts.languages)
    able = _able(steps, prompts.languages, config.reference)
    found: dict[Any, Translation | Untranslated] = {
        (t.prompt, t.language): t if t.language in able else _no_way(t, config.reference)
        for t in prompts.translations
    }
    if console is None:
        return found
    texts = tuple(t for t in prompts.translations if t.language in able)
    bare, there = replace(config, arms=("roundtrip",)), replace(prompts, translations=texts)
    asking = config, steps, console
    sent = asked_in(folder, asking, lambda bench: round_trips(bare, there, bench))
    return found | {(t.prompt, t.language): t for t in sent}


def _with_translator(config: Config) -> Config:
    return config if config.translator else replace(config, translator=(_DEFAULT,))


def _steps(config: Config, languages: tuple[str, ...]) -> TranslationSteps:
    others = tuple(tag for tag in languages if tag != config.reference)
    try:
        return make_steps(replace(config, to=others, quality=(), arms=()), (), others)
    except InputErrors as error:
        why = " ".join(error.problems)
        raise UsageError(f"--mitigations pivot: needs a translator. {why} {_NAME_ONE}") from None


def _able(steps: TranslationSteps, languages: tuple[str, ...], reference: str) -> list[str]:
    """Return the languages with a way into the reference and back. Raises: UsageError where none has."""
    others = [tag for tag in languages if tag != reference]
    able = [t for t in others if steps.able(t, reference) and steps.able(reference, t)]
    if able:
        return able
    why = "; ".join(
        f"{t.name}: {t.fault(tag, reference) or t.fault(reference, tag)}"
        for t in steps.translators
        for tag in others
    )
    raise UsageError(
        f"--mitigations pivot: no language of the run has a way into {reference} and back. "
        f"{why or 'It has no other language'}. {_NAME_ONE}"
    )


def _no_way(text: Translation, reference: str) -> Untranslated:
    why = f"no translator into {reference} and back"
    if text.language == reference:
        why = "it is the language that is translated into"
    return Untranslated(prompt=text.prompt, language=text.language, kind="pivot", message=why)


def collect(work: Work) -> None:
    """Ask for what is missing; answers of pivots are translated back and judged then. Raises: Stopped, InputErrors."""
    collection.collect(work)
    if pivots(work.job.config.mitigations) and _back(work):
        collection.collect(work)


def _back(work: Work) -> bool:
    """Return whether any answer of a pivot came back. One that does not is a failure, and is tried again on the next run."""
    store, config = work.store, _with_translator(work.job.config)
    waiting = list(pivot_answers(store))
    rows = [_to_fill(answer) for answer in waiting if answer.answer.strip()]
    made = filled(rows, config, run_dir=work.run_dir, store=store, console=work.console)
    came = {(r.id, r.language, r.model, r.sample): r.text for r in made.rows}
    texts = {(t.prompt, t.language): t for t in main_texts(store)}
    prompts = {p.id: p for p in store.prompts()}
    given = []
    for a in waiting:
        text = came.get((a.prompt, a.language, _who(a), a.sample), "")
        if not text and a.answer.strip():
            continue
        main = texts[a.prompt, a.language]
        asked = Translation(
            prompt=a.prompt, language=a.language, text=main.text, translator=main.translator,
            arm="pivoted", variant=a.variant,
        )  # fmt: skip
        item = item_of(prompts[a.prompt], asked, sample=a.sample, reference=config.reference)
        answer = Given(model=a.model, text=text)
        given.append(GivenAnswer(translation=asked, item=item, answer=answer))
    put_arms(Arms(given=tuple(given)), store)
    for note in made.lost():
        work.console.say(f"note: {note}")
    return bool(given)


def _who(answer: PivotAnswer) -> str:
    return f"{answer.variant} of {answer.model}"


def _to_fill(a: PivotAnswer) -> TextToFill:
    return TextToFill(
        arm="mitigation", id=a.prompt, language=a.language, model=_who(a), sample=a.sample,
        answer=a.answer, answer_key="",
    )  # fmt: skip
