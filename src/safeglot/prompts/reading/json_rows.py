"""Rows of JSON and JSON Lines: a list of objects or texts, or the list under a key."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple, TextIO

from safeglot.prompts.problems import Problems, listed
from safeglot.prompts.reading.language_names import is_plain, languages_named
from safeglot.prompts.reading.patterns import CONSTANT, ROW_NUMBERS, SAID, PathCells, place_of
from safeglot.prompts.reading.suggestions import is_known, likely_column

LINE = "#0"
"""The column of what is one text and no more: a line, or an item that is no object."""
KEY = "(key)"
"""The column of the key that an object stands under."""
MOST_LETTERS = 1 << 24
"""Letters of one line."""
MOST_WHOLE = 1 << 26
"""Letters of a JSON file, which is read as a whole."""
_DEPTH = 6
_LISTS_DEPTH = 12


class Found(NamedTuple):
    """One object's cells, its number, and what the key that it stands under says of it."""

    number: int
    cells: Mapping[str, object]
    place: PathCells | None = None


def bounded(lines: TextIO, where: str, problems: Problems) -> Iterator[str]:
    """Yield the lines, as long as none is too long to be a prompt's."""
    number = 0
    while line := lines.readline(MOST_LETTERS):
        number += 1
        if len(line) == MOST_LETTERS and not line.endswith("\n"):
            problems.add(
                f"{where}:{number}",
                f"has more than {MOST_LETTERS:,} letters in one line; give each prompt a line, as in "
                "`jq -c '.[]' FILE.json > FILE.jsonl`",
            )
            return
        yield line


def is_json_lines(lines: TextIO, suffix: str) -> bool:
    """Return whether a text has an object a line, whatever the name of its file says."""
    whole = [line for line in (lines.readline(MOST_LETTERS) for _ in range(2)) if line.strip()]
    lines.seek(0)
    first = "".join(whole[0].split()) if whole else ""
    if suffix != ".json":
        return first not in ("[", "{") and not first.startswith("[{")
    if len(whole) < 2:
        return False
    try:
        return isinstance(json.loads(whole[0]), dict | str)
    except (ValueError, RecursionError):
        return False


def parse_jsonl(lines: TextIO, where: str, problems: Problems) -> Iterator[Found]:
    """Yield the rows of JSON Lines: one object a line."""
    for number, content in enumerate(bounded(lines, where, problems), start=1):
        if not content.strip():
            continue
        try:
            cells = json.loads(content.removesuffix("\n"))
        except (ValueError, RecursionError) as error:
            problems.add(f"{where}:{number}", f"is not JSON: {_fault(error)}")
            continue
        if isinstance(cells, (dict, str)) or _is_row(cells):
            yield Found(number, _row(cells))
        else:
            problems.add(f"{where}:{number}", 'is not a JSON object such as {"id": 1, "en": "..."}')


def json_items(lines: TextIO, where: str, part: str, problems: Problems) -> Iterator[Found]:
    """Yield the rows of a JSON file: of its list, or of the lists under the keys that `part` names."""
    text = lines.read(MOST_WHOLE + 1)
    if len(text) > MOST_WHOLE:
        problems.add(
            where,
            f"has more than {MOST_WHOLE:,} letters, too many to be read as a whole; give each prompt a line, "
            "as in `jq -c '.[]' FILE.json > FILE.jsonl`",
        )
        return
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError) as error:
        line = error.lineno if isinstance(error, json.JSONDecodeError) else 1
        problems.add(f"{where}:{line}", f"is not JSON: {_fault(error)}")
        return
    del text
    lists = dict(_lists(whole, "")) or _one(whole)
    if not part and len(full := {k: v for k, v in lists.items() if isinstance(v[0], dict)}) == 1:
        lists = full  # lists of words beside the one of objects are about it
    chosen: dict[str, PathCells | None]
    if part:
        chosen = {key: place for key in lists if (place := place_of(part, key)) is not None}
        if not chosen:
            has = listed(list(lists), 12) or "none"
            problems.add(where, f"has no list of prompts under {part} (its lists: {has})")
    else:
        chosen = dict.fromkeys(lists)
        if "" in lists:
            chosen = {"": None}
        elif len(lists) == 1:
            problems.notes[f'{where}: the prompts are the list under "{next(iter(lists))}"'] = None
        else:
            _say_which(whole, lists, where, problems)
            return
    for key, place in chosen.items():
        for number, item in enumerate(lists[key], start=1):
            yield Found(number, _row(item), place)


def _lists(value: Any, path: str, depth: int = 0) -> Iterator[tuple[str, list[Any]]]:
    """Yield the lists of objects, texts or rows in an object, each under its keys with dots between."""
    if _is_list(value):
        yield path, value
    elif isinstance(value, dict) and value and depth < _LISTS_DEPTH:
        if rows := _keyed(value) or _columnar(value):
            yield path, rows
            return
        for key, own in value.items():
            yield from _lists(own, f"{path}.{key}" if path else str(key), depth + 1)


