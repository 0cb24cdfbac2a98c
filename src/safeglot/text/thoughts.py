"""What a model wrote for itself before its answer, split from the answer.

An answer may speak of the marks: a mark within a sentence, in quotes or in code splits nothing.
The marks stand in makers.toml.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from safeglot.text.makers import Channels, Marks, makers

_BLANK = " \t\r\n\ufeff"
_FENCE = re.compile(r"^ {0,3}(?:```|~~~)", re.MULTILINE)
_LIST_OR_QUOTE = re.compile(r"\s*(?:[>\-*+#|]+|\d+[.)])\s*")
_QUOTES = "\"'`\u2018\u2019\u201c\u201d\u201e\u00ab\u00bb"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """An answer, and the thought before it; `open` where the text ends within the thought."""

    text: str
    thought: str = ""
    open: bool = False
    lone: bool = False
    """The thought was cut off at a closing mark without an opening one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pair:
    open: re.Pattern[str]
    close: re.Pattern[str]
    lone: bool


def split(text: str) -> Said:
    """Return a reply's text without its thought; one that has none is as it was, to the blank."""
    if not may_have_marks(text):
        return Said(text=text)
    said = _by_channels(text.strip(_BLANK)) or _by_marks(text.strip(_BLANK))
    return said or Said(text=text)


def may_have_marks(text: str) -> bool:
    """Return whether any mark can be in a text: most have none, and each is asked."""
    lowered = text.lower()
    starts, by_sign = _lowered_marks()
    if lowered.lstrip(_BLANK).startswith(starts):
        return True
    for sign, marks in by_sign:
        if sign in lowered:
            for mark in marks:
                if mark in lowered:
                    return True
    return False


@functools.cache
def _lowered_marks() -> tuple[tuple[str, ...], tuple[tuple[str, tuple[str, ...]], ...]]:
    """Return the names that begin a text, and the marks that stand anywhere, in lower case.

    Marks that begin with the same sign, such as "<", stand together, so that one look is enough
    for most texts.
    """
    rows = makers()
    c = rows.channels
    marks = [mark for pair in rows.thoughts for mark in (pair.open, pair.close)]
    marks += [c.start, c.channel, c.message, *(c.role + name for name in c.answer)]
    marks += [f"{c.role}\n"]
    by_sign: dict[str, list[str]] = {}
    for mark in sorted({mark.lower() for mark in marks if mark}):
        sign = mark if mark[0].isalpha() else mark[0]
        by_sign.setdefault(sign, []).append(mark)
    return tuple(c.thought), tuple((sign, tuple(own)) for sign, own in by_sign.items())


@functools.cache
def _pairs() -> tuple[_Pair, ...]:
    return tuple(_pair(marks) for marks in makers().thoughts)


def _pair(marks: Marks) -> _Pair:
    compiled = (re.compile(re.escape(mark), re.IGNORECASE) for mark in (marks.open, marks.close))
    return _Pair(open=next(compiled), close=next(compiled), lone=marks.lone)


# ---- marks around the thought


def _by_marks(text: str) -> Said | None:
    thoughts, rest, is_open = _leading(text)
    is_lone = False
    if not thoughts and not is_open:
        cut = _lone_close(rest)
        if cut is not None:
            is_lone = bool(rest[: cut[0]].strip(_BLANK))
            thoughts, rest = [rest[: cut[0]]], rest[cut[1] :]
    if not is_open:
        inner, rest, is_open = _within(rest)
        thoughts += inner
    if rest == text:
        return None
    thought = "\n\n".join(part for part in (t.strip(_BLANK) for t in thoughts) if part)
    return Said(text=_unwrapped(rest.strip(_BLANK)), thought=thought, open=is_open, lone=is_lone)


