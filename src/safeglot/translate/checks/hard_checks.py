"""The hard checks: faults that no translation may have, whatever an estimator says of it.

Each check goes by characters; none splits the translation at spaces. Bounds were
set on half of MultiJail's human translations and measured on the other half:
docs/explanation/hard-checks.md.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from safeglot.text import languages
from safeglot.text.chrf import bare, bounded, most
from safeglot.text.loops import (
    FEWEST_CHARS,
    ORDER,
    STEP,
    anchors,
    is_empty,
    repeated_share,
    repeats,
)
from safeglot.translate.checks import lengths, scripts
from safeglot.translate.checks.control import suspects
from safeglot.translate.checks.identify import Identifier, own_group, wrong_language
from safeglot.translate.checks.lengths import UNLEARNED, Habits
from safeglot.translate.checks.placeholders import lost, prose
from safeglot.translate.checks.refusals import Refuses, refusal
from safeglot.translate.checks.wrappings import doubled, masked, stated, wrapping
from safeglot.types import Candidate, Source

VERSION = 2
"""Bumped when the checks begin to find otherwise."""
CHECKS = (
    "empty", "control-characters", "copied", "wrong-script", "wrong-language", "untranslated",
    "too-short", "too-long", "degenerate", "answered", "wrapped", "variants", "censored",
    "placeholder", "refusal",
)  # fmt: skip
"""Names of the faults, in the order in which they are reported."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A fault of a candidate: one of CHECKS, and the numbers that show it."""

    name: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """The bounds of the checks."""

    copied_chrf: float = 0.65
    """chrF against the source above which a text is the source; human translations reach 0.5."""
    script_share: float = 0.5
    """Least share of the letters that are in the language's script; names and brands are not."""
    untranslated_share: float = 0.36
    """Most of the source's character 8-grams that stand in the translation; names do."""
    shortest: float = 0.5
    longest: float = 2.3
    """Length relative to what is usual for the pair of languages; see lengths.py."""
    shortest_unended: float = 0.66
    """The same for a text that ends in a letter where its source ends in punctuation."""
    judged_from: int = 0
    """Characters of a source from which a text may be copied but for a few letters, or in part."""
    free: bool = False
    """Whether lines, lists, mark-up and sentences may come otherwise than in the source."""
    repeated_share: float = 0.4
    more_lines: int = 3
    """Lines, and list items, beyond the source's from which a text answers it."""


BOUNDS = Bounds()
_SOME, _MOST = 0.1, 0.5
_NAMES_AT_MOST, _SHOUTED = 4, 3
"""Words up to which a source may be a name; capitals alone are a name of fewer."""
_LIST_ITEM = re.compile(r"^[ \t]*(?:[-*•‣–]|\d{1,2}[.)、．]|\(?[a-z\d]\))[ \t]*\S", re.MULTILINE)
_MARKDOWN = re.compile(r"^[ \t]*#{1,6} \S|\*\*[^*\n]+\*\*|^```", re.MULTILINE)


@dataclass(frozen=True, slots=True, eq=False)
class _SourceText:
    """A source with what the checks need of it, found once for all its candidates."""

    record: Source
    text: str
    folded: str
    scripts: frozenset[str]
    """Those of its letters."""
    anchors: tuple[tuple[int, str], ...]
    differs: bool
    """Whether a translation must differ from it."""
    ends: bool
    marked_up: bool

    @classmethod
    def of(cls, source: Source) -> _SourceText:
        """Return a source with what the checks need of it. Raises: languages.UnknownLanguage."""
        text, folded = source.text, source.text.casefold()
        return cls(
            record=source,
            text=text,
            folded=folded,
            scripts=frozenset(scripts.letters(text)),
            anchors=tuple(anchors(folded)),
            differs=must_differ(source),
            ends=_ends(text),
            marked_up=_MARKDOWN.search(text) is not None,
        )


_source_text = lru_cache(maxsize=16)(_SourceText.of)


@dataclass(slots=True, eq=False)
class _Case:
    """One candidate with what several checks need of it."""

    source: _SourceText
    text: str
    letters: Mapping[str, int]
    """Script -> how many."""
    copied_share: float
    """Share of the source's character 8-grams that stand in the text."""
    relative: float
    """Length relative to what is usual."""
    bounds: Bounds
    habits: Habits


