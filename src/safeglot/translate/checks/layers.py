"""What stands around a translation, layer by layer, and can be taken off without a doubt.

All is measured against the source: what that has itself may stay.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from safeglot.text.loops import is_empty
from safeglot.text.package_data import table
from safeglot.text.thoughts import split
from safeglot.translate.checks.lengths import folded

LAYERS = 5
"""Wrappings of one text that are taken off, at the most."""
LABEL, LABEL_SHARE, SHORT_LABEL = 90, 0.55, 40
"""Characters, and share of a text, up to which what stands before its first colon may be a label.

A short one may be longer than the text.
"""
_QUOTES = ('""', "“”", "„“", "„”", "””", "«»", "»«", "‹›", "‘’", "‚‘", "''", "「」", "『』", "《》", "〈〉", "``", "〝〞", "＂＂")  # fmt: skip
_QUOTE_MARKS = frozenset("".join(_QUOTES)) - {"'", "’", "‘"}
_COLON = ":：﹕︓፥፦"
_ENTITY = re.compile(r"&(?:#\d{2,7}|#[xX][0-9a-fA-F]{2,6}|[A-Za-z]{2,24}\d{0,2});")
_FENCE = re.compile(
    r"^[ \t]*(?:```|~~~)[^\n`]*\n(.*?)\n?[ \t]*(?:```|~~~)[ \t]*$", re.DOTALL | re.MULTILINE
)
_TOKEN = re.compile(r"<\|[^<>|\n]{1,40}\|>|</s>|<eos>|<end_of_turn>|<｜[^<>\n]{1,40}｜>|\[/?INST\]")
_STRESS = re.compile(r"^(\*\*\*|\*\*|__|\*|_)(?=\S)(.+?)(?<=\S)\1$", re.DOTALL)
_NO_LABEL = r"\n()（）\[\]［］【】?？؟"
LEAD = re.compile(
    rf"^[\s*_#>`]*([^{_NO_LABEL}{_COLON}]{{1,{LABEL}}}?)[*_`]*[ \t]*([{_COLON}])[*_`]*(\s*)",
    re.DOTALL,
)
_DASH = re.compile(rf"^[\s*_#>`]*([^\n{_COLON}–—→]{{1,40}}?)[*_`]*[ \t]*(?: - |[–—→]|->|=>)[ \t]*")
_DASHES = frozenset("-–—→>")
_HEADING = re.compile(
    r"^[ \t]*(?:#{1,6}[ \t]+[^\n]{1,80}|\*\*[^*\n]{1,80}\*\*|__[^_\n]{1,80}__)[ \t]*\n+"
)


def unwrapped(source: str, text: str) -> str:
    """Return a translation without what certainly stands around it; the text where nothing does."""
    text = text.strip()
    for _ in range(LAYERS):
        before = text
        for _, peel in PEELS:
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
    named = [said for key, said in strings if _names(key)]
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
    found = LEAD.match(text) if n_colons(text) else None
    if found and text[found.end() :].strip():
        short = found.end() <= max(SHORT_LABEL, LABEL_SHARE * len(text))
        in_front = "\n" in found[3] or short
        if in_front and _names(found[1]) and not _names(source):
            return text[found.end() :]
        if "\n" in found[3] and n_lines(text) > n_lines(source) and _leads(source) < 1:
            return text[found.end() :]
    found = None if _DASHES.isdisjoint(text) else _DASH.match(text)
    if found and not _DASH.match(source):
        named = _names(found[1]) and not _names(source)
        return text[found.end() :] if named else None
    return None


def _leads(source: str) -> int:
    """Return how many lines of a source end in a colon."""
    return sum(line.rstrip()[-1:] in _COLON for line in source.splitlines() if line.strip())


def _heading(source: str, text: str) -> str | None:
    found = _HEADING.match(text)
    if not found or _HEADING.match(source) or n_lines(source) >= n_lines(text):
        return None
    return text[found.end() :]


def _thought(source: str, text: str) -> str | None:
    said = split(text)
    return said.text if said.thought and not split(source).thought else None


PEELS: tuple[tuple[str, Callable[[str, str], str | None]], ...] = (
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


# ---- what the layers and the wrappings share


def n_colons(text: str) -> int:
    """Return how many colons a text has, of any script."""
    return sum(map(text.count, _COLON))


def n_lines(text: str) -> int:
    """Return how many lines of a text say something."""
    return sum(not is_empty(line) for line in text.splitlines())


def _names(text: str) -> bool:
    """Return whether a label has the word for "translation" in some language."""
    said = text.casefold()
    return any(word in said for word in _words())


@cache
def _words() -> tuple[str, ...]:
    return tuple(table("safeglot.translate.checks", "labels.toml")["translation"])
