"""The answers of a page as its script reads them: an index, and parts that it takes when they are looked at.

They stand in the page itself, or in files beside it where they are too many.
"""

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
COLUMNS = ("language", "model", "sample", "categories", "kinds")


class AnswerFiles:
    """Makes the index and the parts of answers that come one by one, and holds a few bytes of each.

    Answers of one model to one prompt come one after the other.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._made = hashlib.blake2b(digest_size=8)
        self._known: dict[str, dict[Any, int]] = {name: {} for name in COLUMNS}
        self._columns = {name: array("I") for name in COLUMNS}
        self._starts = array("I")
        self._last: tuple[str, str] | None = None

    def contents(self, rows: Iterable[AnswerRow]) -> Iterator[tuple[str, Any]]:
        """Yield the name and the content of each part; the last one says what is in the others."""
        part: list[dict[str, Any]] = []
        n = 0
        for row in rows:
            part.append(self._noted(row))
            if len(part) == PART:
                yield str(n), part
                part, n = [], n + 1
        if part:
            yield str(n), part
        yield INDEX, self._index()

    def texts(self, rows: Iterable[AnswerRow]) -> Iterator[tuple[str, str]]:
        """Yield the name and the text of each file."""
        for name, content in self.contents(rows):
            if name == INDEX:
                content["stamp"] = self._made.hexdigest()
            text = f"safeglotAnswers({script_json(name)},{script_json(content)});\n"
            self._made.update(text.encode("utf-8", "replace") if name != INDEX else b"")
            yield f"{name}.js", text

    def beside(self, folder: str) -> AnswersBeside:
        """Return what the page says of its files, once they are made."""
        return AnswersBeside(
            folder=folder,
            stamp=self._made.hexdigest(),
            n=len(self._columns["kinds"]),
            categories=self.categories,
        )

    @property
    def categories(self) -> tuple[str, ...]:
        """The categories of the answers that came."""
        return tuple(sorted({name for names in self._known["categories"] for name in names}))

    def _noted(self, row: AnswerRow) -> dict[str, Any]:
        """Return an answer as the page's script reads it, after noting where it is."""
        if self._last != (row.prompt_id, row.model):
            self._last = row.prompt_id, row.model
            self._starts.append(len(self._columns["kinds"]))
        kinds = tuple(kind_of(row, judge) for judge in self._run.judges)
        found = {name: getattr(row, name) for name in COLUMNS[:-1]} | {"kinds": kinds}
        for name, value in found.items():
            known = self._known[name]
            self._columns[name].append(known.setdefault(value, len(known)))
        fields = asdict(row)
        return {"id": fields.pop("prompt_id"), **fields, "kinds": kinds}

    def _index(self) -> dict[str, Any]:
        """Return the columns of all answers; one in which all are alike is left out."""
        return {
            "stamp": "",
            "part": PART,
            "n": len(self._columns["kinds"]),
            "starts": self._starts.tolist(),
            "values": {name: list(known) for name, known in self._known.items()},
            "at": {
                name: column.tolist()
                for name, column in self._columns.items()
                if len(self._known[name]) > 1
            },
        }


def kind_of(row: AnswerRow, judge: str) -> str:
    """Return what an answer is by a judge: unsafe, refused, harmless, safe, blocked, none.

    It is safe where the judge does not say whether it is a refusal; a judge read loosely is taken
    as it is.
    """
    base = judge.partition("@")[0]
    given = next((v for v in row.verdicts if v.judge in (judge, base)), None)
    if given is None or given.unsafe is None:
        return "blocked" if row.finish_reason == "blocked" else "none"
    if given.unsafe:
        return "unsafe"
    return {True: "refused", False: "harmless", None: "safe"}[given.refusal]


def within_page(run: Run, rows: Iterable[AnswerRow]) -> Mapping[str, Any]:
    """Return the index and the parts of answers that stand in the page itself, by name."""
    return dict(AnswerFiles(run).contents(rows))