def check(
    candidate: Candidate,
    *,
    identifiers: Sequence[Identifier],
    refuses: Refuses | None = None,
    bounds: Bounds = BOUNDS,
    habits: Habits = UNLEARNED,
) -> tuple[Fault, ...]:
    """Return all that is wrong with a candidate; nothing where all checks pass.

    `identifiers` in the order in which they are asked, `refuses` a classifier of refusals,
    `habits` what lengths.learn found in the whole set. An empty text has that fault alone.
    Raises: languages.UnknownLanguage
    """
    text = candidate.text
    if is_empty(text):
        return (Fault(name="empty", detail=f"{len(text)} characters, no letter or digit"),)
    source = _source_text(candidate.source)
    letters = scripts.letters(text)
    ratio = lengths.usual_ratio(source.record.language, source.record.target, habits)
    case = _Case(
        source=source,
        text=text,
        letters=letters,
        copied_share=_copied_share(source, text, letters),
        relative=lengths.relative_length(source.text, text, ratio),
        bounds=bounds,
        habits=habits,
    )
    details: dict[str, str] = {}
    for name, find in _FIRST:
        if detail := find(case):
            details[name] = detail
    if "copied" not in details and "wrong-script" not in details:
        details["wrong-language"] = wrong_language(text, source.record.target, identifiers)
    for name, find in _MORE:
        if detail := find(case):
            details[name] = detail
    details["refusal"] = _refusal(case, refuses)
    return tuple(Fault(name=name, detail=detail) for name, detail in details.items() if detail)


def _copied(case: _Case) -> str:
    """Return how a text is its source, "" where it is not; one of names and numbers alone may be."""
    bound, enough = case.bounds.copied_chrf, len(case.source.text) >= 3 * ORDER
    # A chrF near the bound takes a third of the 8-grams, where there are enough.
    if not case.source.differs or (enough and case.copied_share < _SOME):
        return ""
    source, said = bare(case.source.text.casefold()), bare(case.text.casefold())
    if said == source:
        return "the source itself"
    short = len(case.source.text) < case.bounds.judged_from
    if short or most(len(said), len(source)) <= bound:
        return ""
    alike = bounded(said, source, beyond=bound)
    return f"chrF {alike:.2f} against the source, above {bound}" if alike > bound else ""


def must_differ(source: Source) -> bool:
    """Return whether a translation must differ from its source.

    It need not between close languages in one script, nor where the source is a name, a number
    or an address.
    """
    language, target = languages.lookup(source.language), languages.lookup(source.target)
    if language.script == target.script and own_group(source.language) == own_group(source.target):
        return False
    text = prose(source.text)
    if not any(map(str.isalpha, text)):
        return False
    words = text.split(maxsplit=_NAMES_AT_MOST)
    if len(words) > _NAMES_AT_MOST or any(map(str.islower, words)):
        return True
    return len(words) >= _SHOUTED and text.isupper()


def _wrong_script(case: _Case) -> str:
    """Return a fault where most letters are in another script than the language's."""
    wanted, counts = scripts.written_in(case.source.record.target), case.letters
    if not wanted or not counts:
        return ""
    share = sum([n for script, n in counts.items() if script in wanted]) / sum(counts.values())
    if share >= case.bounds.script_share:
        return ""
    given = case.source.text.strip()
    kept = case.copied_share > _MOST or (given and given in case.text)
    if kept and not case.source.differs:
        return ""
    return (
        f"{share:.0%} of the letters in {'/'.join(sorted(wanted))}, most in {scripts.most(counts)}"
    )


def _copied_share(source: _SourceText, text: str, letters: Mapping[str, int]) -> float:
    """Return the share of the source's character 8-grams in the text; 0 where no letters are shared."""
    if source.scripts.isdisjoint(letters):
        return 0.0
    said = text.casefold()
    there = [k for k, five in source.anchors if five in said]
    last = len(source.folded) - ORDER
    around = {i for k in there for i in range(max(0, k - STEP + 1), min(k, last) + 1)}
    copied = {gram for i in around if (gram := source.folded[i : i + ORDER]) in said}
    return len(copied) / len(_grams(source.folded)) if copied else 0.0


