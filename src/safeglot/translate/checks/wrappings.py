"""What stands around a translation that is not of it, or in place of a part of it.

Chat models add a preamble, a label, a note, a second variant, quotation marks, JSON, entities or
mark-up, and put marks where they censor. All is measured against the source: what that has itself
may stay. `layers` takes off what can be taken off without a doubt; `wrapping`, `masked`, `doubled`
and `stated` say what is wrong with the rest. People hardly ever do any of this: figures in
docs/explanation/hard-checks.md.
"""

from __future__ import annotations

import re
import unicodedata

from safeglot.text.chrf import chrf
from safeglot.text.loops import is_empty
from safeglot.translate.checks.layers import LABEL_SHARE, LEAD, PEELS, n_colons, n_lines
from safeglot.translate.checks.lengths import spaced

LONGER, LONG = 1.15, 1.2
"""The same from which a text with one more line than its source, or words behind its question, has more in it."""
EDGE = 0.35
"""Share of a text below which its first or last line is something beside it."""
MUCH_LONGER = 1.35
"""The same from which a text with one more sentence than its source has more in it."""
STATED = 1.5
"""Length from which a statement in place of a question says more than that."""
TWICE, ALIKE = 1.4, 0.38
"""Length from which a text may hold two variants, and the chrF of one against the other."""
HALF = (0.3, 0.7)
"""Where, as a share of a text, its second variant may begin."""
ASIDE = 8
"""Letters from which brackets at the end of a text hold a remark."""

_TAG = re.compile(r"<[^<>\n]{1,80}>")
_MARK_UP = re.compile(
    r"\*\*|__|`|^[ \t]*#{1,6}[ \t]+\S|^[ \t]*>[ \t]*\S|^[ \t]*(?:-{3,}|\*{3,})[ \t]*$", re.MULTILINE
)
_MARKS = frozenset("*_`#>-")
_ITEM = re.compile(r"^[ \t]*(?:[-*•‣–]|\(?\d{1,2}[.)、．]|\(?[a-zA-Z][.)])[ \t]*\S", re.MULTILINE)
_ASIDE = re.compile(r"[(（\[［【〔]([^()（）\[\]［］【】〔〕\n]*)[)）\]］】〕]\s*[.。!！]?\s*$")
_SLASH = re.compile(r"(?<=\s)[/|｜／](?=\s)|[／｜]")
_SLASHES = frozenset("/|｜／")
_SENTENCE = re.compile(r"[.!?…]+[\"'”’»)\]]*(?=\s|$)|[。！？．｡।॥؟۔።፧]+[\"'”’»」』)）]*|\n+")
_ASKS = re.compile(r"[?？؟;՞፧⁇]")
_SLOT = re.compile(
    r"\[[^\[\]\n]{0,60}\]|［[^［］\n]{0,60}］|【[^【】\n]{0,60}】|〔[^〔〕\n]{0,60}〕"
)
# Chinese and Japanese write an ellipsis of two, which is no mark of censoring.
_MASK = re.compile(
    r"[█▇▆■▮▓▒░▪◼⬛●◯○]+|[*＊]+|[_＿]{3,}|[•·]{3,}|[×✕✖]{2,}|[xX]{4,}|[-–—]{3,}|[@#$%&]{2,}"
    r"|\.{3,}|…(?!…)(?<!……)"
)
_MASKS = frozenset("█▇▆■▮▓▒░▪◼⬛●◯○*＊•·×✕✖…@#$%&")
_MASK_RUNS = ("___", "＿＿＿", "xxxx", "XXXX", "---", "–––", "———", "...")


# ---- saying what is wrong


def wrapping(source: str, text: str, relative: float, *, free: bool = False) -> str:
    """Return what stands around a translation, "" where nothing does.

    `relative` is the text's length relative to what is usual. A `free` text may part lines, lists
    and sentences otherwise than its source.
    """
    stripped = text.strip()
    for name, peel in PEELS:
        inside = peel(source, stripped)
        if inside is not None and inside.strip() != stripped:
            return f"{name} around it or in it, which the source lacks"
    for find in (_marked_freely,) if free else (_marked, _preamble, _behind, _more):
        if found := find(source, stripped, relative):
            return found
    return ""


def _marked_freely(source: str, text: str, _: float) -> str:
    """Return that a text is JSON or has tags, where its source is not and has none."""
    if text[:1] in "{[" and text[:1] != source.strip()[:1] and re.match(r"[{\[]\s*[\"'{]", text):
        return "broken JSON, which the source is not"
    return "tags, which the source lacks" if _TAG.search(text) and not _TAG.search(source) else ""


