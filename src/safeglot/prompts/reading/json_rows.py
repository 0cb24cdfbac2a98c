"""Rows of JSON and JSON Lines: a list of objects or texts, or the list under a key."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, TextIO

from safeglot.prompts.problems import Problems, listed
from safeglot.prompts.reading.language_names import languages_named
from safeglot.prompts.reading.patterns import PathCells, place_of

LINE = "#0"
"""The column of what is one text and no more: a line, or an item that is no object."""
KEY = "(key)"
"""The column of the key that an object stands under."""
MOST_LETTERS = 1 << 24
"""Letters of one line."""
MOST_WHOLE = 1 << 26
"""Letters of a JSON file, which is read as a whole."""
_DEPTH = 6


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
        if isinstance(cells, (dict, str)):
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
    lists = dict(_lists(whole, ""))
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
            _say_which(whole, list(lists), where, problems)
            return
    for key, place in chosen.items():
        for number, item in enumerate(lists[key], start=1):
            yield Found(number, _row(item), place)


def _lists(value: Any, path: str, depth: int = 0) -> Iterator[tuple[str, list[Any]]]:
    """Yield the lists of objects or of texts in an object, each under its keys with dots between."""
    if _is_list(value):
        yield path, value
    elif isinstance(value, dict) and depth < _DEPTH:
        if not path and len(value) > 1 and all(isinstance(own, dict) for own in value.values()):
            rows = [{KEY: key, **own} for key, own in value.items()]
            if any(isinstance(cell, str) for row in rows for k, cell in row.items() if k != KEY):
                yield "", rows
                return
        for key, own in value.items():
            yield from _lists(own, f"{path}.{key}" if path else str(key), depth + 1)


def _is_list(value: Any) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and (
            all(isinstance(item, dict) for item in value)
            or all(isinstance(item, str) for item in value)
        )
    )


def _say_which(whole: Any, keys: list[str], where: str, problems: Problems) -> None:
    if not keys:
        has = f" (its keys: {listed(list(whole), 12)})" if isinstance(whole, dict) else ""
        problems.add(
            where, f"must be a JSON list of objects, one a prompt, or have one under a key{has}"
        )
        return
    last = [key.rpartition(".")[2] for key in keys]
    by_language = all(map(languages_named, last))
    head = {key.rpartition(".")[0] for key in keys}
    part = keys[0]
    if by_language and len(head) == 1:
        part = f"{head.pop()}.{{language}}".lstrip(".")
    problems.add(
        where,
        f"has several lists, under {listed(keys, 12)}; say which after the file's name, as in {where}#{part}",
    )
    problems.remedy.part = part


def _row(item: Any) -> Mapping[str, object]:
    if isinstance(item, str):
        return {LINE: item}
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
