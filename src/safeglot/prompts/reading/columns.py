"""The columns of a file that hold ids, categories and texts: found by name, or named by the user."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from safeglot.prompts.problems import Problems, did_you_mean, listed
from safeglot.prompts.reading.lacking_columns import (
    say_ambiguous,
    say_headless,
    say_lacking,
    say_languages,
    say_others,
    say_unknown,
)
from safeglot.prompts.reading.language_names import is_common, is_plain, languages_named
from safeglot.prompts.reading.patterns import CONSTANT, IMPLIED, ROW_NUMBERS, SAID
from safeglot.prompts.reading.suggestions import by_language, looks_headless
from safeglot.prompts.reading.tables import Row, Table
from safeglot.text import languages

_NAMES = {
    "id": ("id",),
    "category": ("category", "categories", "tags"),
    "kind": ("kind",),
    "language": ("language", "lang", "locale"),
    "text": ("text", "prompt"),
    "intent": ("intent",),
    "version": ("version",),
}
_CONSTANT = ("category", "kind", "language")


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Columns of a file: `texts` (language to column) in the wide shape, else `text`."""

    id: str
    category: str
    kind: str | None
    language: str | None
    text: str | None
    texts: Mapping[str, str]
    unused: tuple[str, ...]
    notes: tuple[str, ...] = ()
    version: str | None = None
    """Which version of a request a row is: the translated one, or one that stands beside it."""
    read_as: Mapping[str, str] = field(default_factory=dict)
    """From words of the file to kinds, tags and categories."""
    unpaired: bool = False
    """Whether each language has prompts of its own, whatever their ids."""
    partial: bool = False
    """Whether rows that lack an id, a category or a language are left out."""


def cell_of(row: Row, column: str | None) -> object:
    """Return a row's cell, or the constant that stands in a column's place; None for no column."""
    if column is None:
        return None
    if column not in row.cells and column.startswith(CONSTANT):
        return column[len(CONSTANT) :]
    return row.cells.get(column)


def find_columns(table: Table, mapping: Mapping[str, str], problems: Problems) -> Columns:
    """Return the columns of a table; `mapping` goes from our names and tags to its columns.

    Raises: InputErrors where a column is lacking that nothing can be read without.
    """
    if looks_headless(table.header, table.sample) and not {*mapping.values()} & {*table.columns}:
        say_headless(table, problems)
    known = len(problems.found)
    fields, tags = _mapped(table, mapping, problems)
    problems.stop(known)
    for name in _NAMES:
        if name not in fields:
            column = usual_column(table.columns, name, {*fields.values(), *tags.values()})
            fields |= {name: column} if column else {}
    _versioned(fields, mapping)
    notes: list[str] = []
    if "language" not in fields:
        tags |= _language_columns(table, {*fields.values()}, tags, problems)
        if tags and "text" not in mapping:
            fields.pop("text", None)
        notes = [
            f'column "{c}" is read as {t}'
            for t, c in tags.items()
            if mapping.get(t) != c and not languages.tag_of(c)
        ]
        if not tags and IMPLIED["language"] in table.columns:
            fields["language"] = IMPLIED["language"]
    say_lacking(table, fields, tags, problems)
    if "text" in fields and not tags:
        if "text" not in mapping and "language" not in fields:
            say_others(table, fields["text"], fields.values(), problems)
        say_languages(table, fields, problems)
    problems.stop(known)
    used = {*fields.values(), *tags.values(), *SAID.values(), *IMPLIED.values()}
    return Columns(
        id=fields["id"],
        category=fields["category"],
        kind=fields.get("kind"),
        language=fields.get("language"),
        text=fields.get("text"),
        texts=tags,
        version=fields.get("version"),
        unused=tuple(c for c in table.columns if c and c not in used),
        notes=tuple(notes),
    )


def _versioned(fields: dict[str, str], mapping: Mapping[str, str]) -> None:
    """Let what links the versions of a request be its id; both columns count where they are there, or named."""
    intent = fields.pop("intent", None)
    if "version" not in mapping and not (intent and "version" in fields):
        fields.pop("version", None)
    if intent and ("version" in fields or "intent" in mapping):
        fields["id"] = intent