def _leading(text: str) -> tuple[list[str], str, bool]:
    """Return the thoughts at the beginning, what is behind them, and whether the last has no end."""
    thoughts: list[str] = []
    rest = text
    while True:
        rest = rest.lstrip(_BLANK)
        pair = next((p for p in _pairs() if p.open.match(rest)), None)
        if pair is None:
            closing = next((c for p in _pairs() if p.lone and (c := p.close.match(rest))), None)
            if closing is None or not _is_mark(rest, closing, at_start=True):
                return thoughts, rest, False
            rest = rest[closing.end() :]
            continue
        inside = rest[_end(pair.open, rest) :]
        close = _close_of(pair, inside)
        if close is None:
            return [*thoughts, inside], "", True
        thoughts.append(inside[: close[0]])
        rest = inside[close[1] :]


def _end(pattern: re.Pattern[str], text: str) -> int:
    match = pattern.match(text)
    return match.end() if match else 0


def _close_of(pair: _Pair, inside: str) -> tuple[int, int] | None:
    """Return the place of the mark that ends a thought: its own, or another's that stands alone.

    Thoughts within thoughts have their own ends, but a thought may also name the opening mark.
    """
    closes = [m for m in pair.close.finditer(inside) if not _is_quoted(inside, m)]
    if not closes:
        return _lone_close(inside)
    opens = [m.start() for m in pair.open.finditer(inside)]
    for depth, close in enumerate(closes):
        if sum(at < close.start() for at in opens) <= depth:
            return close.span()
    return closes[0].span()


def _lone_close(text: str) -> tuple[int, int] | None:
    """Return the place of the first closing mark that has no opening one before it."""
    fenced = _fenced(text)
    places = [
        close.span()
        for pair in _pairs()
        if pair.lone
        for close in pair.close.finditer(text)
        if _is_mark(text, close)
        and not _is_within(close.start(), fenced)
        and not pair.open.search(text, 0, close.start())
    ]
    return min(places, default=None)


def _within(text: str) -> tuple[list[str], str, bool]:
    """Return the thoughts that begin a line further down, the text without them, and whether one has no end."""
    thoughts: list[str] = []
    start = 0
    while True:
        fenced = _fenced(text)
        found = _next_opening(text, start, fenced)
        if found is None:
            return thoughts, text, False
        pair, opening = found
        inside = text[opening.end() :]
        close = _close_of(pair, inside)
        if close is not None:
            thoughts.append(inside[: close[0]])
            text = text[: opening.start()] + inside[close[1] :].lstrip(" \t\r\n")
            start = opening.start()
        elif _is_mark(text, opening):
            return [*thoughts, inside], text[: opening.start()], True
        else:
            start = opening.end()


def _next_opening(
    text: str, start: int, fenced: list[tuple[int, int]]
) -> tuple[_Pair, re.Match[str]] | None:
    openings = [
        (opening.start(), pair, opening)
        for pair in _pairs()
        if pair.lone
        for opening in pair.open.finditer(text, start)
        if _begins_line(text, opening.start()) and not _is_within(opening.start(), fenced)
    ]
    if not openings:
        return None
    _, pair, opening = min(openings, key=lambda found: found[0])
    return pair, opening


def _begins_line(text: str, at: int) -> bool:
    before = text[text.rfind("\n", 0, at) + 1 : at]
    return not before.strip() and not _is_indented(before)


def _is_mark(text: str, match: re.Match[str], *, at_start: bool = False) -> bool:
    """Return whether a mark stands on a line of its own or ends one, and is no quotation."""
    line_end = text.find("\n", match.end())
    behind = text[match.end() : line_end if line_end >= 0 else len(text)]
    if at_start:  # nothing can be lost: only the mark goes
        return not _is_quoted(text, match)
    if behind.strip():
        return False
    before = text[text.rfind("\n", 0, match.start()) + 1 : match.start()]
    if not before.strip():
        return not _is_indented(before)
    return not _LIST_OR_QUOTE.fullmatch(before)


def _is_indented(before: str) -> bool:
    return before.startswith(("    ", "\t"))


def _is_quoted(text: str, match: re.Match[str]) -> bool:
    before, behind = text[: match.start()][-1:], text[match.end() : match.end() + 1]
    return bool(before) and before in _QUOTES and bool(behind) and behind in _QUOTES


