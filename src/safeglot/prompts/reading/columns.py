"""The columns of a file that hold ids, categories and texts: found by name, or named by the user."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from safeglot.prompts.problems import Problems, did_you_mean, listed
from safeglot.prompts.reading.tables import Table
from safeglot.text import languages

ROW_NUMBERS = "#"
"""As the column of `id`: number the rows."""

_NAMES = {
    "id": ("id",),
    "category": ("category", "categories", "tags"),
    "kind": ("kind",),
    "language": ("language", "lang"),
    "text": ("text", "prompt"),
}


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


def find_columns(table: Table, mapping: Mapping[str, str], problems: Problems) -> Columns:
    """Return the columns of a table; `mapping` goes from our names and tags to its columns.

    Raises: InputErrors where a column is lacking that nothing can be read without.
    """
    known = len(problems.found)
    fields, tags = _mapped(table, mapping, problems)
    problems.stop(known)
    for name, usual in _NAMES.items():
        if name not in fields:
            column = _usual(table.columns, usual, {*fields.values(), *tags.values()})
            fields |= {name: column} if column else {}
    if "language" not in fields:
        tags |= _language_columns(table, {*fields.values()}, tags, problems)
        if tags and "text" not in mapping:
            fields.pop("text", None)
    _require(table, fields, tags, problems)
    problems.stop(known)
    used = {*fields.values(), *tags.values()}
    return Columns(
        id=fields["id"],
        category=fields["category"],
        kind=fields.get("kind"),
        language=fields.get("language"),
        text=fields.get("text"),
        texts=tags,
        unused=tuple(c for c in table.columns if c and c not in used),
    )


def _mapped(
    table: Table, mapping: Mapping[str, str], problems: Problems
) -> tuple[dict[str, str], dict[str, str]]:
    """Return the mapped fields and the mapped languages."""
    fields: dict[str, str] = {}
    tags: dict[str, str] = {}
    for name, column in mapping.items():
        if column not in table.columns and not (name == "id" and column == ROW_NUMBERS):
            near = did_you_mean(column, table.columns)
            has = _has(table)
            message = f'has no column "{column}", which is named for {name}{near} {has}'
            problems.add(table.where, message)
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


def _usual(columns: tuple[str, ...], names: tuple[str, ...], taken: set[str]) -> str | None:
    free = [column for column in columns if column not in taken]
    by_name = {column.casefold(): column for column in reversed(free)}
    return next((by_name[name] for name in names if name in by_name), None)


def _language_columns(
    table: Table, taken: set[str], mapped: Mapping[str, str], problems: Problems
) -> dict[str, str]:
    """Return the columns that are named by a language tag, as tag to column."""
    tags: dict[str, str] = {}
    for column in table.columns:
        tag = None if column in taken | {*mapped.values()} else column_language(column)
        if tag is None or tag in mapped:
            continue
        if tag in tags:
            problems.add(
                table.where,
                f'columns "{tags[tag]}" and "{column}" are both the language {tag}; '
                f"say which: --columns {tag}={tags[tag]}",
            )
        tags.setdefault(tag, column)
    return tags


def column_language(column: str) -> str | None:
    """Return the language that a column's name is the tag of, if it is one.

    Only language, script and region count: `en_text` and `en_google` are well-formed tags too.
    """
    try:
        tag = languages.canonical(column)
        script = languages.lookup(tag).script
    except languages.UnknownLanguage:
        return None
    plain = all(len(subtag) <= 4 and not subtag[0].isdigit() for subtag in tag.split("-")[1:])
    return tag if plain and script in languages.all_scripts() and not tag.startswith("x-") else None


def _require(
    table: Table, fields: Mapping[str, str], tags: Mapping[str, str], problems: Problems
) -> None:
    has = _has(table)
    for name in ("id", "category"):
        if name not in fields:
            near = did_you_mean(name, [c for c in table.columns if c not in tags.values()])
            do = f"name it with --columns {name}=COLUMN"
            if name == "id":
                do += f" (or --columns id={ROW_NUMBERS} to number the rows)"
            problems.add(table.where, f"has no column for {name}{near} {has}; {do}")
    if "text" not in fields and not tags:
        problems.add(
            table.where,
            f'has no text: neither a column "text" nor one a language, such as "en" {has}; '
            "name it with --columns text=COLUMN or --columns en=COLUMN",
        )


def _has(table: Table) -> str:
    return f"(its columns: {', '.join(c for c in table.columns if c) or 'none'})"


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