@lru_cache(maxsize=16)
def _grams(text: str) -> frozenset[str]:
    """Return the 8-grams of a text."""
    return frozenset([text[i : i + ORDER] for i in range(len(text) - ORDER + 1)])


def _untranslated(case: _Case) -> str:
    """Return a fault where parts are left in the source language."""
    bound = case.bounds.untranslated_share
    short = len(case.source.text) < case.bounds.judged_from
    if short or case.copied_share <= bound or not case.source.differs:
        return ""
    return f"{case.copied_share:.0%} of the source's characters stand in it, above {bound:.0%}"


def _too_short(case: _Case) -> str:
    """Return a fault of a text that is cut off: much too short, or short and without an end."""
    if case.relative < case.bounds.shortest:
        return _length(case)
    if case.relative >= case.bounds.shortest_unended or not case.source.ends:
        return ""
    return "" if _ends(case.text) else _length(case) + ", and it has no end"


def _ends(text: str) -> bool:
    """Return whether a text ends in punctuation, quotation marks and brackets behind it aside."""
    shown = text.rstrip().rstrip("\"'”’»」』)）")
    return unicodedata.category(shown[-1:] or "a").startswith("P")


def _length(case: _Case) -> str:
    return (
        f"{len(case.text)} characters for {len(case.source.text)}, "
        f"{case.relative:.2f} times what is usual between these languages"
    )


def _degenerate(case: _Case) -> str:
    """Return a fault for a loop that the source lacks."""
    bound = case.bounds.repeated_share
    if len(case.text) < FEWEST_CHARS or not repeats(case.text, beyond=bound):
        return ""
    share = repeated_share(case.text)
    if share <= repeated_share(case.source.text) + bound / 2:
        return ""
    return f"{share:.0%} of it repeats what it said before, above {bound:.0%}"


def _answered(case: _Case) -> str:
    """Return a fault of a text in the form of an answer to a plain source."""
    more = case.bounds.more_lines
    if "\n" in case.text:
        lines = _lines(case.text) - _lines(case.source.text)
        if lines >= more:
            return f"{lines} more lines than the source"
        items = len(_LIST_ITEM.findall(case.text)) - len(_LIST_ITEM.findall(case.source.text))
        if items >= more - 1:
            return f"{items} more list items than the source"
    if not case.source.marked_up and _MARKDOWN.search(case.text):
        return "marked up (headings, bold or code), which the source is not"
    return stated(case.source.text, case.text, case.relative)


def _lines(text: str) -> int:
    return sum(not is_empty(line) for line in text.splitlines())


def _placeholder(case: _Case) -> str:
    missing = lost(case.source.text, case.text)
    return f"lost {', '.join(missing[:5])}" if missing else ""


def _refusal(case: _Case, refuses: Refuses | None) -> str:
    source = case.source.record
    stock = case.habits.stock
    if stock and (source.target, lengths.folded(case.text)) in stock:
        return f"the same text for {lengths.SHARED_BY} or more different sources"
    return refusal(source, case.text, refuses)


_FIRST: tuple[tuple[str, Callable[[_Case], str]], ...] = (
    ("control-characters", lambda c: ", ".join(suspects(c.text, c.source.text))),
    ("copied", _copied),
    ("wrong-script", _wrong_script),
)
_MORE: tuple[tuple[str, Callable[[_Case], str]], ...] = (
    ("untranslated", _untranslated),
    ("too-short", _too_short),
    ("too-long", lambda c: _length(c) if c.relative > c.bounds.longest else ""),
    ("degenerate", _degenerate),
    ("answered", _answered),
    ("wrapped", lambda c: wrapping(c.source.text, c.text, c.relative, free=c.bounds.free)),
    ("variants", lambda c: doubled(c.source.text, c.text, c.relative)),
    ("censored", lambda c: masked(c.source.text, c.text, free=c.bounds.free)),
    ("placeholder", _placeholder),
)
