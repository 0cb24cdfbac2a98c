"""Tasks and annotations as Label Studio reads and writes them, for teams that label with it.

Source: https://labelstud.io/guide/task_format
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

_GIVEN = ("label", "note", "adequacy", "comment")
"""Columns that people fill in: names of controls in a labelling interface."""
_VALUES = ("choices", "rating", "text", "number")
"""Where the value of a control may stand."""


def tasks_text(rows: Iterable[Mapping[str, str]], columns: Sequence[str]) -> str:
    """Return rows to label as tasks; what is to be filled in is left to the interface."""
    shown = [column for column in columns if column not in _GIVEN]
    tasks = [{"data": {column: row[column] for column in shown}} for row in rows]
    return json.dumps(tasks, ensure_ascii=False, indent=1) + "\n"


def rows_text(text: str) -> str:
    """Return annotated tasks as a JSON list of rows; any other text as it is.

    A task that several people annotated gives a row for each, under the name that the tool has.
    """
    try:
        tasks = json.loads(text)
    except (ValueError, RecursionError):
        return text
    if not isinstance(tasks, list) or not any(_is_task(task) for task in tasks):
        return text
    rows = [row for task in tasks if _is_task(task) for row in _rows(task)]
    return json.dumps(rows, ensure_ascii=False)


def _is_task(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and isinstance(value.get("data"), dict)
        and isinstance(value.get("annotations"), list)
    )


def _rows(task: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    whole = [a for a in task["annotations"] if isinstance(a, dict) and not a.get("was_cancelled")]
    shown = {name: str(value) for name, value in task["data"].items()}
    for annotation in whole:
        row = {**shown, **_given(annotation.get("result"))}
        if len(whole) > 1:
            row |= dict.fromkeys(("annotator", "rater"), _who(annotation.get("completed_by")))
        yield row
    if not whole:
        yield shown


def _given(result: Any) -> dict[str, str]:
    """Return the values of the controls that are ours, by column."""
    given: dict[str, str] = {}
    for part in result if isinstance(result, list) else ():
        name, value = (part.get("from_name"), part.get("value")) if isinstance(part, dict) else (None, None)  # fmt: skip
        if name in _GIVEN and isinstance(value, dict):
            said = next((value[key] for key in _VALUES if key in value), "")
            given[name] = ", ".join(map(str, said)) if isinstance(said, list) else str(said)
    return given


def _who(completed_by: Any) -> str:
    if isinstance(completed_by, dict):
        return str(completed_by.get("email") or completed_by.get("id") or "")
    return "" if completed_by is None else str(completed_by)