def _fenced(text: str) -> list[tuple[int, int]]:
    """Return the places of code between two fences; a fence without an end makes nothing code."""
    fences: Iterator[int] = (fence.start() for fence in _FENCE.finditer(text))
    return list(zip(fences, fences, strict=False))


def _is_within(at: int, places: Iterable[tuple[int, int]]) -> bool:
    return any(first <= at < last for first, last in places)


def _unwrapped(text: str) -> str:
    """Return an answer without the marks that some models put around it after a thought."""
    for marks in makers().answers:
        if text.startswith(marks.open):
            inside = text[len(marks.open) :]
            if not marks.open and not inside.endswith(marks.close):
                continue
            if marks.close not in inside or inside.endswith(marks.close):
                text = inside.removesuffix(marks.close).strip(_BLANK)
    return text


# ---- channels


@functools.cache
def _header(*, bare: bool) -> re.Pattern[str]:
    """Return the pattern of what begins a channel; `bare` without its first token."""
    c = makers().channels
    names = "|".join((*c.thought, *c.answer))
    start = rf"(?:{re.escape(c.start)}\s*{c.role}\s*)"
    channel = rf"(?:{re.escape(c.channel)}\s*)" + ("?" if bare else "")
    named = rf"{start}?{channel}({names})\b[^<]*(?:<\|constrain\|>[^<]*)?{re.escape(c.message)}"
    return re.compile(rf"{named}|{start}{re.escape(c.message)}")


def _by_channels(text: str) -> Said | None:
    """Return what the channels of a text hold; None where it has none."""
    c = makers().channels
    first = _header(bare=True).match(text)
    if first is None:
        if text.startswith((c.channel, c.start)) and not any(p.open.match(text) for p in _pairs()):
            return Said(text="", thought=text, open=True)  # it ends within the first header
        return _by_bare_names(text, c)
    headers = [first, *_header(bare=False).finditer(text, first.end())]
    ends = [header.start() for header in headers[1:]] + [len(text)]
    parts: dict[bool, list[str]] = {True: [], False: []}
    for header, end in zip(headers, ends, strict=True):
        inside = re.split("|".join(map(re.escape, c.ends)), text[header.end() : end])[0]
        parts[header[1] in c.thought].append(inside.strip(_BLANK))
    return Said(
        text="\n\n".join(parts[False]),
        thought="\n\n".join(filter(None, parts[True])),
        open=not parts[False],
    )


@functools.cache
def _bare_names() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    """Return the patterns of channels whose tokens were stripped.

    The thought's name at the beginning, the answer's behind it, and the answer's where the
    thought's is gone too.
    """
    c = makers().channels
    thought, answer = "|".join(c.thought), "|".join(c.answer)
    quoted = re.escape(_QUOTES)
    return (
        re.compile(rf"(?:{c.role}\n*)?(?:{thought})"),
        re.compile(rf"{c.role}\n*(?:{answer})(?![a-z])"),
        re.compile(
            rf"(?:\A|^|(?<=[^\s{quoted}])){c.role}(?:{answer})(?=[^\s{quoted}a-z.,;:)]|\s*\n|\Z)",
            re.MULTILINE,
        ),
    )


def _by_bare_names(text: str, channels: Channels) -> Said | None:
    of_thought, of_answer, alone = _bare_names()
    begins = of_thought.match(text)
    ends = of_answer.search(text, begins.end()) if begins else alone.search(text)
    if ends is not None:
        thought = text[begins.end() if begins else 0 : ends.start()].strip(_BLANK)
        between = re.compile(rf"{channels.role}\n*(?:{'|'.join(channels.thought)})(?![a-z])")
        return Said(
            text=text[ends.end() :].strip(_BLANK),
            thought=between.sub("\n\n", thought),
            lone=begins is None and bool(thought),
        )
    # "analysis" glued to what follows is no word of an answer
    if begins is not None and re.match(r"[^\W\d_a-z]|[\[(]", text[begins.end() :]):
        return Said(text="", thought=text[begins.end() :], open=True)
    return None
