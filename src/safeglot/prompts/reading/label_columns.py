"""Which columns of a file hold labelled texts: found by name, or named by the user."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from safeglot.prompts.problems import Problems
from safeglot.prompts.reading.cells import known_language
from safeglot.prompts.reading.columns import called, column_language
from safeglot.prompts.reading.lacking_columns import has, say_unknown
from safeglot.prompts.reading.patterns import CONSTANT, IMPLIED, ROW_NUMBERS, SAID
from safeglot.prompts.reading.tables import Table

PROMPTS, ANSWERS = SIDES = ("prompts", "answers")
_NAMES: Mapping[str, tuple[str, ...]] = {
    "id": ("id", "item", "prompt_id", "case_id", "mhc_case_id"),
    "language": (SAID["language"], "language", "lang", IMPLIED["language"]),
    "text": ("prompt", "text", "test_case", "question"),
    "answer": ("answer", "response"),
    "category": ("functionality", "type", "category", "categories"),
    "annotator": ("annotator",),
    "label": (),
}
"""Our names -> columns that are found by themselves."""
_LABELS: Mapping[str, tuple[str, ...]] = {
    PROMPTS: ("prompt_harm_label", "prompt_label"),
    ANSWERS: ("response_harm_label", "response_label"),
}
_PLAIN_LABELS = ("label", "label_gold")
"""Labels of whatever the file is about: of its answers where it has any."""
_LACKING: Mapping[str, tuple[str, str]] = {
    "id": ("id", " (texts that are translations of each other have one id), or number the rows with --columns id=#"),
    "language": ("the language", ", or say which language all its texts are in, as in --columns language==en"),
    "text": ("the prompt", ""),
    "answer": ("the answer", ""),
}  # fmt: skip
"""Our names -> what they are called, and what else can be done where no column is found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledOptions:
    """How a file is read: our names -> its columns, its words -> labels or tags, the side, the languages."""

    columns: Mapping[str, str] = field(default_factory=dict)
    read_as: Mapping[str, str] = field(default_factory=dict)
    side: str | None = None
    languages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledColumns:
    """Which columns hold what; `texts` (language to column) where each language has its own."""

    side: str
    fields: Mapping[str, str]
    texts: Mapping[str, str]


def labelled_columns(table: Table, options: LabelledOptions, problems: Problems) -> LabelledColumns:
    """Return the columns of a table that hold labelled texts; what is lacking is noted."""
    fields, texts = _named(table, options.columns, problems)
    free = [c for c in table.columns if c not in fields.values()]
    for name, usual in _NAMES.items():
        if name not in fields and (found := called(free, usual)) is not None:
            fields[name] = found
    if "language" not in fields:
        rest = [c for c in table.columns if c not in fields.values()]  # id is Indonesian's tag too
        tags = {tag: c for c in rest if (tag := column_language(c)) and tag not in texts}
        texts = {**texts, **tags}
    side = _side(table, fields, free, options.side, problems)
    if "label" not in fields and (label := _label(side, fields, free)):
        fields["label"] = label
    _require(table, fields, texts, side, problems)
    return LabelledColumns(side=side, fields=fields, texts={} if "language" in fields else texts)


def _named(
    table: Table, mapping: Mapping[str, str], problems: Problems
) -> tuple[dict[str, str], dict[str, str]]:
    fields: dict[str, str] = {}
    texts: dict[str, str] = {}
    for name, column in mapping.items():
        constant = column.startswith(CONSTANT) and len(column) > 1
        if not constant and column not in table.columns and (name, column) != ("id", ROW_NUMBERS):
            say_unknown(table, name, column, problems)
        elif name in _NAMES:
            fields[name] = column
        elif tag := known_language(name, "--columns", problems):
            texts[tag] = column
    return fields, texts


def _side(
    table: Table,
    fields: Mapping[str, str],
    free: Sequence[str],
    wanted: str | None,
    problems: Problems,
) -> str:
    """Return whether the prompts or the answers are judged: what has labels, or what was asked for."""
    if wanted:
        return wanted
    labelled = [side for side, names in _LABELS.items() if called(free, names)]
    if len(labelled) == 2 and "label" not in fields:
        problems.add(
            table.where,
            "has labels of prompts and of answers; say which guards are tested on: --side prompts or "
            "--side answers",
        )
    if labelled:
        return labelled[-1]
    return ANSWERS if "answer" in fields else PROMPTS


def _label(side: str, fields: Mapping[str, str], free: Sequence[str]) -> str | None:
    plain = () if side == PROMPTS and "answer" in fields else _PLAIN_LABELS
    return called(free, (*_LABELS[side], *plain))


def _require(
    table: Table,
    fields: Mapping[str, str],
    texts: Mapping[str, str],
    side: str,
    problems: Problems,
) -> None:
    for name in ("id", *(() if texts else ("language", "text")), *(["answer"] * (side == ANSWERS))):
        if name not in fields:
            what, more = _LACKING[name]
            do = f"name it with --columns {name}=COLUMN{more}"
            problems.add(table.where, f"has no column for {what} {has(table)}; {do}")
