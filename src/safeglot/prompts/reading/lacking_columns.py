"""What a file lacks of columns, said with what most likely mends it: nothing is read by these."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from safeglot.prompts.problems import Problems, did_you_mean, listed
from safeglot.prompts.reading.cells import KINDS, likely_kinds
from safeglot.prompts.reading.json_rows import KEY, LINE, spread
from safeglot.prompts.reading.language_names import (
    language_of_file,
    language_of_script,
    languages_named,
)
from safeglot.prompts.reading.patterns import CONSTANT, IMPLIED, ROW_NUMBERS, SAID
from safeglot.prompts.reading.suggestions import (
    by_language,
    holds_kinds,
    holds_languages,
    is_of_safety,
    likely_column,
    longest_columns,
    numbers_rows,
)
from safeglot.prompts.reading.tables import LONGEST_WORD, Table

_YES_OR_NO = frozenset(("True", "False", "true", "false", "TRUE", "FALSE"))


def has(table: Table) -> str:
    """Return the columns of a table, for messages."""
    columns = [c for c in table.columns if c and c not in (*SAID.values(), *IMPLIED.values())]
    return f"(its columns: {listed(columns, 40) or 'none'})"


def say_unknown(table: Table, name: str, column: str, problems: Problems) -> None:
    """Say that a table lacks a column which the user names."""
    near = did_you_mean(column, table.columns)
    message = f'has no column "{column}", which is named for {name}{near} {has(table)}'
    problems.add(table.where, message)


def say_headless(table: Table, problems: Problems, *, answers: bool = False) -> None:
    """Say that a file seems to have no header, in place of what else is wrong with it then; raises.

    `answers` is whether the last of its texts is an answer.
    """
    uneven = any("cells where the header has" in fault for fault in problems.found)
    problems.found.clear()
    first, found = table.header, problems.remedy.columns
    more = ""
    if len(first) == 1 or uneven:
        found |= {"text": LINE, "id": ROW_NUMBERS}
    else:
        more = _number_columns(table, problems, answers=answers)
    if not {SAID["category"], IMPLIED["category"]} & {*table.columns}:
        found.setdefault("category", f"{CONSTANT}all")
    if not {SAID["language"], IMPLIED["language"]} & {*table.columns}:
        found.setdefault("language", f"{CONSTANT}{likely_language(table, first) or 'en'}")
    problems.add(
        table.where,
        f'seems to have no header: its first line is "{",".join(first):.60}"; name its columns by their '
        f"numbers (#1, #2), or its lines as {LINE}, and say what is the same in all rows{more}",
    )
    problems.stop()


def likely_language(table: Table, columns: Sequence[str]) -> str | None:
    """Return the language that the name of the file, or the script of its texts, says."""
    texts = (cell for row in table.sample for c in columns if isinstance(cell := row.get(c), str))
    return language_of_file(table.where) or language_of_script(texts)


def _number_columns(table: Table, problems: Problems, *, answers: bool) -> str:
    """Return what is to be said of further texts, having suggested numbers of columns by what they hold."""
    found, first = problems.remedy.columns, table.header
    sample = [dict(zip(first, first, strict=True)), *table.sample]
    number = {name: f"#{at}" for at, name in enumerate(first, start=1)}
    words = {name: {name, *own} for name in first if (own := table.words.get(name)) is not None}
    free = dict.fromkeys(first)
    many = longest_columns([*free], sample)

    def settle(name: str, candidates: Iterable[str]) -> None:
        column = next((c for c in candidates if c in free), None)
        if column is not None:
            found[name] = number[column]
            del free[column]

    settle("language", (c for c in free if holds_languages(words.get(c, ()))))
    labels = [
        c for c in free if c in words and len(words[c]) < len(sample) and holds_kinds(words[c])
    ]
    settle("kind", labels)
    if "kind" in found:
        strange = [word for word in words[labels[0]] if word.casefold() not in KINDS]
        problems.remedy.read_as |= likely_kinds(strange)
    settle("id", (c for c in free if numbers_rows(c, sample)))
    found.setdefault("id", ROW_NUMBERS)
    texts = [column for column in many if column in free] or [*free]
    settle("text", texts)
    if answers:
        settle("answer", texts[1:] or [*free])
    settle("category", (c for c in free if c in words and c not in texts))
    if others := [number[c] for c in texts[1:] if c in free and "language" not in found]:
        return (
            f"; {', '.join(others)} may hold texts too: where each column is a language, say so, as in "
            f"--columns en={found['text']},de={others[0]}"
        )
    return ""


def say_lacking(
    table: Table, fields: Mapping[str, str], tags: Mapping[str, str], problems: Problems
) -> None:
    """Say which of the columns are lacking that nothing can be read without."""
    found = problems.remedy.columns
    taken = {*fields.values(), *tags.values()}
    table = _spread_out(table)
    if "text" not in fields and not tags:
        _say_textless(table, taken, fields, problems)
        taken |= {*found.values()}
    for name in ("id", "category"):
        if name in fields:
            continue
        likely = _likely(name, table, [c for c in table.columns if c and c not in taken])
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
        problems.add(table.where, f"has no column for {name}{near} {has(table)}; {do}")
    if found and "kind" not in fields:  # a column of labels would else pass for harmful prompts
        _suggest_kinds(table, [c for c in table.columns if c not in taken], problems)


def _spread_out(table: Table) -> Table:
    """Return a table with a row for each object of a list that stands in a cell, as far as it is seen."""
    lists = [c for c in table.columns if any(isinstance(row.get(c), list) for row in table.sample)]
    for name in lists:
        rows = [own for row in table.sample for own in spread(row, [name])]
        if columns := dict.fromkeys(c for row in rows for c in row if c not in table.columns):
            words = {c: tuple(dict.fromkeys(str(row.get(c, "")) for row in rows)) for c in columns}
            names = (*(c for c in table.columns if c != name), *columns)
            short = {c: own for c, own in words.items() if max(map(len, own)) <= LONGEST_WORD}
            return replace(table, columns=names, sample=tuple(rows), words={**table.words, **short})
    return table


def _likely(name: str, table: Table, free: Sequence[str]) -> str | None:
    """Return the column that most likely holds ids or categories, by its name or what is in it."""
    told = [c for c in free if not _YES_OR_NO.issuperset(table.words.get(c, (c,)))]
    if column := likely_column(name, told):
        return column
    if name == "id":
        rest = [c for c in free if numbers_rows(c, table.sample)]
        whole = [c for c in rest if len({str(r.get(c)) for r in table.sample}) == len(table.sample)]
        return next(iter(whole), None)
    return None


def _suggest_kinds(table: Table, free: Sequence[str], problems: Problems) -> str | None:
    """Return the column that holds labels, which is suggested with what its words most likely mean."""
    column = likely_column("kind", free)
    if column is None or not holds_kinds(table.words.get(column, ())):
        return None
    problems.remedy.columns["kind"] = column
    problems.remedy.read_as |= _meant(table, column)
    return column


def _meant(table: Table, column: str) -> dict[str, str]:
    words = [word for word in table.words[column] if word]
    meant = likely_kinds(words, of_safety=is_of_safety(column))
    return {word: kind for word, kind in meant.items() if KINDS.get(word.casefold()) != kind}


def say_labels(table: Table, unused: Sequence[str], problems: Problems) -> None:
    """Say that a column which is not read seems to tell harmful from benign prompts."""
    column = _suggest_kinds(table, unused, problems)
    if column is None:
        return
    said = ",".join(f"{word}={kind}" for word, kind in _meant(table, column).items())
    read_as = f' --read-as "{said}"' if said else ""
    problems.add(
        table.where,
        f'column "{column}" ({listed(table.words[column])}) seems to tell harmful prompts from benign ones; read '
        f"it by --columns kind={column}{read_as} (nothing is guessed: look at each), or say that all are "
        "harmful: --columns kind==harmful",
    )


def _say_textless(
    table: Table, taken: set[str], fields: Mapping[str, str], problems: Problems
) -> None:
    free = [c for c in table.columns if c and c not in taken]
    found = problems.remedy.columns
    groups = by_language(free) if "language" not in fields else {}
    lone = by_language(free, least=1) if "language" not in fields and not groups else {}
    groups = groups or {base: own for base, own in lone.items() if likely_column("text", [base])}
    if groups:
        base = likely_column("text", list(groups)) or next(iter(groups))
        found |= {tags[0]: column for column, tags in groups[base].items()}
        say = f"its languages seem to be in {', '.join(map(_named, groups[base].items()))}"
        if len(groups) > 1:
            say += f" (or in those of {', '.join(g for g in groups if g != base)})"
    else:
        column = likely_column("text", free)
        if column is None and LINE in table.columns:
            column = LINE
        likely = longest_columns([c for c in free if c not in _spoken(table, free)], table.sample)
        text = column or next(iter(likely or free), None)
        found |= {"text": text} if text else {}
        problems.remedy.nowhere |= set() if text else {"text"}
        say = "name it with --columns text=COLUMN or --columns en=COLUMN"
        say_languages(table, {**fields, **found}, problems)
    problems.add(
        table.where,
        f'has no text: neither a column "text" nor one a language, such as "en" {has(table)}; {say}',
    )


def _named(column: tuple[str, tuple[str, ...]]) -> str:
    name, tags = column
    return name if len(tags) == 1 else f"{name} ({' or '.join(tags)})"


def _spoken(table: Table, columns: Iterable[str]) -> list[str]:
    return [c for c in columns if c and holds_languages(table.words.get(c, ()))]


def say_languages(table: Table, fields: Mapping[str, str], problems: Problems) -> None:
    """Say which column seems to hold the languages of a table that names none."""
    if "language" in fields or {SAID["language"], IMPLIED["language"]} & {*table.columns}:
        return
    if columns := _spoken(table, [c for c in table.columns if c not in fields.values()]):
        column = columns[0]
        problems.remedy.columns["language"] = column
        problems.add(
            table.where,
            f'column "{column}" seems to hold the languages ({listed(table.words[column])}); say so: '
            f"--columns language={column}, or say the language of all rows: --columns language==en",
        )


def say_others(table: Table, text: str, taken: Iterable[str], problems: Problems) -> None:
    """Say that columns stand beside that of the texts which seem to be the same in other languages."""
    free = [c for c in table.columns if c and c not in {*taken}]
    groups = by_language(free, least=1)
    own = next((own for base, own in groups.items() if base.casefold() == text.casefold()), None)
    if own is None:
        return
    found = {tags[0]: column for column, tags in own.items()}
    if "en" not in found:
        found = {language_of_file(table.where) or "en": text, **found}
    problems.remedy.columns |= found
    said = ",".join(f"{tag}={column}" for tag, column in found.items())
    problems.add(
        table.where,
        f'has the texts in "{text}" and in {", ".join(map(_named, own.items()))}; say which language each is in: '
        f"--columns {said}, or leave these out: --columns text={text}",
    )


def say_ambiguous(column: str, tags: Sequence[str], where: str, problems: Problems) -> None:
    """Say that the name of a column may be that of several languages."""
    either = " or ".join(f"--columns {tag}={column}" for tag in tags)
    problems.add(where, f'column "{column}" may be {" or ".join(tags)}; say which: {either}')
    problems.remedy.columns[tags[0]] = column


def say_unnamed_language(table: Table, text: str, reference: str, problems: Problems) -> None:
    """Say that a file's name, or the script of its texts, is of another language than it would be read as."""
    tag = likely_language(table, [text])
    if tag and tag not in languages_named(reference):
        problems.remedy.columns["language"] = f"{CONSTANT}{tag}"
        problems.add(
            table.where,
            f"has no column for the language, and seems to be in {tag}: --columns language=={tag}, or "
            f"--columns language=={reference} where it is in that",
        )
