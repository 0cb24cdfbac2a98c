"""Which columns of a file are likely to be ours, to be suggested: nothing is read by it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from safeglot.prompts.problems import did_you_mean
from safeglot.prompts.reading.language_names import is_common, languages_named

_WORDS = {
    "id": ("id", "ids", "qid", "idx", "index", "uid", "uuid", "key", "number", "nr"),
    "text": (
        "text", "prompt", "question", "query", "request", "instruction", "goal", "case", "sentence",
        "behavior", "behaviour", "input", "content", "message", "utterance",
    ),
    "category": (
        "category", "categories", "topic", "hazard", "theme", "harm", "type", "class", "tag", "tags",
        "functionality", "domain", "subject", "subcategory", "risk",
    ),
    "kind": ("label", "labels", "kind", "harmful", "toxic", "unsafe"),
}  # fmt: skip
_OTHERS = {
    "language", "lang", "locale", "kind", "label", "labels", "source", "target", "response", "answer",
    "name", "note", "hash", "split", "persona", "severity",
}  # fmt: skip
_MOST_WORDS = 4
_NAME = re.compile(r"[\w .#/()-]*[^\W\d]|[^\W\d]\w*")
"""What a column is called: no sentence, and no number at its end."""
_KNOWN = {*_OTHERS, *(word for words in _WORDS.values() for word in words)}


def _words(column: str) -> list[str]:
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", column)
    return re.sub(r"[\W_]+", " ", spaced).casefold().split()


def likely_column(name: str, columns: Sequence[str]) -> str | None:
    """Return the column that most likely holds what one of ours does; None where none looks like it."""
    for word in _WORDS[name]:
        for place in (-1, 0):
            for column in columns:
                words = _words(column)
                if words and words[place] == word:
                    return column
    if name == "kind":
        return None  # no spelling is near enough for that
    near = did_you_mean(name, columns)
    return near.split('"')[1] if near else None


def by_language(columns: Iterable[str], signs: str) -> dict[str, dict[str, str]]:
    """Return base -> language -> column of names such as prompt_en or en.prompt, with one of the signs between."""
    groups: dict[str, dict[str, str]] = {}
    for column in columns:
        for at, sign in enumerate(column):
            if sign in signs:
                for base, name in (
                    (column[:at], column[at + 1 :]),
                    (column[at + 1 :], column[:at]),
                ):
                    tags = languages_named(name)
                    if base and len(tags) == 1 and is_common(tags[0]):
                        groups.setdefault(base, {}).setdefault(tags[0], column)
    return {base: own for base, own in groups.items() if len(own) > 1}


def looks_headless(columns: Sequence[str]) -> bool:
    """Return whether the first line of a file looks like a row: no word in it is one of headers."""
    return bool(columns) and not any(
        _is_name(column, alone=len(columns) == 1) for column in columns
    )


def _is_name(column: str, *, alone: bool) -> bool:
    words = _words(column)
    if not words or len(words) > _MOST_WORDS or not _NAME.fullmatch(column):
        return False
    known = _KNOWN & {words[0], words[-1], words[-1].removesuffix("s")}
    return (bool(known) and not (alone and " " in column)) or bool(languages_named(column))
