"""What stands around a translation that is not of it, or in place of a part of it.

Chat models add a preamble, a label, a note, a second variant, quotation marks, JSON, entities or
mark-up, and put marks where they censor. All is measured against the source: what that has itself
may stay. `unwrapped` takes off what can be taken off without a doubt; `wrapping`, `masked` and
`doubled` say what is wrong with the rest. People hardly ever do any of this: figures in
docs/explanation/hard-checks.md.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from safeglot.text.chrf import chrf
from safeglot.text.loops import is_empty
from safeglot.text.thoughts import split
from safeglot.translate.checks.lengths import folded, spaced

LAYERS = 5
"""Wrappings of one text that are taken off, at the most."""
LABEL = 90
"""Characters up to which what stands before a colon may be a label."""
LABEL_SHARE = 0.4
"""Share of a text up to which what stands before its first colon may be a label that nobody knows."""
LONGER, LONG = 1.15, 1.2
"""The same from which a text with one more line than its source, or words behind its question, has more in it."""
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

_QUOTES = ('""', "“”", "„“", "„”", "””", "«»", "»«", "‹›", "‘’", "‚‘", "''", "「」", "『』", "《》", "〈〉", "``", "〝〞", "＂＂")  # fmt: skip
_QUOTE_MARKS = frozenset("".join(_QUOTES)) - {"'", "’", "‘"}
_COLON = ":：﹕︓፥፦"
_ENTITY = re.compile(r"&(?:#\d{2,7}|#[xX][0-9a-fA-F]{2,6}|[A-Za-z]{2,24}\d{0,2});")
_FENCE = re.compile(
    r"^[ \t]*(?:```|~~~)[^\n`]*\n(.*?)\n?[ \t]*(?:```|~~~)[ \t]*$", re.DOTALL | re.MULTILINE
)
_TOKEN = re.compile(r"<\|[^<>|\n]{1,40}\|>|</s>|<eos>|<end_of_turn>|<｜[^<>\n]{1,40}｜>|\[/?INST\]")
_TAG = re.compile(r"<[^<>\n]{1,80}>")
_MARK_UP = re.compile(
    r"\*\*|__|`|^[ \t]*#{1,6}[ \t]+\S|^[ \t]*>[ \t]*\S|^[ \t]*(?:-{3,}|\*{3,})[ \t]*$", re.MULTILINE
)
_MARKS = frozenset("*_`#>-")
_STRESS = re.compile(r"^(\*\*\*|\*\*|__|\*|_)(?=\S)(.+?)(?<=\S)\1$", re.DOTALL)
_LEAD = re.compile(
    rf"^[\s*_#>`]*([^\n{_COLON}]{{1,{LABEL}}}?)[*_`]*[ \t]*([{_COLON}])[*_`]*(\s*)", re.DOTALL
)
_DASH = re.compile(rf"^[\s*_#>`]*([^\n{_COLON}–—→]{{1,40}}?)[*_`]*[ \t]*(?: - |[–—→]|->|=>)[ \t]*")
_DASHES = frozenset("-–—→>")
_HEADING = re.compile(
    r"^[ \t]*(?:#{1,6}[ \t]+[^\n]{1,80}|\*\*[^*\n]{1,80}\*\*|__[^_\n]{1,80}__)[ \t]*\n+"
)
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


# ---- taking off


def unwrapped(source: str, text: str) -> str:
    """Return a translation without what certainly stands around it; the text where nothing does."""
    text = text.strip()
    for _ in range(LAYERS):
        before = text
        for _, peel in _PEELS:
            inside = peel(source, text)
            if inside is not None and not is_empty(inside):
                text = inside.strip()
        if text == before:
            break
    return text


def _entities(source: str, text: str) -> str | None:
    """Return a text with its entities as characters, also those that were made of entities."""
    if "&" not in text or _ENTITY.search(source):
        return None
    for _ in range(2):
        text = _ENTITY.sub(lambda entity: html.unescape(entity[0]), text)
    return text


def _tokens(source: str, text: str) -> str | None:
    """Return a text without the marks of a chat template at its ends."""
    if _TOKEN.search(source):
        return None
    bare = text
    while found := _TOKEN.match(bare):
        bare = bare[found.end() :].lstrip()
    for found in reversed(list(_TOKEN.finditer(bare))):
        if bare[found.end() :].strip():
            break
        bare = bare[: found.start()]
    return bare


def _fence(source: str, text: str) -> str | None:
    """Return what stands in the only fenced block, with nothing but a label before it."""
    if "```" in source or "~~~" in source:
        return None
    blocks = list(_FENCE.finditer(text))
    if len(blocks) != 1:
        return None
    before, after = text[: blocks[0].start()].strip(), text[blocks[0].end() :].strip()
    alone = not after and (not before or before[-1] in _COLON)
    return blocks[0][1] if alone else None


def _json(source: str, text: str) -> str | None:
    """Return the one string of a JSON value that can be the translation."""
    if not _is_json(text) or _is_json(source):
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    own = folded(source)
    strings = [(key, said) for key, said in _strings(value) if folded(said) != own]
    named = [said for key, said in strings if _has(key, "translation")]
    if len(named) == 1:
        return named[0]
    return strings[0][1] if len(strings) == 1 else None


def _is_json(text: str) -> bool:
    return text.startswith(("{", "[")) and text.endswith(("}", "]")) and '"' in text


def _strings(value: Any, key: str = "", depth: int = 0) -> Iterator[tuple[str, str]]:
    """Yield (key, string) of a JSON value's leaves."""
    if isinstance(value, str):
        yield key, value
    elif depth < LAYERS:
        listed = [(key, inner) for inner in value] if isinstance(value, list) else []
        for name, inner in value.items() if isinstance(value, dict) else listed:
            yield from _strings(inner, name, depth + 1)


