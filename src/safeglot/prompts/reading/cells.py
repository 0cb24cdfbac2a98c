"""Cells of a file: words of kinds and languages, words for an empty cell, and what cannot be sent."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping, Sequence

from safeglot.prompts.problems import Problems, listed
from safeglot.prompts.reading.language_names import is_common, languages_named
from safeglot.text import languages
from safeglot.text.package_data import table
from safeglot.text.surrogates import has_half
from safeglot.types import Kind

KINDS: Mapping[str, Kind] = {
    "harmful": "harmful",
    "benign": "benign",
    "unsafe": "harmful",
    "safe": "benign",
}
_WORDS_OF: Mapping[Kind, Sequence[str]] = table(__package__, "words.toml")["kinds"]
"""Words of other sets' labels and what they most likely mean: suggested, never taken for granted."""
LABELS = frozenset(word for words in _WORDS_OF.values() for word in words)
YES_OR_NO = frozenset(("1", "0", "true", "false", "yes", "no", "y", "n"))
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
    likely = [n for n in nearest if is_common(n) and (len(tag) > 2 or len(n) == 2)]
    own = "x-" + (re.sub(r"[^a-z0-9]", "", tag.casefold())[:8] or "other")
    near = f"; nearest: {', '.join(nearest)}" if nearest else ""
    more = "" if likely else f" ({own} is a tag for a language that has none)"
    problems.add(
        where,
        f'"{tag}" is not a language tag that is known{near}; say which it is: --read-as "{tag}=TAG"{more}',
    )
    problems.remedy.read_as[tag] = likely[0] if likely else own
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
    return languages.tag_of(name) == tag


def plain_word(word: str) -> str:
    """Return a word of a label as it is compared: without case, spaces, and the zero of a whole number."""
    return re.sub(r"[_\s]+", "-", word.strip().casefold()).removesuffix(".0")


def likely_kinds(words: Iterable[str], *, of_safety: bool = False) -> dict[str, Kind]:
    """Return what words of labels most likely mean, to be suggested; `of_safety` where yes means benign.

    A word that is not known is the other kind than those that are, or else harmful, as without labels.
    """
    known: dict[str, Kind] = {}
    for word in (words := [*words]):
        plain = plain_word(word)
        own = KINDS.get(plain) or next((k for k, ws in _WORDS_OF.items() if plain in ws), None)
        if own:
            swapped = of_safety and plain in YES_OR_NO
            known[word] = ("benign" if own == "harmful" else "harmful") if swapped else own
    kinds = {*known.values()}
    other: Kind = "benign" if kinds == {"harmful"} else "harmful"
    return {word: known.get(word, other) for word in words}


def say_strange_kinds(
    strange: Mapping[str, str], problems: Problems, *, of_safety: bool = False
) -> None:
    """Say which words are no kinds, each with where it stands first, and how to say what they mean."""
    read_as = likely_kinds(strange, of_safety=of_safety)
    problems.remedy.read_as |= read_as
    shown = listed([f"{word!r}" for word in strange], 12)
    said = ",".join(f"{word}={kind}" for word, kind in read_as.items())
    problems.add(
        next(iter(strange.values())),
        f"the kind is {shown}; allowed: harmful, benign; say what each means, perhaps "
        f'--read-as "{said}" (nothing is guessed: look at each)',
    )


def whole(cell: object) -> object:
    """Return a cell, of a whole number that came as 1.0 the number."""
    return int(cell) if isinstance(cell, float) and cell.is_integer() else cell


def bare(cell: object) -> str:
    """Return a cell as a text without blanks around it; '' for none."""
    return "" if cell is None else str(whole(cell)).strip()


def id_of(cell: object) -> str:
    """Return an id as text: of a whole number its digits; '' for what is none."""
    cell = whole(cell)
    if isinstance(cell, int) and not isinstance(cell, bool):
        return str(cell)
    return cell.strip() if isinstance(cell, str) and not is_blank(cell) else ""


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
