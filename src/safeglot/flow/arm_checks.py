"""The texts of arms, checked before a run takes them: what is no translation is a failure, no text."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from safeglot.backends.store.answers import main_answers
from safeglot.backends.store.texts import main_texts
from safeglot.config import registry
from safeglot.flow.arm_losses import CHECKED, ArmPlace, Refused, take_back
from safeglot.flow.arms import MADE, Arms, GivenAnswer
from safeglot.keys import translation_key
from safeglot.translate.checks.arm_checks import check_answer, check_prompt
from safeglot.translate.checks.hard_checks import Fault
from safeglot.translate.checks.identify import Identifier, available
from safeglot.translate.checks.lengths import Habits, learn
from safeglot.types import Candidate, Source, Translation

if TYPE_CHECKING:
    from safeglot.backends.store.store import Store


def without_refused(arms: Arms, store: Store, reference: str) -> tuple[Arms, list[Refused]]:
    """Return the arms without the texts that fail the checks, and these; earlier failures are taken back.

    The store holds the run's prompts and answers.
    """
    asked = [t for t in arms.asked if _is_checked(t, arms)]
    texts = _main_texts(store) if asked else {}
    prompts = _Checked([_of_prompt(t, texts, reference) for t in asked])
    faults = prompts.faults(lambda one, given: check_prompt(one, main=_main(one, texts), **given))
    answers = _answers(store) if arms.given else {}
    given_faults = faults_of_answers([_of_answer(g, answers, reference) for g in arms.given])
    refused_prompts = {id(t): f for t, f in zip(asked, faults, strict=True) if f}
    refused_answers = {id(g): f for g, f in zip(arms.given, given_faults, strict=True) if f}
    refused = [
        *(_refused(_place(t), refused_prompts[id(t)]) for t in asked if id(t) in refused_prompts),
        *(
            _refused(_place_of(g), refused_answers[id(g)])
            for g in arms.given
            if id(g) in refused_answers
        ),
    ]
    kept = replace(
        arms,
        asked=tuple(t for t in arms.asked if id(t) not in refused_prompts),
        given=tuple(g for g in arms.given if id(g) not in refused_answers),
    )
    take_back(store, [*(_place(t) for t in kept.asked), *map(_place_of, kept.given)])
    return kept, refused


def _is_checked(t: Translation, arms: Arms) -> bool:
    """Return whether a text is to be checked: what a translation set gives has been."""
    made = arms.where.get(translation_key(t)) == MADE
    return t.arm in CHECKED and not (made and t.arm == "translators")


class _Checked:
    """Candidates, None where there is nothing to compare with, and what is usual among them."""

    def __init__(self, candidates: Sequence[Candidate | None]) -> None:
        self.candidates = candidates
        self.habits: Habits = learn([one for one in candidates if one is not None])

    def faults(self, check: Callable[..., tuple[Fault, ...]]) -> list[tuple[Fault, ...]]:
        """Return the faults of each."""
        if not self.candidates:
            return []
        given = {
            "identifiers": _identifiers(),
            "refuses": registry.refuses(),
            "habits": self.habits,
        }
        return [() if one is None else check(one, given) for one in self.candidates]


@cache
def _identifiers() -> tuple[Identifier, ...]:
    return available(registry.glotlid())


def faults_of_answers(candidates: Sequence[Candidate | None]) -> list[tuple[Fault, ...]]:
    """Return what is wrong with each of several translated answers."""
    return _Checked(candidates).faults(lambda one, given: check_answer(one, **given))


def _place_of(given: GivenAnswer) -> ArmPlace:
    """Return where a brought answer belongs."""
    t = given.translation
    return replace(_place(t), model=given.answer.model, sample=given.item.sample)


def _place(t: Translation) -> ArmPlace:
    return ArmPlace(arm=t.arm, prompt=t.prompt, language=t.language, translator=t.translator)


def _refused(place: ArmPlace, faults: tuple[Fault, ...]) -> Refused:
    first = faults[0]
    return Refused(place=place, kind=first.name, message=first.detail)


# ---- what each text is a translation of


def _main_texts(store: Store) -> dict[tuple[str, str], str]:
    return {(text.prompt, text.language): text.text for text in main_texts(store)}


def _main(one: Candidate, texts: Mapping[tuple[str, str], str]) -> str:
    return texts.get((one.source.prompt, one.source.target), "")


def _of_prompt(
    t: Translation, texts: Mapping[tuple[str, str], str], reference: str
) -> Candidate | None:
    """Return a text beside what it was made from: the prompt, or on the way back its translation."""
    pair = (reference, t.language) if t.arm == "translators" else (t.language, reference)
    text = texts.get((t.prompt, pair[0]))
    if text is None:
        return None
    source = Source(prompt=t.prompt, text=text, language=pair[0], target=pair[1])
    return Candidate(source=source, translator=t.translator, text=t.text)


def _answers(store: Store) -> dict[tuple[str, str, str, int], str]:
    return {(a.prompt, a.language, a.model, a.sample): a.text for a in main_answers(store)}


def _of_answer(
    given: GivenAnswer, answers: Mapping[tuple[str, str, str, int], str], reference: str
) -> Candidate | None:
    t = given.translation
    pair = (t.language, reference) if t.arm == "backtranslate" else (reference, t.language)
    text = answers.get((t.prompt, pair[0], given.answer.model, given.item.sample))
    if text is None:
        return None
    source = Source(prompt=t.prompt, text=text, language=pair[0], target=pair[1])
    return Candidate(source=source, translator=t.translator, text=given.answer.text)