def _quotes(source: str, text: str) -> str | None:
    """Return what stands within quotation marks that hold the whole text, where the source has none such."""
    pair = _quoted(text)
    if not pair or _quoted(source.strip()):
        return None
    if _n_quotes(text) < _n_quotes(source) + (2 if pair[0] in _QUOTE_MARKS else 0):
        return None
    end = text.rstrip(".。")
    return end[1:-1] + ("" if len(end) == len(text) else text[len(end) :])


def _quoted(text: str) -> str:
    """Return the pair of marks that holds a whole text, a full stop behind it aside; "" where none does."""
    bare = text.rstrip(".。").rstrip()
    for pair in _QUOTES:
        if len(bare) > 2 and bare[0] == pair[0] and bare[-1] == pair[1] and _closes(bare, pair):
            return pair
    return ""


def _closes(text: str, pair: str) -> bool:
    """Return whether the first mark of a text is closed by its last, not before."""
    inner = text[1:-1]
    if pair[0] == pair[1]:
        return inner.count(pair[0]) % 2 == 0 if pair[0] != "'" else True
    depth = 0
    for character in inner:
        depth += (character == pair[0]) - (character == pair[1])
        if depth < 0:
            return False
    return True


def _n_quotes(text: str) -> int:
    return sum(character in _QUOTE_MARKS for character in text)


def _stress(source: str, text: str) -> str | None:
    """Return a text that is bold or italic as a whole without its marks."""
    found = _STRESS.match(text)
    if not found or found[1] in found[2] or _STRESS.match(source.strip()):
        return None
    return found[2]


def _label(source: str, text: str) -> str | None:
    """Return what stands behind a label: one that names a translation, or a line that ends in a colon."""
    found = _LEAD.match(text) if _n_colons(text) else None
    if found and text[found.end() :].strip():
        if _has(found[1], "translation") and not _has(source, "translation"):
            return text[found.end() :]
        if "\n" in found[3] and _lines(text) > _lines(source) and _leads(source) < 1:
            return text[found.end() :]
    found = None if _DASHES.isdisjoint(text) else _DASH.match(text)
    if found and not _DASH.match(source):
        named = _has(found[1], "translation") and not _has(source, "translation")
        return text[found.end() :] if named else None
    return None


def _leads(source: str) -> int:
    """Return how many lines of a source end in a colon."""
    return sum(line.rstrip()[-1:] in _COLON for line in source.splitlines() if line.strip())


def _heading(source: str, text: str) -> str | None:
    found = _HEADING.match(text)
    if not found or _HEADING.match(source) or _lines(source) >= _lines(text):
        return None
    return text[found.end() :]


def _thought(source: str, text: str) -> str | None:
    said = split(text)
    return said.text if said.thought and not split(source).thought else None


_PEELS: tuple[tuple[str, Callable[[str, str], str | None]], ...] = (
    ("a thought", _thought),
    ("entities", _entities),
    ("marks of a chat template", _tokens),
    ("a fenced block", _fence),
    ("JSON", _json),
    ("quotation marks", _quotes),
    ("a heading", _heading),
    ("a label", _label),
    ("bold or italic", _stress),
)


# ---- saying what is wrong


def wrapping(source: str, text: str, relative: float, *, free: bool = False) -> str:
    """Return what stands around a translation, "" where nothing does.

    `relative` is the text's length relative to what is usual. A `free` text may part lines, lists
    and sentences otherwise than its source.
    """
    stripped = text.strip()
    for name, peel in _PEELS:
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
    found = _LEAD.match(text) if _n_colons(text) > _n_colons(source) else None
    if not found:
        return ""
    rest = text[found.end() :]
    share = found.end() / len(text)
    if share > LABEL_SHARE or not rest or rest[0].islower():
        return ""
    return f'"{spaced(found[1])}" before it, as a label'


def _n_colons(text: str) -> int:
    return sum(map(text.count, _COLON))


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
        if _lines(text) > _lines(source) and relative > LONGER:
            return "more lines than the source, and longer"
    if relative > MUCH_LONGER and _sentences(text) > _sentences(source):
        return "more sentences than the source, and longer"
    return ""


def _paragraphs(text: str) -> int:
    return sum(not is_empty(part) for part in re.split(r"\n[ \t]*\n", text))


def _lines(text: str) -> int:
    return sum(not is_empty(line) for line in text.splitlines())


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


def _has(text: str, kind: str) -> bool:
    """Return whether a text has one of the words of a label."""
    said = text.casefold()
    return any(word in said for word in _words()[kind])


@cache
def _words() -> dict[str, tuple[str, ...]]:
    import tomllib
    from importlib import resources

    text = resources.files("safeglot.translate.checks").joinpath("labels.toml").read_text("utf-8")
    return {kind: tuple(words) for kind, words in tomllib.loads(text).items()}
