"""The usual length of a translation in characters, by its script and by what the set shows."""

from __future__ import annotations

import math
import re
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from statistics import median

from safeglot.text import languages
from safeglot.text.chrf import chrf
from safeglot.text.package_data import table
from safeglot.types import Candidate

RATIOS: Mapping[str, float] = table(__package__, "scripts.toml")["ratios"]
"""Characters of a script for one of English; the table names the source."""
ENGLISH = 1.0
SLACK = 12.0
"""Characters of English that are added on both sides: short texts vary more."""
FEWEST = 30
"""Candidates of a pair of languages from which its own ratio is learned."""
FARTHEST = 0.35
"""Distance, in logarithms, of a learned ratio from its script's at the most: a set of bad translations
must not teach that they are normal."""
SHARED_BY = 3
"""Different sources that have one text for a translation, from which it is a stock answer."""

ALIKE = 0.5
"""chrF above which two sources may well have the same translation."""
MOST_COMPARED = 24
MOST_MEASURED = 20_000
"""Candidates whose length is measured: the median of these is that of all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """The habits of a whole set, learned once from all its candidates, whatever their order."""

    ratios: Mapping[tuple[str, str], float] = field(default_factory=dict)
    """(source language, target language) -> characters of the target for one of the source."""
    stock: frozenset[tuple[str, str]] = frozenset()
    """(target language, `folded` text) pairs that several different sources share."""


UNLEARNED = Habits()
_FORMATTING = re.compile(
    "[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]"
)


def folded(text: str) -> str:
    """Return a text's letters and digits alone, case folded."""
    return "".join(filter(str.isalnum, text.casefold()))


def learn(candidates: Sequence[Candidate]) -> Habits:
    """Return what is usual in a set: the length ratio of each pair, and texts that recur.

    The ratio is the median of the logarithms, held near its script's. Of many candidates some are
    measured, chosen by a hash of their texts.
    """
    logs: dict[tuple[str, str], list[float]] = {}
    every = 1 + len(candidates) // MOST_MEASURED
    marks: list[int] = []  # a number in place of each text: most stand there once
    before: tuple[int, str] = (0, "")
    for candidate in candidates:
        text = folded(candidate.text)
        mark = hash((candidate.source.target, text)) if text else 0
        # what several translators give one source stands there once
        marks.append(0 if before == (mark, candidate.source.text) else mark)
        before = (mark, candidate.source.text)
        if text and zlib.crc32(text.encode("utf-8", "replace")) % every == 0:
            n_source = shown(candidate.source.text)
            if n_source:
                pair = (candidate.source.language, candidate.source.target)
                logs.setdefault(pair, []).append(math.log(shown(candidate.text) / n_source))
    often = {mark for mark, n in Counter(marks).items() if n >= SHARED_BY and mark}
    sources: dict[tuple[str, str], set[str]] = {}
    for mark, candidate in zip(marks, candidates, strict=True):
        if mark in often:
            key = (candidate.source.target, folded(candidate.text))
            sources.setdefault(key, set()).add(folded(candidate.source.text))
    return Habits(
        ratios={
            pair: _learned(pair, values) for pair, values in logs.items() if len(values) >= FEWEST
        },
        stock=frozenset(key for key, values in sources.items() if _differ(values)),
    )


def _differ(sources: set[str]) -> bool:
    """Return whether enough of these are different texts, not one in other words."""
    if len(sources) < SHARED_BY:
        return False
    apart: list[str] = []
    for text in sorted(sources)[:MOST_COMPARED]:
        if all(chrf(text, other) <= ALIKE for other in apart):
            apart.append(text)
    return len(apart) >= SHARED_BY


def usual_ratio(source: str, target: str, habits: Habits = UNLEARNED) -> float:
    """Return the characters of a translation for one of its source."""
    return habits.ratios.get((source, target)) or prior(source, target)


@cache
def prior(source: str, target: str) -> float:
    """Return the same from the scripts of the two languages alone."""
    return _of(target) / _of(source)


def relative_length(source: str, text: str, ratio: float) -> float:
    """Return a text's length relative to what was expected: 1 as expected, 0.5 half as long."""
    slack = SLACK * ratio
    return (shown(text) + slack) / (shown(source) * ratio + slack)


@lru_cache(maxsize=64)
def spaced(text: str) -> str:
    """Return a text with one space for each run of spaces; several checks ask for that of one text."""
    return " ".join(text.split())


@lru_cache(maxsize=64)
def shown(text: str) -> int:
    """Return the number of characters: runs of spaces are one, formatting characters none."""
    bare = spaced(text)
    return len(bare) if bare.isascii() else len(bare) - len(_FORMATTING.findall(bare))


def _learned(pair: tuple[str, str], logs: list[float]) -> float:
    centre = math.log(prior(*pair))
    return math.exp(min(max(median(logs), centre - FARTHEST), centre + FARTHEST))


def _of(tag: str) -> float:
    if languages.primary(tag) == "en":
        return ENGLISH
    return RATIOS.get(languages.lookup(tag).script, ENGLISH)
