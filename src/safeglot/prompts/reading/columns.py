"""The columns of a file that hold ids, categories and texts: found by name, or named by the user."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from safeglot.prompts.problems import Problems, did_you_mean, listed
from safeglot.prompts.reading.json_rows import KEY, LINE
from safeglot.prompts.reading.language_names import is_common, languages_named
from safeglot.prompts.reading.patterns import IMPLIED, SAID
from safeglot.prompts.reading.suggestions import by_language, likely_column, looks_headless
from safeglot.prompts.reading.tables import Row, Table
from safeglot.text import languages

ROW_NUMBERS = "#"
"""As the column of `id`: number the rows."""
CONSTANT = "="
"""What begins, in place of a column, a text that is the same in all rows."""

_NAMES = {
    "id": ("id",),
    "category": ("category", "categories", "tags"),
    "kind": ("kind",),
    "language": ("language", "lang", "locale"),
    "text": ("text", "prompt"),
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
    read_as: Mapping[str, str] = field(default_factory=dict)
    """From words of the file to kinds, tags and categories."""
    unpaired: bool = False
    """Whether each language has prompts of its own, whatever their ids."""


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
    if looks_headless(table.header) and not {*mapping.values()} & {*table.columns}:
        _say_headless(table, problems)
    known = len(problems.found)
    fields, tags = _mapped(table, mapping, problems)
    problems.stop(known)
    for name, usual in _NAMES.items():
        if name not in fields:
            column = _usual(table.columns, name, usual, {*fields.values(), *tags.values()})
            fields |= {name: column} if column else {}
    notes: list[str] = []
    if "language" not in fields:
        tags |= _language_columns(table, {*fields.values()}, tags, problems)
        if tags and "text" not in mapping:
            fields.pop("text", None)
        notes = [
            f'column "{c}" is read as {t}'
            for t, c in tags.items()
            if mapping.get(t) != c and not _is_tag(c)
        ]
        if not tags and IMPLIED["language"] in table.columns:
            fields["language"] = IMPLIED["language"]
    if "category" not in fields and IMPLIED["category"] in table.columns:
        fields["category"] = IMPLIED["category"]
    _require(table, fields, tags, problems)
    problems.stop(known)
    used = {*fields.values(), *tags.values(), *SAID.values(), *IMPLIED.values()}
    return Columns(
        id=fields["id"],
        category=fields["category"],
        kind=fields.get("kind"),
        language=fields.get("language"),
        text=fields.get("text"),
        texts=tags,
        unused=tuple(c for c in table.columns if c and c not in used),
        notes=tuple(notes),
    )


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
            near = did_you_mean(column, table.columns)
            message = f'has no column "{column}", which is named for {name}{near} {_has(table)}'
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


def _usual(
    columns: tuple[str, ...], name: str, usual: tuple[str, ...], taken: set[str]
) -> str | None:
    if SAID.get(name) in columns:
        return SAID[name]
    free = [column for column in columns if column not in taken]
    by_name = {column.casefold(): column for column in reversed(free)}
    return next((by_name[each] for each in usual if each in by_name), None)


def _language_columns(
    table: Table, taken: set[str], mapped: Mapping[str, str], problems: Problems
) -> dict[str, str]:
    """Return the columns that are named by a language, or stand in one object by language."""
    tags: dict[str, str] = {}
    free = [c for c in table.columns if c not in taken | {*mapped.values()}]
    within = by_language(free, ".")
    if len(within) == 1:
        free += [*next(iter(within.values())).values()]
    for column in free:
        tag = column_language(column)
        if tag is None and len(within) == 1:
            own = next(iter(within.values()))
            tag = next((t for t, c in own.items() if c == column), None)
        if tag is None and len(several := languages_named(column)) > 1:
            _say_ambiguous(column, several, table.where, problems)
        if tag is None or tag in mapped or tags.get(tag) == column:
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


def _say_ambiguous(column: str, several: Sequence[str], where: str, problems: Problems) -> None:
    either = " or ".join(f"--columns {tag}={column}" for tag in several)
    problems.add(where, f'column "{column}" may be {" or ".join(several)}; say which: {either}')
    problems.remedy.columns[several[0]] = column


def _is_tag(column: str) -> bool:
    try:
        return bool(languages.canonical(column))
    except languages.UnknownLanguage:
        return False


def column_language(column: str) -> str | None:
    """Return the language that a column's name is the tag or the name of, if it is one.

    Of tags only language, script and region count: `en_text` and `en_google` are well-formed too.
    """
    if not _is_tag(column):
        named = languages_named(column)
        return named[0] if len(named) == 1 and is_common(named[0]) else None
    tag = languages.canonical(column)
    script = languages.lookup(tag).script
    plain = all(len(subtag) <= 4 and not subtag[0].isdigit() for subtag in tag.split("-")[1:])
    return tag if plain and script in languages.all_scripts() and not tag.startswith("x-") else None


def _require(
    table: Table, fields: Mapping[str, str], tags: Mapping[str, str], problems: Problems
) -> None:
    has, found = _has(table), problems.remedy.columns
    taken = {*fields.values(), *tags.values()}
    if "text" not in fields and not tags:
        _say_textless(table, taken, fields, problems)
        taken |= {*found.values()}
    for name in ("id", "category"):
        if name not in fields:
            likely = likely_column(name, [c for c in table.columns if c not in taken])
            found[name] = likely or (ROW_NUMBERS if name == "id" else f"{CONSTANT}all")
            if name == "id" and not likely and KEY in table.columns:
                found[name] = KEY
            taken.add(found[name])
            do = f"name it with --columns {name}=COLUMN"
            if name == "id":
                do += f" (or --columns id={ROW_NUMBERS} to number the rows)"
            else:
                do += f" (or --columns {name}={CONSTANT}all for one category of all)"
            near = f'; did you mean "{likely}"?' if likely else ""
            problems.add(table.where, f"has no column for {name}{near} {has}; {do}")
    _suggest_kind(table, fields, taken, found)


def _suggest_kind(
    table: Table, fields: Mapping[str, str], taken: set[str], found: dict[str, str]
) -> None:
    """Add a column of labels to what is suggested, which would else pass for harmful prompts."""
    column = likely_column("kind", [c for c in table.columns if c not in taken])
    if found and column and "kind" not in fields:
        found["kind"] = column


def _say_textless(
    table: Table, taken: set[str], fields: Mapping[str, str], problems: Problems
) -> None:
    free = [c for c in table.columns if c not in taken]
    found = problems.remedy.columns
    groups = by_language(free, "_-. ") if "language" not in fields else {}
    if groups:
        base = likely_column("text", list(groups)) or next(iter(groups))
        found |= groups[base]
        say = f"its languages seem to be in {', '.join(groups[base].values())}"
        if len(groups) > 1:
            say += f" (or in those of {', '.join(g for g in groups if g != base)})"
    else:
        column = likely_column("text", free)
        if column is None and LINE in table.columns:
            column = LINE
        found["text"] = column or next(iter(free), "COLUMN")
        say = "name it with --columns text=COLUMN or --columns en=COLUMN"
    problems.add(
        table.where,
        f'has no text: neither a column "text" nor one a language, such as "en" {_has(table)}; {say}',
    )


def _say_headless(table: Table, problems: Problems) -> None:
    """Say that a file seems to have no header, in place of what else is wrong with it then; raises."""
    uneven = any("cells where the header has" in fault for fault in problems.found)
    problems.found.clear()
    columns, found = table.header, problems.remedy.columns
    longest = max(range(len(columns)), key=lambda i: len(columns[i]))
    one = len(columns) == 1 or uneven
    found["text"] = LINE if one else f"#{longest + 1}"
    found["id"] = "#1" if longest and columns[0].isdigit() else ROW_NUMBERS
    if not {SAID["category"], IMPLIED["category"]} & {*table.columns}:
        found["category"] = f"{CONSTANT}all"
    if not {SAID["language"], IMPLIED["language"]} & {*table.columns}:
        found["language"] = f"{CONSTANT}en"
    problems.add(
        table.where,
        f'seems to have no header: its first line is "{",".join(columns):.60}"; name its columns by their '
        f"numbers (#1, #2), or its lines as {LINE}, and say what is the same in all rows",
    )
    problems.stop()


def _has(table: Table) -> str:
    columns = [c for c in table.columns if c and c not in (*SAID.values(), *IMPLIED.values())]
    return f"(its columns: {listed(columns, 40) or 'none'})"


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
