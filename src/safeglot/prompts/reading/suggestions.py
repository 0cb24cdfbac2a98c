"""Which columns of a file are likely to be ours, to be suggested: nothing is read by it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from safeglot.prompts.problems import did_you_mean
from safeglot.prompts.reading.cells import KINDS, LABELS, is_blank, plain_word
from safeglot.prompts.reading.language_names import is_common, languages_named
from safeglot.text.package_data import table

_WORDS: Mapping[str, Sequence[str]] = table(__package__, "words.toml")["columns"]
_OTHERS: Sequence[str] = table(__package__, "words.toml")["others"]
_MOST_WORDS = 4
_NAME = re.compile(r"[\w .#/()-]*[^\W\d]|[^\W\d]\w*")
"""What a column is called: no sentence, and no number at its end."""
_SIGNS = "_-. :/([ "
"""What may stand between a column's name and a language."""
_TRUTHS = {"0", "1", "true", "false", "yes", "no"}
"""Labels that are words of many columns."""
_ABOVE = 2.5
"""How many times longer than its name the texts of a column are at least."""
_LONGEST_NAME = 24
_KNOWN = {*_OTHERS, *(word for words in _WORDS.values() for word in words)}


def _words(column: str) -> list[str]:
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", column)
    return re.sub(r"[\W_]+", " ", spaced).casefold().split()


def is_known(column: str) -> bool:
    """Return whether a name is a word of headers."""
    words = _words(column)
    return bool(words) and not _KNOWN.isdisjoint((words[0], words[-1], words[-1].removesuffix("s")))


def likely_column(name: str, columns: Sequence[str]) -> str | None:
    """Return the column that most likely holds what one of ours does; None where none looks like it."""
    for word in _WORDS[name]:
        for place in (-1, 0):
            for column in columns:
                words = _words(column)
                if words and words[place] == word:
                    return column
    if name in ("kind", "model"):
        return None  # no spelling is near enough for that
    near = did_you_mean(name, columns)
    return near.split('"')[1] if near else None


def by_language(
    columns: Iterable[str], signs: str = _SIGNS, least: int = 2
) -> dict[str, dict[str, tuple[str, ...]]]:
    """Return base -> column -> languages of names such as prompt_en, en.prompt or promptEn, where `least` share a base."""
    groups: dict[str, dict[str, tuple[str, ...]]] = {}
    for column in columns:
        for base, name in _splits(column, signs):
            tags = languages_named(name.strip(" ()[]"))
            if base and tags and is_common(tags[0]):
                groups.setdefault(base.strip(" ()[]"), {}).setdefault(column, tags)
    return {base: own for base, own in groups.items() if len(own) >= least}


def _splits(column: str, signs: str) -> Iterable[tuple[str, str]]:
    for at, sign in enumerate(column):
        if sign in signs:
            yield column[:at], column[at + 1 :]
            yield column[at + 1 :], column[:at]
    if "_" in signs and (humps := re.fullmatch(r"(.*[a-z])([A-Z][A-Za-z]+)", column)):
        yield humps[1], humps[2]


def holds_languages(words: Iterable[str]) -> bool:
    """Return whether words of a column are tags or names of languages, as far as they are any."""
    there = [word for word in words if not is_blank(word)]
    return (
        bool(there)
        and not all(plain_word(word) in LABELS for word in there)
        and all(found and is_common(found[0]) for found in map(languages_named, there))
    )


def holds_kinds(words: Iterable[str]) -> bool:
    """Return whether words of a column are labels, of both kinds where they are known."""
    there = {plain_word(word) for word in words if not is_blank(word)}
    return len(there) > 1 and all(word in LABELS or word in KINDS for word in there)


def is_of_safety(column: str) -> bool:
    """Return whether yes means benign in a column of labels, by its name."""
    return not {"safe", "safety", "benign", "harmless"}.isdisjoint(_words(column))


def longest_columns(columns: Sequence[str], sample: Sequence[Mapping[str, object]]) -> list[str]:
    """Return the columns that hold texts: the longest, and what is half as long at least, in their order."""
    lengths = {
        column: sum(len(cell) for row in sample if isinstance(cell := row.get(column), str))
        for column in columns
    }
    most = max(lengths.values(), default=0)
    return [column for column, n in lengths.items() if n and 2 * n >= most]


def numbers_rows(column: str, sample: Sequence[Mapping[str, object]]) -> bool:
    """Return whether a column holds what ids look like: whole numbers, or words with a digit."""
    cells = [row.get(column) for row in sample]
    return bool(cells) and all(re.fullmatch(r"[\w.:/-]*\d[\w.:/-]*", str(cell)) for cell in cells)


def are_names(columns: Sequence[str]) -> bool:
    """Return whether several words are all what columns are called."""
    return len(columns) > 1 and all(_is_name(column, alone=False) for column in columns)


def looks_headless(columns: Sequence[str], sample: Sequence[Mapping[str, object]] = ()) -> bool:
    """Return whether the first line of a file looks like a row: no word in it is a header of what is below it."""
    return (
        bool(columns)
        and not any(
            _is_name(column, alone=len(columns) == 1)
            and not _is_cell(column, [str(row.get(column) or "").strip() for row in sample])
            for column in columns
        )
        and not _is_above(columns, sample)
    )


def _is_cell(name: str, below: Sequence[str]) -> bool:
    """Return whether a word of the first line is one of its own column's: a cell, not its name."""
    words = [word for word in below if not is_blank(word)]
    if not words:
        return False
    if name.casefold() in {word.casefold() for word in words}:
        return True
    told = {plain_word(word) for word in words}
    is_kind = plain_word(name) in LABELS | {*KINDS} and not told <= _TRUTHS
    return (bool(languages_named(name)) and holds_languages(words)) or (
        is_kind and all(word in LABELS or word in KINDS for word in told)
    )


def _is_above(columns: Sequence[str], sample: Sequence[Mapping[str, object]]) -> bool:
    """Return whether the first line is a header in words that are not known: by what stands below it."""
    if len(sample) < 2 or len(columns) < 2:
        return False
    for column in columns:
        cells = [row.get(column) for row in sample]
        if not _is_number(column) and all(map(_is_number, cells)):
            return True
    short = all(len(c) <= _LONGEST_NAME and len(c.split()) <= _MOST_WORDS for c in columns)
    return short and any(
        all(len(str(row.get(column) or "")) >= _ABOVE * len(column) for row in sample)
        for column in longest_columns(columns, sample)
    )


def _is_number(cell: object) -> bool:
    return bool(re.fullmatch(r"\s*-?\d+(\.\d+)?\s*", str(cell)))


def _is_name(column: str, *, alone: bool) -> bool:
    words = _words(column)
    if not words or len(words) > _MOST_WORDS or not _NAME.fullmatch(column):
        return False
    return (is_known(column) and not (alone and " " in column)) or bool(languages_named(column))