def _marked(source: str, text: str, relative: float) -> str:
    """Return the mark-up of a text that its source lacks."""
    if found := _marked_freely(source, text, relative):
        return found
    for name, pattern in (("tags", _TAG), ("mark-up", _MARK_UP), ("list items", _ITEM)):
        if pattern is _MARK_UP and _MARKS.isdisjoint(text):
            continue
        if (more := _n(pattern, text) - _n(pattern, source)) > 0:
            return f"{more} more {name} than the source"
    return ""


def _preamble(source: str, text: str, _: float) -> str:
    """Return that a text begins with a label in any language, where the source has no colon."""
    found = LEAD.match(text) if n_colons(text) > n_colons(source) else None
    if not found:
        return ""
    rest = text[found.end() :]
    if found.end() > LABEL_SHARE * len(text) or not rest:
        return ""
    return f'"{spaced(found[1])}" before it, as a label'


def _behind(source: str, text: str, relative: float) -> str:
    """Return what stands behind the end of a text: a remark in brackets, or more than a question."""
    aside = _ASIDE.search(text)
    if aside and not _ASIDE.search(source) and sum(map(str.isalpha, aside[1])) >= ASIDE:
        return "a remark in brackets behind it, which the source lacks"
    if _asks_at_end(source) and (asked := list(_ASKS.finditer(text))):
        rest = text[asked[-1].end() :]
        if relative > LONG and sum(map(str.isalpha, rest)) >= ASIDE:
            return "text behind its question, where the source ends"
    return ""


def _asks_at_end(source: str) -> bool:
    return bool(_ASKS.match(source.rstrip().rstrip("\"'”’»)")[-1:]))


def _more(source: str, text: str, relative: float) -> str:
    """Return that a text has more paragraphs, lines or sentences than its source and is longer."""
    if "\n" in text:
        if _paragraphs(text) > _paragraphs(source):
            return "more paragraphs than the source"
        lines = [line.strip() for line in text.splitlines()]
        edge = min(len(lines[0]), len(lines[-1])) < EDGE * len(text)
        ended = unicodedata.category(lines[-2][-1:] or "P").startswith("P")
        apart = relative > LONGER or (relative > 1 and edge and ended)
        if n_lines(text) > n_lines(source) and apart:
            return "more lines than the source"
    if relative > MUCH_LONGER and _sentences(text) > _sentences(source):
        return "more sentences than the source, and longer"
    return ""


def _paragraphs(text: str) -> int:
    return sum(not is_empty(part) for part in re.split(r"\n[ \t]*\n", text))


def _sentences(text: str) -> int:
    return sum(not is_empty(part) for part in _SENTENCE.split(text))


def stated(source: str, text: str, relative: float) -> str:
    """Return that a text states where its source asks, and says more; "" where it does not.

    Of a statement alone nothing is told: one human translation in 75 of a question has no question
    mark, and more in languages that need none.
    """
    if not _asks_at_end(source) or _ASKS.search(text):
        return ""
    if relative <= STATED and _sentences(text) <= _sentences(source):
        return ""
    return "it asks nothing, where the source does, and says more"


def masked(source: str, text: str, *, free: bool = False) -> str:
    """Return the marks of censoring in a text that its source lacks, "" where there are none.

    A `free` text may have more dots, dashes and stars than its source, where that has any.
    """
    if (more := _n(_SLOT, text) - _n(_SLOT, source)) > 0:
        return f"{more} more in square brackets than in the source"
    if _MASKS.isdisjoint(text) and not any(run in text for run in _MASK_RUNS):
        return ""
    found = [mark[0] for mark in _MASK.finditer(text.rstrip(".… ") if free else text)]
    in_source = _n(_MASK, source)
    if len(found) > in_source and not (free and in_source):
        return f'"{found[-1]}", which the source lacks'
    return ""


def doubled(source: str, text: str, relative: float) -> str:
    """Return that a text is two variants of one translation, "" where it is not."""
    if not _SLASHES.isdisjoint(text) and _n(_SLASH, text) > _n(_SLASH, source):
        return "variants, parted by a slash or a bar that the source lacks"
    if relative < TWICE:
        return ""
    for place in (found.end() for found in _SENTENCE.finditer(text)):
        first, second = text[:place], text[place:]
        if HALF[0] <= place / len(text) <= HALF[1] and chrf(first, second) > ALIKE:
            return "two variants, one after the other"
    return ""


def _n(pattern: re.Pattern[str], text: str) -> int:
    return len(pattern.findall(text))
