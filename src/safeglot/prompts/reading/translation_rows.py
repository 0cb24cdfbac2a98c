"""Rows of a file of translations, long (id, language, text) or wide (id and a column a language)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from safeglot.prompts.problems import Problems, listed
from safeglot.prompts.reading.cells import bare, known_language, text_fault
from safeglot.prompts.reading.tables import Row, Table
from safeglot.text import languages

ID, LANGUAGE, TEXT, SOURCE = "id", "language", "text", "source_language"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedTexts:
    """The prompts and languages that a file of translations should have."""

    prompts: Collection[str]
    languages: Collection[str]
    reference: str


@dataclass(slots=True, kw_only=True)
class _TextsSoFar:
    """The texts read so far, and what they are checked against."""

    expected: ExpectedTexts
    problems: Problems
    texts: dict[tuple[str, str], str] = field(default_factory=dict)
    places: dict[tuple[str, str], str] = field(default_factory=dict)
    extra: Counter[str] = field(default_factory=Counter)
    tags: dict[str, str] = field(default_factory=dict)


def read_translations(
    table: Table, expected: ExpectedTexts, problems: Problems
) -> tuple[Mapping[tuple[str, str], str], list[str]]:
    """Return the texts by (prompt, language), and notes on what is lacking and what is not used.

    Faults go to `problems`: no id, a language that is none, two texts of one prompt, a text that
    is no text, rows that were translated from another language than the prompts' own.
    """
    problems.found += table.faults
    so_far = _TextsSoFar(expected=expected, problems=problems)
    columns = _languages_of(table, so_far)
    if ID not in table.columns or not (TEXT in table.columns or columns):
        got = ", ".join(table.columns) or "none"
        problems.add(
            table.where,
            f"has the columns {got}; a file of translations has id, language and text, or id and "
            "a column for each language, named by its tag",
        )
        return {}, []
    for row in table.rows:
        _take(row, columns, so_far)
    return so_far.texts, list(_notes(so_far))


def _languages_of(table: Table, so_far: _TextsSoFar) -> dict[str, str]:
    """Return column -> language of a wide file; nothing for a long one."""
    if TEXT in table.columns:
        return {}
    tags = {c: languages.tag_of(c) for c in table.columns if c != ID}  # it is not Indonesian
    return {c: tag for c, tag in tags.items() if tag not in ("", so_far.expected.reference)}


def _take(row: Row, columns: Mapping[str, str], so_far: _TextsSoFar) -> None:
    prompt = bare(row.cells.get(ID))
    if not prompt:
        so_far.problems.add(row.place, "the id is empty; give the prompt's")
        return
    if prompt not in so_far.expected.prompts:
        so_far.extra[prompt] += 1
        return
    original = str(row.cells.get(SOURCE) or "").strip()
    if (
        original
        and known_language(original, row.place, so_far.problems) != so_far.expected.reference
    ):
        so_far.problems.add(
            row.place,
            f"id {prompt} was translated from {original}, and the prompts are in "
            f"{so_far.expected.reference}; keep the directions in files of their own",
        )
        return
    pairs = [(tag, row.cells.get(column)) for column, tag in columns.items()]
    if not columns:
        pairs = [(_tag(row, so_far), row.cells.get(TEXT))]
    for tag, text in pairs:
        if tag:
            _keep(row, prompt, tag, text, so_far)


def _tag(row: Row, so_far: _TextsSoFar) -> str:
    given = str(row.cells.get(LANGUAGE) or "").strip()
    if not given:
        so_far.problems.add(row.place, "the language is empty; give its tag, such as sw")
        return ""
    if given not in so_far.tags:
        so_far.tags[given] = known_language(given, row.place, so_far.problems)
    return so_far.tags[given]


def _keep(row: Row, prompt: str, tag: str, text: object, so_far: _TextsSoFar) -> None:
    if text is None or (isinstance(text, str) and not text.strip()):
        return
    key = (prompt, tag)
    fault = text_fault(text) if isinstance(text, str) else f"the value {text!r}, not a text"
    if fault:
        so_far.problems.add(row.place, f"id {prompt}: the text in {tag} has {fault}")
    elif key in so_far.texts:
        so_far.problems.add(
            row.place,
            f"id {prompt} in {tag} is there already, at {so_far.places[key]}; keep one of them",
        )
    else:
        so_far.texts[key], so_far.places[key] = str(text), row.place


def _notes(so_far: _TextsSoFar) -> Iterator[str]:
    for tag in so_far.expected.languages:
        lacking = [p for p in so_far.expected.prompts if (p, tag) not in so_far.texts]
        if any(language == tag for _, language in so_far.texts) and lacking:
            yield f"{len(lacking)} prompts have no {tag} in the file ({listed(lacking)})"
    if so_far.extra:
        yield f"{len(so_far.extra)} ids of the file are not among the prompts ({listed(list(so_far.extra))})"
    unused = {tag for _, tag in so_far.texts} - set(so_far.expected.languages)
    if unused:
        yield f"languages of the file that are not asked for: {listed(sorted(unused))}"