def _mapped(
    table: Table, mapping: Mapping[str, str], problems: Problems
) -> tuple[dict[str, str], dict[str, str]]:
    """Return the mapped fields and the mapped languages."""
    fields: dict[str, str] = {}
    tags: dict[str, str] = {}
    for name, column in mapping.items():
        constant = column.startswith(CONSTANT) and column not in table.columns
        if constant and name not in _CONSTANT:
            allowed = ", ".join(_CONSTANT)
            problems.add(
                table.where,
                f"--columns {name}={column} says the same for all rows; only {allowed} can be",
            )
        elif not constant and column not in table.columns and (name, column) != ("id", ROW_NUMBERS):
            say_unknown(table, name, column, problems)
        elif name in _NAMES:
            fields[name] = column
        else:
            _map_language(name, column, tags, table.where, problems)
    if "text" in fields and tags:
        problems.add(table.where, "--columns names text and a language; name one or the other")
    return fields, tags


def _map_language(
    name: str, column: str, tags: dict[str, str], where: str, problems: Problems
) -> None:
    try:
        tags[languages.canonical(name)] = column
    except languages.UnknownLanguage as error:
        near = did_you_mean(name, _NAMES) or _nearest_tags(error)
        allowed = f"{', '.join(_NAMES)} or a language tag"
        problems.add(where, f'--columns names "{name}", which is none of {allowed}{near}')


def _nearest_tags(error: languages.UnknownLanguage) -> str:
    return f"; nearest tags: {', '.join(error.nearest)}" if error.nearest else ""


def usual_column(columns: tuple[str, ...], name: str, taken: set[str]) -> str | None:
    """Return the column that is called what one of ours is; None where none is."""
    if SAID.get(name) in columns:
        return SAID[name]
    usual = called((column for column in columns if column not in taken), _NAMES[name])
    implied = IMPLIED.get(name) if name != "language" else None
    return usual or (implied if implied in columns else None)


def called(columns: Iterable[str], names: Iterable[str]) -> str | None:
    """Return the first column that has the first of some names, in any case; None where none has any."""
    folded = [(column.casefold(), column) for column in columns]
    return next((column for name in names for own, column in folded if own == name), None)


def _language_columns(
    table: Table, taken: set[str], mapped: Mapping[str, str], problems: Problems
) -> dict[str, str]:
    """Return the columns that are named by a language, or stand in one object by language."""
    tags: dict[str, str] = {}
    used = {c.casefold() for c in taken | {*mapped.values()}}  # ID beside id is not Indonesian
    free = [c for c in table.columns if c.casefold() not in used]
    within = by_language([c for c in table.columns if c not in taken], ".")
    own = next(iter(within.values())) if len(within) == 1 else {}
    for column in free:
        single = column_language(column)
        several = (single,) if single else own.get(column) or languages_named(column)
        if len(several) > 1:
            say_ambiguous(column, several, table.where, problems)
        tag = single or (several[0] if column in own and len(several) == 1 else None)
        if tag is None or tag in mapped:
            continue
        if tag in tags:
            problems.add(
                table.where,
                f'columns "{tags[tag]}" and "{column}" are both the language {tag}; '
                f"say which: --columns {tag}={tags[tag]}",
            )
            problems.remedy.columns[tag] = tags[tag]
        tags.setdefault(tag, column)
    return {} if [*tags] == ["nr"] and not mapped else tags  # alone it is a number, not Ndebele


def column_language(column: str) -> str | None:
    """Return the language that a column's name is the tag or the name of, if it is one.

    Of tags only language, script and region count: `en_text` and `en_google` are well-formed too.
    """
    if not (tag := languages.tag_of(column)):
        named = languages_named(column)
        return named[0] if len(named) == 1 and is_common(named[0]) else None
    is_known = languages.lookup(tag).script in languages.all_scripts()
    return tag if is_known and is_plain(tag) and not tag.startswith("x-") else None


def missing_language(tag: str, file_languages: tuple[str, ...], unused: tuple[str, ...]) -> str:
    """Return the message for a language that was asked for and is not there."""
    has = listed(file_languages, 40)
    alike = [t for t in file_languages if languages.primary(t) == languages.primary(tag)]
    looks = [c for c in unused if _looks_like(c, tag)]
    if looks:
        do = f'column "{looks[0]}" looks like it: --columns {tag}={looks[0]}'
    elif alike:
        do = f'did you mean "{alike[0]}"?'
    else:
        near = did_you_mean(tag, file_languages).removeprefix("; ")
        do = near or "leave it out of --languages, or give a file that has it"
    return f"has no text in {tag}, which --languages asks for (its languages: {has}); {do}"


def _looks_like(column: str, tag: str) -> bool:
    words = column.casefold().replace("-", "_").split("_")
    return tag.casefold() in words or tag in languages.nearest(column, 1)
