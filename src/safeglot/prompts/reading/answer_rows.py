"""Answers that were recorded elsewhere: which columns hold them, and what a row says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from safeglot.prompts.problems import Problems, listed
from safeglot.prompts.reading.cells import bare, is_blank
from safeglot.prompts.reading.columns import called
from safeglot.prompts.reading.lacking_columns import has, say_unknown
from safeglot.prompts.reading.patterns import SAID
from safeglot.prompts.reading.suggestions import by_language, likely_column, longest_columns
from safeglot.prompts.reading.tables import Row, Table

SAMPLE_ORDER = "#"
"""As the column of `sample`: count the answers in the order of the file."""
NAN = "nan"
UNKNOWN = "unknown"
"""The name of a model that the source does not name."""
_NAMES: Mapping[str, tuple[str, ...]] = {
    "answer": ("answer", "response"),
    "model": ("model",),
    "sample": ("sample",),
    "verdict": ("verdict",),
    "label": (),
    "judge": ("judge",),
    "annotator": ("annotator",),
    "thought": ("thought",),
    "finish_reason": ("finish_reason",),
    "failure": ("failure",),
}
"""Our names -> columns that are taken without being named. A `label` may be anybody's: it is named."""
_TOLD = ("sample", "judge", "annotator", "thought", "finish_reason", "failure")
_Columns: TypeAlias = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedAnswer:
    """What a row says of an answer; `text` is None where there is none, `failure` says why."""

    text: str | None
    model: str
    sample: str
    verdict: object
    label: object
    judge: str
    annotator: str
    thought: str
    finish_reason: str
    failure: str


def answer_columns(
    table: Table, mapping: _Columns, problems: Problems
) -> tuple[dict[str, str], dict[str, str]]:
    """Return the columns of answers by our names, and the part of the mapping that is not about them.

    Raises: InputErrors where a column is lacking.
    """
    known = len(problems.found)
    own = {name: column for name, column in mapping.items() if name in _NAMES}
    rest = {name: column for name, column in mapping.items() if name not in _NAMES}
    for name, column in own.items():
        if column not in table.columns and (name, column) != ("sample", SAMPLE_ORDER):
            say_unknown(table, name, column, problems)
    free = [c for c in table.columns if c and c not in mapping.values()]
    for name, usual in _NAMES.items():
        if there := called(free, usual):
            own.setdefault(name, there)
    if SAID["model"] in table.columns:
        own.setdefault("model", SAID["model"])
    if "model" not in own:
        _say_models(table, free, problems)
    if "answer" not in own:
        near = _suggest(free, table, problems)
        problems.add(
            table.where,
            f"has no column for the answer{near} {has(table)}; name it with --columns answer=COLUMN, or those of each "
            "language with --columns answer.en=COLUMN,answer.de=COLUMN",
        )
    problems.stop(known)
    return own, rest


def _say_models(table: Table, free: list[str], problems: Problems) -> None:
    """Say that a column seems to name several models, whose answers would count as those of one."""
    column = likely_column("model", free)
    if column and len(names := table.words.get(column, ())) > 1:
        problems.add(
            table.where,
            f'column "{column}" seems to name several models ({listed(names)}); say so: --columns model={column}, or that '
            "all answers are of one: --columns model==NAME",
        )
        problems.remedy.columns["model"] = column


def _suggest(free: list[str], table: Table, problems: Problems) -> str:
    """Return what is said of the column of the answers, or those of each language, which are suggested."""
    found = problems.remedy.columns
    if column := likely_column("answer", [c for c in free if not by_language([c], least=1)]):
        found["answer"] = column
        return f'; did you mean "{column}"?'
    groups = by_language(free)
    base = likely_column("answer", [*groups]) if groups else None
    if base:
        own = {tags[0]: column for column, tags in groups[base].items()}
        found |= {f"answer.{tag}": column for tag, column in own.items()}
        texts = likely_column("text", [b for b in groups if b != base])
        if texts:
            found |= {f"text.{tags[0]}": column for column, tags in groups[texts].items()}
        return f"; they seem to be in {', '.join(own.values())}"
    text = likely_column("text", free)
    likely = [c for c in longest_columns(free, table.sample) if c != text]
    if likely:
        found["answer"] = likely[-1]
    return ""


class AnswerReader:
    """Reads what rows say of answers, noting what is wrong."""

    def __init__(self, columns: _Columns, problems: Problems) -> None:
        self.columns = columns
        self.problems = problems
        self.n_nan = 0
        """Answers that are no more than pandas' word for an empty cell."""

    def read(self, row: Row) -> RecordedAnswer:
        """Return what a row says."""
        text = row.cells.get(self.columns["answer"])
        if is_blank(text) and str(text).strip().casefold() == NAN:
            self.n_nan += isinstance(text, str)
            text = None
        if text is not None and not isinstance(text, str):
            self.problems.add(row.place, f"the answer is {text!r:.60}, not a text")
            text = None
        if text is not None and "\0" in text:
            self.problems.add(row.place, "the answer has a null byte; the file may be damaged")
        model = self._name(row, "model") if "model" in self.columns else UNKNOWN
        if not model:
            self.problems.add(row.place, "the model is empty; give its name")
        verdict, label = self._cell(row, "verdict"), self._cell(row, "label")
        told = {name: self._name(row, name) for name in _TOLD}
        return RecordedAnswer(text=text, model=model, verdict=verdict, label=label, **told)

    def _cell(self, row: Row, name: str) -> object:
        return row.cells.get(self.columns.get(name, ""))

    def _name(self, row: Row, name: str) -> str:
        return bare(self._cell(row, name))