def _one(value: Any) -> dict[str, list[Any]]:
    """Return an object as the list of one prompt, where it has texts."""
    is_row = isinstance(value, dict) and any(isinstance(cell, str) for cell in value.values())
    return {"": [value]} if is_row else {}


def _is_list(value: Any) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and (
            any(all(isinstance(item, kind) for item in value) for kind in (dict, str))
            or all(map(_is_row, value))
        )
    )


def _is_row(value: Any) -> bool:
    """Return whether a list is a row of cells, of which some are texts."""
    return isinstance(value, list) and any(isinstance(cell, str) for cell in value)


def _keyed(value: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the rows of objects under their ids, or of columns of them; none where these are no rows."""
    if not all(isinstance(own, dict) and own for own in value.values()):
        return []
    inner = dict.fromkeys(key for own in value.values() for key in own)
    if all(map(_heads, value)) and not any(map(_heads, inner)):
        rows = [{KEY: key} | {c: own.get(key) for c, own in value.items()} for key in inner]
    else:
        rows = [{KEY: key, **own} for key, own in value.items()]
    is_rows = len(rows) > 1 or any(map(_heads, inner))
    texts = any(isinstance(cell, str) for row in rows for key, cell in row.items() if key != KEY)
    return rows if is_rows and texts else []


def _columnar(value: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the rows of lists that are columns, each under its name; none where they are not."""
    columns = [*value.values()]
    alike = all(isinstance(c, list) and c and not isinstance(c[0], dict | list) for c in columns)
    if not alike or len({*map(len, columns)}) > 1 or not _heads_rows(value):
        return []
    return [dict(zip(value, cells, strict=True)) for cells in zip(*columns, strict=True)]


def _heads_rows(keys: Iterable[str]) -> bool:
    """Return whether keys are those of columns, and not of languages alone."""
    return any(map(is_known, keys)) and sum(map(_heads, keys)) > 1


def _heads(key: str) -> bool:
    """Return whether a key is what a column is called: a language, or a word of headers."""
    return is_known(key) or any(map(is_plain, languages_named(key)))


def _say_which(whole: Any, lists: Mapping[str, list[Any]], where: str, problems: Problems) -> None:
    if not lists:
        has = f" (its keys: {listed(list(whole), 12)})" if isinstance(whole, dict) else ""
        problems.add(
            where, f"must be a JSON list of objects, one a prompt, or have one under a key{has}"
        )
        return
    part = _likely_part(lists)
    problems.add(
        where,
        f"has several lists, under {listed([*lists], 12)}; say which after the file's name, as in {where}#{part}",
    )
    problems.remedy.part = part
    if isinstance(next(iter(lists.values()))[0], str):
        problems.remedy.columns |= {"text": LINE, "id": ROW_NUMBERS}
        if SAID["category"] not in part:
            problems.remedy.columns["category"] = f"{CONSTANT}all"


def _likely_part(lists: Mapping[str, list[Any]]) -> str:
    """Return the pattern of all lists where their items are alike, else the likeliest of them."""
    kinds = [{*own[0]} if isinstance(own[0], dict) else {LINE} for own in lists.values()]
    paths = [key.split(".") for key in lists]
    if len({*map(len, paths)}) > 1 or not set.intersection(*kinds):
        told = (
            k
            for k, own in zip(lists, kinds, strict=True)
            if any(map(languages_named, own)) or likely_column("text", [*own])
        )
        return next(told, next(iter(lists)))
    shape: list[str] = []
    said = any(likely_column("category", [key]) == key for key in kinds[0])
    for names in zip(*paths, strict=True):
        spoken = all(any(map(is_plain, languages_named(name))) for name in names)
        if len({*names}) == 1:
            shape.append(names[0])
        elif spoken and "{language}" not in shape:
            shape.append("{language}")
        else:
            shape.append("*" if said or "{category}" in shape else "{category}")
    return ".".join(shape)


def _row(item: Any) -> Mapping[str, object]:
    if isinstance(item, str):
        return {LINE: item}
    if isinstance(item, list):
        return {f"#{n}": cell for n, cell in enumerate(item, start=1)}
    return flat(item) if any(isinstance(cell, dict) for cell in item.values()) else item


def flat(cells: Mapping[str, Any], before: str = "", depth: int = 0) -> dict[str, object]:
    """Return the cells with those of objects within under names with dots."""
    found: dict[str, object] = {}
    for key, cell in cells.items():
        if isinstance(cell, dict) and cell and depth < _DEPTH:
            found |= flat(cell, f"{before}{key}.", depth + 1)
        else:
            found[f"{before}{key}"] = cell
    return found


def _fault(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} (column {error.colno})"
    return "nested too deeply" if isinstance(error, RecursionError) else str(error)


def spread(cells: Mapping[str, Any], names: Iterable[str]) -> Iterator[Mapping[str, Any]]:
    """Yield a row for each object of a list that stands under one of these names, else the row."""
    for name in names:
        items = cells.get(name)
        if isinstance(items, list) and items and all(isinstance(item, dict) for item in items):
            rest = {key: cell for key, cell in cells.items() if key != name}
            for item in items:
                yield {**rest, **flat(item, f"{name}.")}
            return
    yield cells
