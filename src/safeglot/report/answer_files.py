"""Answers in files beside the report: parts that its script loads when they are looked at."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import Any

from safeglot.report.environment import script_json
from safeglot.report.page import AnswerRow, AnswersBeside, Run

PART = 500
"""Answers of a part: some hundred kilobytes."""
INDEX = "index"


class AnswerFiles:
    """Makes the files of answers that come one by one, and holds a few bytes of each."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._made = hashlib.blake2b(digest_size=8)
        self._known: dict[str, dict[Any, int]] = {}
        self._columns = {
            name: array("I") for name in ("language", "model", "categories", "verdict")
        }

    def texts(self, rows: Iterable[AnswerRow]) -> Iterator[tuple[str, str]]:
        """Yield the name and the text of each file; the last one says what is in the others."""
        part: list[dict[str, Any]] = []
        n = 0
        for row in rows:
            self._note(row)
            part.append(answer_fields(row))
            if len(part) == PART:
                yield self._file(str(n), part)
                part, n = [], n + 1
        if part:
            yield self._file(str(n), part)
        yield self._file(INDEX, self._index())

    def beside(self, folder: str) -> AnswersBeside:
        """Return what the page says of its files, once they are made."""
        categories = {name for names in self._known.get("categories", ()) for name in names}
        return AnswersBeside(
            folder=folder,
            stamp=self._stamp,
            n=len(self._columns["model"]),
            categories=tuple(sorted(categories)),
        )

    @property
    def _stamp(self) -> str:
        return self._made.hexdigest()

    def _note(self, row: AnswerRow) -> None:
        found = {
            "language": row.language,
            "model": row.model,
            "categories": row.categories,
            "verdict": verdict_of(row),
        }
        for name, value in found.items():
            known = self._known.setdefault(name, {})
            self._columns[name].append(known.setdefault(value, len(known)))

    def _file(self, name: str, content: Any) -> tuple[str, str]:
        text = f"safeglotAnswers({script_json(name)},{script_json(content)});\n"
        if name != INDEX:
            self._made.update(text.encode("utf-8", "replace"))
        return f"{name}.js", text

    def _index(self) -> Mapping[str, Any]:
        return {
            "stamp": self._stamp,
            "part": PART,
            "values": {name: list(known) for name, known in self._known.items()},
            "at": {name: column.tolist() for name, column in self._columns.items()},
        }


def verdict_of(row: AnswerRow) -> str:
    """Return what the judges say of an answer together, as the page's script does of those within it."""
    given = {v.unsafe for v in row.verdicts}
    if {True, False} <= given:
        return "disagree"
    return "unsafe" if True in given else "safe" if False in given else "none"


def answer_fields(answer: AnswerRow) -> dict[str, Any]:
    """Return an answer as the page's script reads it."""
    fields = asdict(answer)
    fields["id"] = fields.pop("prompt_id")
    return fields
