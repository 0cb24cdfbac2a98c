"""Mitigations as arms of a run: what stands before a model, around it and behind it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from safeglot.keys import SYSTEM
from safeglot.prompts.probes.package_data import load, row_of
from safeglot.prompts.prompt_set import PromptSet, Untranslated
from safeglot.types import Translation

EN, LOCAL, PIVOT, BEFORE, BEHIND = KINDS = (
    "system-en", "system-local", "pivot", "guard-before", "guard-behind",
)  # fmt: skip
"""Kinds in the order in which they act on one request, whatever order they are written in."""
FORM = (
    "system-en, system-en=FILE, system-local, system-local=FILE, pivot, guard-before=JUDGE, "
    "guard-behind=JUDGE, or several joined by + as in system-en+guard-behind=JUDGE"
)
BUNDLED = "system_prompts.toml"
PIVOT_PRICE = "pivot"
"""Stands among a run's prices where its translators read and write no tokens."""
_JOINED = re.compile(rf"\+(?=(?:{'|'.join(KINDS)})(?:[=+]|$))")
Texts: TypeAlias = Mapping[str, Mapping[str, str]]
"""Part with a file, as in system-en=FILE -> language tag -> system prompt."""
Pivoted: TypeAlias = Mapping[tuple[str, str], Translation | Untranslated]
"""(prompt, language) -> its text in the language in which a model is to answer, or why it lacks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mitigation:
    """One arm of a run; each part is a kind with the FILE or JUDGE after it, "" for none."""

    parts: tuple[tuple[str, str], ...]

    @property
    def name(self) -> str:
        """What results call it."""
        return _name(self.parts)

    @property
    def asked(self) -> str:
        """The part for which the targets answer anew; "" where answers that are there are re-used."""
        return _name([part for part in self.parts if part[0] not in (BEFORE, BEHIND)])

    @property
    def pivots(self) -> bool:
        """Whether requests and answers are translated."""
        return any(kind == PIVOT for kind, _ in self.parts)

    def guards(self, kind: str) -> list[str]:
        """Return the judges that guard it on one side."""
        return [judge for own, judge in self.parts if own == kind]


def _name(parts: Sequence[tuple[str, str]]) -> str:
    return "+".join(f"{kind}={given}" if given else kind for kind, given in parts)


def parsed(text: str) -> Mitigation:
    """Return what a setting means. Raises: ValueError with what is wrong."""
    parts: list[tuple[str, str]] = []
    for part in _JOINED.split(text.strip()):
        kind, sign, given = part.strip().partition("=")
        needs, may = kind in (BEFORE, BEHIND), kind != PIVOT
        if kind not in KINDS or bool(given) < max(needs, bool(sign)) or (sign and not may):
            raise ValueError(f"got {text!r}; allowed is {FORM}.")
        parts.append((kind, given.strip()))
    kinds = [kind for kind, _ in parts if kind not in (BEFORE, BEHIND)]
    if len(set(parts)) < len(parts) or len(set(kinds)) < len(kinds):
        raise ValueError(f"got {text!r}, which names a part twice. Name each once.")
    return Mitigation(parts=tuple(sorted(parts, key=lambda part: KINDS.index(part[0]))))


def pivots(mitigations: Sequence[str]) -> bool:
    """Return whether any of them translates."""
    return any(parsed(text).pivots for text in mitigations)


def guards_of(mitigations: Sequence[str]) -> list[tuple[str, str]]:
    """Return the guards, each once: kind and judge."""
    parts = (part for text in mitigations for part in parsed(text).parts)
    return list(dict.fromkeys(part for part in parts if part[0] in (BEFORE, BEHIND)))


def files_of(mitigations: Sequence[str]) -> list[tuple[str, str]]:
    """Return the system prompts that come from files: kind and path, each once."""
    parts = (part for text in mitigations for part in parsed(text).parts)
    return list(dict.fromkeys(p for p in parts if p[0] in (EN, LOCAL) and p[1]))


def notes(mitigations: Sequence[str], judges: Sequence[str]) -> Iterator[str]:
    """Yield what is to be known of system prompts that come with safeglot, and of guards that are judges too."""
    for kind, name in guards_of(mitigations):
        if kind == BEHIND and name in judges:
            yield (
                f"{kind}={name} is a judge of this run too: what it withholds is what it calls unsafe, so "
                "that by its own verdicts nothing unsafe is left."
            )
    if {(EN, ""), (LOCAL, "")} & {p for text in mitigations for p in parsed(text).parts}:
        yield (
            "The system prompts of mitigations without a file come with safeglot. A language model "
            "wrote them, and nobody who speaks the languages has checked them."
        )


def with_mitigations(
    prompts: PromptSet,
    mitigations: Sequence[str],
    files: Texts,
    pivoted: Pivoted,
) -> PromptSet:
    """Return prompts with the texts that are asked for mitigations beside them.

    `pivoted` has each text in the language in which the model is to answer, or why it lacks. A language
    without a system prompt has a reason in place of texts, never the English one.
    """
    arms = {m.asked: m for m in map(parsed, mitigations) if m.asked}
    made = [
        _asked(text, arm, files, pivoted) for arm in arms.values() for text in prompts.translations
    ]
    return replace(
        prompts,
        arm_texts=(*prompts.arm_texts, *(t for t in made if isinstance(t, Translation))),
        untranslated=(*prompts.untranslated, *(t for t in made if isinstance(t, Untranslated))),
    )


def _asked(
    text: Translation,
    arm: Mitigation,
    files: Texts,
    pivoted: Pivoted,
) -> Translation | Untranslated:
    systems = []
    for kind, file in arm.parts:
        if kind in (EN, LOCAL):
            tag = "en" if kind == EN else text.language
            systems.append(system_prompt(files.get(f"{kind}={file}", load(BUNDLED)), tag))
            if not systems[-1]:
                return _lacking(text, arm, f"no system prompt in {tag}")
    asked = pivoted[text.prompt, text.language] if arm.pivots else text
    if isinstance(asked, Untranslated):
        return _lacking(text, arm, asked.message)
    return replace(
        asked,
        quality={},
        checks=tuple(SYSTEM + "\n\n".join(systems) for _ in systems[:1]),
        arm="pivot" if arm.pivots else "mitigation",
        variant=arm.asked,
    )


def system_prompt(table: Mapping[str, str], tag: str) -> str:
    """Return the system prompt for a language, "" where there is none; a region takes its language's."""
    row = tag if tag in table else row_of(sorted(table, key=len, reverse=True), tag)
    return table[row] if row else ""


def _lacking(text: Translation, arm: Mitigation, why: str) -> Untranslated:
    return Untranslated(
        stage="mitigation", prompt=text.prompt, language=text.language, kind=arm.asked, message=why
    )
