"""Cells of a file: words of kinds and languages, words for an empty cell, and what cannot be sent."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping

from safeglot.prompts.problems import Problems, listed
from safeglot.prompts.reading.language_names import languages_named
from safeglot.text import languages
from safeglot.text.surrogates import has_half
from safeglot.types import Kind

KINDS: Mapping[str, Kind] = {
    "harmful": "harmful",
    "benign": "benign",
    "unsafe": "harmful",
    "safe": "benign",
}
_WORDS_OF: Mapping[Kind, frozenset[str]] = {
    "harmful": frozenset(
        ("hateful", "toxic", "1", "true", "yes", "y", "bad", "malicious", "hate", "offensive", "positive")
    ),
    "benign": frozenset(
        ("non-hateful", "nonhateful", "non-toxic", "0", "false", "no", "n", "good", "harmless", "neutral",
         "not hateful", "non-harmful", "normal", "negative")
    ),
}  # fmt: skip
"""Words of other sets' labels and what they most likely mean: suggested, never taken for granted."""
LABELS = frozenset(word for words in _WORDS_OF.values() for word in words)
_BLANK = frozenset(("", "nan", "n/a", "#n/a", "na", "<na>", "none", "null", "nat", "nil"))
"""What programs write in the place of an empty cell, case folded."""


def known_language(tag: str, where: str, problems: Problems) -> str:
    """Return the canonical tag of a tag or a name; '' with a problem noted where there is none, or several."""
    found = languages_named(tag)
    if len(found) == 1:
        return found[0]
    if found:
        either = " or ".join(found)
        do = " or ".join(f'--read-as "{tag}={each}"' for each in found)
        problems.add(where, f'"{tag}" may be {either}; say which: {do}')
        problems.remedy.read_as[tag] = found[0]
        return ""
    nearest = languages.nearest(tag)
    near = f"; nearest: {', '.join(nearest)}" if nearest else ""
    problems.add(
        where,
        f'"{tag}" is not a language tag that is known{near}; say which it is: --read-as "{tag}=TAG"',
    )
    problems.remedy.read_as[tag] = nearest[0] if nearest else "TAG"
    return ""


def words_of(read_as: Mapping[str, str]) -> tuple[dict[str, Kind], dict[str, str], dict[str, str]]:
    """Return what words of a file are read as: kinds and languages, by the case folded word, and categories."""
    kinds: dict[str, Kind] = {}
    tags: dict[str, str] = {}
    categories: dict[str, str] = {}
    for word, meant in read_as.items():
        if kind := KINDS.get(meant.casefold()):
            kinds[word.casefold()] = kind
        elif len(found := languages_named(meant)) == 1:
            tags[word.casefold()] = found[0]
        else:
            categories[word] = meant
    return kinds, tags, categories


def is_blank(cell: object) -> bool:
    """Return whether a cell is empty, or has what programs write in the place of an empty one."""
    if isinstance(cell, float):
        return cell != cell  # noqa: PLR0124 - true of NaN alone
    return cell is None or (isinstance(cell, str) and cell.strip().casefold() in _BLANK)


def is_spelling(name: str, tag: str) -> bool:
    """Return whether a name is a spelling of a tag."""
    try:
        return languages.canonical(name) == tag
    except languages.UnknownLanguage:
        return False


def likely_kinds(words: Iterable[str]) -> dict[str, Kind]:
    """Return what words of labels most likely mean, to be suggested."""
    return {
        word: next(
            (kind for kind, known in _WORDS_OF.items() if word.casefold() in known), "benign"
        )
        for word in words
    }


def say_strange_kinds(strange: Mapping[str, str], problems: Problems) -> None:
    """Say which words are no kinds, each with where it stands first, and how to say what they mean."""
    read_as = likely_kinds(strange)
    problems.remedy.read_as |= read_as
    shown = listed([f"{word!r}" for word in strange], 12)
    said = ",".join(f"{word}={kind}" for word, kind in read_as.items())
    problems.add(
        next(iter(strange.values())),
        f"the kind is {shown}; allowed: harmful, benign; say what each means, perhaps "
        f'--read-as "{said}" (nothing is guessed: look at each)',
    )


def category_of(cell: object) -> str:
    """Return a category's name; '' where there is none."""
    if is_blank(cell):
        return ""
    if isinstance(cell, int) and not isinstance(cell, bool):
        return str(cell)
    return cell.strip() if isinstance(cell, str) else ""


def python_list(cell: str) -> object:
    """Return the list that a text is of in Python's spelling; None where it is none."""
    try:
        return ast.literal_eval(cell.strip())
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return None


def text_fault(text: str) -> str:
    """Return what in a text cannot be sent to a model; '' for nothing."""
    if "\0" in text:
        return "a null byte; the file may be damaged"
    if has_half(text):
        return "half of a surrogate pair, which is no character; write the whole character"
    return ""
