"""Texts that a user brought, under the checks that translations pass: what fails is told, never taken out."""

from __future__ import annotations

import heapq
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, overload

from safeglot.config import registry
from safeglot.prompts.problems import listed
from safeglot.prompts.rows import PromptColumns
from safeglot.text import languages
from safeglot.translate.checks.identify import available
from safeglot.translate.checks.lengths import learn
from safeglot.types import Candidate, Source

if TYPE_CHECKING:
    from safeglot.translate.checks.hard_checks import Fault

MOST, MOST_IN_ALL = 2_000, 10_000
"""Texts of a language, and of all together, that are looked at: of more a sample, by a hash of their ids."""
FEWEST, SHARE = 5, 0.02
"""From so many texts of a language on, and such a share, a check is told: human translations fail a check
in up to 0.4% (MultiJail, 9 languages)."""
LONGEST, ROOM = 6_000, 3_000_000
"""Bytes of a text beyond which it is not looked at, and of all that are: the checks were made for prompts,
and take longer than in proportion."""
CHECKS = {
    "empty": "nothing to read",
    "control-characters": "hidden characters",
    "copied": "the text of the reference language again",
    "wrong-script": "in another script than the language's",
    "wrong-language": "look like another language; where two stand under one tag, give each its own",
    "untranslated": "parts left in the reference language",
    "too-short": "much shorter than usual for the two languages",
    "too-long": "much longer than usual for the two languages",
    "degenerate": "loops",
    "answered": "an answer in place of the request",
    "wrapped": "a preamble, quotation marks, JSON or mark-up around the text",
    "variants": "two variants in one text",
    "censored": "words replaced by marks",
    "placeholder": "placeholders lost",
    "refusal": "a translator's refusal, or one text for different requests",
}
"""Name of a hard check -> what fails it, in the order in which they are told."""
ALONE = frozenset({"empty", "control-characters", "wrong-script", "wrong-language", "degenerate"})
"""Those that need no text in another language beside the one that is checked."""
_SHOWN = frozenset({"wrong-script", "wrong-language"})
"""Those of which an example's numbers are told; those of others may quote the text."""
_UNSPACED = frozenset({"Khmr", "Laoo", "Mymr", "Thai"})
"""Scripts whose words may be parted by zero-width spaces."""
_ZERO_WIDTH_SPACE = "U+200B"
_ID = 40
"""Characters of an id that are shown."""
MOST_NAMED = 40
"""Languages that one note names."""


def text_notes(columns: PromptColumns) -> Iterator[str]:
    """Yield for each check that many texts of a language fail how many of how many do, by language."""
    picked = [_picked(columns, place) for place in range(len(columns.languages))]
    if not any(picked):
        return
    failures = _failures(_OwnTexts(columns, picked))
    for name, said in CHECKS.items():
        told = [
            f"{tag} {failed.n:,} of {_amount(columns, place, len(rows))} (as {failed.example})"
            for place, (tag, rows) in enumerate(zip(columns.languages, picked, strict=True))
            if (failed := failures.get((name, tag))) and failed.n >= max(FEWEST, SHARE * len(rows))
        ]
        if told:
            yield f"texts that fail the check {name} ({said}), kept all the same: {listed(told, MOST_NAMED)}"


def _amount(columns: PromptColumns, place: int, n: int) -> str:
    there = sum(number >= 0 for number in _numbers(columns, place))
    return f"{n:,}" if n == there else f"a sample of {n:,}"


# ---- what is looked at


def _picked(columns: PromptColumns, place: int) -> Sequence[int]:
    """Return the rows whose texts in a language are looked at; none where these are too few to tell."""
    numbers, ids, size_of = _numbers(columns, place), columns.labels.ids, columns.texts.size_of
    share = len(columns.languages)
    first = heapq.nsmallest(
        min(MOST, MOST_IN_ALL // share),
        (row for row, n in enumerate(numbers) if n >= 0 and size_of(n) <= LONGEST),
        key=lambda row: (zlib.crc32(ids[row].encode("utf-8", "replace")), row),
    )
    sizes = accumulate(size_of(numbers[row]) for row in first)
    rows = [row for row, size in zip(first, sizes, strict=True) if size <= ROOM // share]
    return sorted(rows) if len(rows) >= FEWEST else ()


def _numbers(columns: PromptColumns, place: int) -> Sequence[int]:
    return columns.texts_at[place :: len(columns.languages)]


class _OwnTexts(Sequence[Candidate]):
    """The texts that are looked at, as candidates beside what they are the same as; none is kept."""

    def __init__(self, columns: PromptColumns, picked: Sequence[Sequence[int]]) -> None:
        self._columns = columns
        self._at = [(row, place) for place, rows in enumerate(picked) for row in rows]

    def __len__(self) -> int:
        return len(self._at)

    @overload
    def __getitem__(self, i: int) -> Candidate: ...
    @overload
    def __getitem__(self, i: slice) -> Sequence[Candidate]: ...
    def __getitem__(self, i: int | slice) -> Candidate | Sequence[Candidate]:
        if isinstance(i, slice):
            return [self[k] for k in range(len(self))[i]]
        row, place = self._at[i]
        c = self._columns
        tag, own = c.languages[place], c.own_at[row]
        text = c.texts[c.texts_at[row * len(c.languages) + place]]
        paired = tag != c.main and own >= 0 and c.texts.size_of(own) <= LONGEST
        source = Source(
            prompt=c.labels.ids[row],
            text=c.texts[own] if paired else "",
            language=c.main if paired else tag,
            target=tag,
        )
        return Candidate(source=source, translator="", text=text)


# ---- what fails


@dataclass(slots=True)
class _FailedCheck:
    """How many texts of a language fail a check, and the first of them by its id."""

    example: str
    n: int = 0


def _failures(texts: Sequence[Candidate]) -> dict[tuple[str, str], _FailedCheck]:
    """Return by check and language what fails; what is usual is learned from all of the texts."""
    from safeglot.translate.checks.arm_checks import PROMPTS  # late: the checks load numpy
    from safeglot.translate.checks.hard_checks import check

    habits, identifiers = learn(texts), available(registry.glotlid())
    refuses = registry.refuses()
    found: dict[tuple[str, str], _FailedCheck] = {}
    for text in texts:
        faults = check(
            text, identifiers=identifiers, refuses=refuses, bounds=PROMPTS, habits=habits
        )
        copied = any(fault.name == "copied" for fault in faults)
        for fault in faults:
            if _tells(fault, text.source) and not (copied and fault.name == "untranslated"):
                key = (fault.name, text.source.target)
                found.setdefault(key, _FailedCheck(_example(text.source.prompt, fault))).n += 1
    return found


def _tells(fault: Fault, source: Source) -> bool:
    """Return whether a fault means something where there may be no other text to compare with."""
    if fault.name == "control-characters" and fault.detail == _ZERO_WIDTH_SPACE:
        return languages.lookup(source.target).script not in _UNSPACED
    return bool(source.text) or fault.name in ALONE


def _example(identifier: str, fault: Fault) -> str:
    shown = identifier if len(identifier) <= _ID else f"{identifier[:_ID]}…"
    return f"{shown}: {fault.detail}" if fault.name in _SHOWN else shown
