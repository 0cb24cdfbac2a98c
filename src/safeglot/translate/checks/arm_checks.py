"""The checks of the texts of arms: prompts in other words, and answers in another language.

They are the hard checks, but for what an answer may do: it is longer and freer than a prompt, may be
a refusal where the answer is one, and may be in the target's language before it is translated. What
says nothing in any language (a placeholder, a name) need not change.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from safeglot.translate.checks.hard_checks import Bounds, Fault, check
from safeglot.translate.checks.identify import Identifier, wrong_language
from safeglot.translate.checks.lengths import UNLEARNED, Habits, folded
from safeglot.translate.checks.refusals import Refuses, refusal
from safeglot.types import Candidate, Source

PROMPTS = Bounds(judged_from=40)
ANSWERS = Bounds(
    judged_from=40, shortest=0.4, shortest_unended=0.55, longest=3.0, repeated_share=0.6, free=True
)
"""Models write longer than people ask, and translators part sentences and lists otherwise."""
_OF_LANGUAGE = frozenset({"wrong-script", "wrong-language"})
_OF_SCRIPT = _OF_LANGUAGE | {"too-short", "too-long"}
_SAME = frozenset({"copied", "untranslated"})
_OF_PROMPTS = frozenset({"answered", "placeholder"})
_SLOT = re.compile(r"\[[^\[\]\n]{1,80}\]")


def check_prompt(
    candidate: Candidate,
    *,
    main: str = "",
    identifiers: Sequence[Identifier],
    refuses: Refuses | None = None,
    habits: Habits = UNLEARNED,
) -> tuple[Fault, ...]:
    """Return what is wrong with the text of an arm that is asked: a round trip, another translator's.

    `main` is the run's own text in the candidate's language, where it has one: where no identifier
    knows that for this language, nothing is told of script, language and length.
    Raises: languages.UnknownLanguage
    """
    found = check(
        candidate, identifiers=identifiers, refuses=refuses, bounds=PROMPTS, habits=habits
    )
    allowed = _idle(candidate.source)
    if main and any(fault.name in _OF_SCRIPT for fault in found):
        target = candidate.source.target
        covering = [i for i in identifiers if i.covers(target)]
        if covering and not any(i.identify(main, target).language == target for i in covering):
            allowed |= _OF_SCRIPT
    return tuple(fault for fault in found if fault.name not in allowed)


def check_answer(
    candidate: Candidate,
    *,
    identifiers: Sequence[Identifier],
    refuses: Refuses | None = None,
    habits: Habits = UNLEARNED,
) -> tuple[Fault, ...]:
    """Return what is wrong with a translated answer; its source is the answer.

    Raises: languages.UnknownLanguage
    """
    source = candidate.source
    declines = bool(refuses and refuses(source.text, source.language))
    found = check(
        candidate,
        identifiers=identifiers,
        refuses=refuses,
        bounds=ANSWERS,
        habits=UNLEARNED if declines else habits,
    )
    allowed = _OF_PROMPTS | _idle(source)
    if len(source.text) < ANSWERS.judged_from:
        allowed |= {"wrong-language"}
    if declines or refusal_of(source):
        allowed |= {"refusal"}
    if not allowed & _SAME and {fault.name for fault in found} & _SAME:
        in_target = wrong_language(source.text, source.language, identifiers) and not (
            wrong_language(source.text, source.target, identifiers)
        )
        allowed |= _SAME if in_target else frozenset()
    return tuple(fault for fault in found if fault.name not in allowed)


def refusal_of(source: Source) -> bool:
    """Return whether an answer declines, as far as pieces of refusals in its language tell."""
    nothing = Source(prompt="", text="", language=source.target, target=source.language)
    return bool(refusal(nothing, source.text))


def _idle(source: Source) -> frozenset[str]:
    """Return the faults that the translation of a placeholder cannot have: it is in no language."""
    return frozenset() if folded(_SLOT.sub(" ", source.text)) else _SAME | _OF_LANGUAGE
