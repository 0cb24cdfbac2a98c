"""Which columns of a file hold labelled texts: found by name, or named by the user."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from safeglot.prompts.problems import Problems, did_you_mean
from safeglot.prompts.reading.cells import known_language
from safeglot.prompts.reading.columns import column_language
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
    by_name = {c.casefold(): c for c in reversed(table.columns) if c not in fields.values()}
    for name, usual in _NAMES.items():
        found = next((by_name[n] for n in usual if n in by_name), None)
        if name not in fields and found is not None:
            fields[name] = found
    if "language" not in fields:
        free = [c for c in table.columns if c not in fields.values()]  # id is Indonesian's tag too
        tags = {tag: c for c in free if (tag := column_language(c)) and tag not in texts}
        texts = {**texts, **tags}
    side = _side(table, fields, by_name, options.side, problems)
    if "label" not in fields and (label := _label(side, fields, by_name)):
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
            near = did_you_mean(column, table.columns)
            problems.add(
                table.where,
                f'has no column "{column}", which is named for {name}{near} {_has(table)}',
            )
        elif name in _NAMES:
            fields[name] = column
        elif tag := known_language(name, "--columns", problems):
            texts[tag] = column
    return fields, texts


def _side(
    table: Table,
    fields: Mapping[str, str],
    by_name: Mapping[str, str],
    wanted: str | None,
    problems: Problems,
) -> str:
    """Return whether the prompts or the answers are judged: what has labels, or what was asked for."""
    labelled = [side for side, names in _LABELS.items() if any(n in by_name for n in names)]
    if wanted:
        return wanted
    if len(labelled) == 2 and "label" not in fields:
        problems.add(
            table.where,
            "has labels of prompts and of answers; say which guards are tested on: --side prompts or "
            "--side answers",
        )
    if labelled:
        return labelled[-1]
    return ANSWERS if "answer" in fields else PROMPTS


def _label(side: str, fields: Mapping[str, str], by_name: Mapping[str, str]) -> str | None:
    own = next((by_name[n] for n in _LABELS[side] if n in by_name), None)
    if own is not None or (side == PROMPTS and "answer" in fields):
        return own
    return next((by_name[n] for n in _PLAIN_LABELS if n in by_name), None)


def _require(
    table: Table,
    fields: Mapping[str, str],
    texts: Mapping[str, str],
    side: str,
    problems: Problems,
) -> None:
    has = _has(table)
    if "id" not in fields:
        problems.add(
            table.where,
            f"has no column for id {has}; name it with --columns id=COLUMN (texts that are "
            "translations of each other have one id), or number the rows with --columns id=#",
        )
    if "language" not in fields and not texts:
        problems.add(
            table.where,
            f"has no column for the language {has}; name it with --columns language=COLUMN, or say "
            "which language all its texts are in, as in --columns language==en",
        )
    if "text" not in fields and not texts:
        problems.add(
            table.where, f"has no column for the prompt {has}; name it with --columns text=COLUMN"
        )
    if side == ANSWERS and "answer" not in fields:
        problems.add(
            table.where, f"has no column for the answer {has}; name it with --columns answer=COLUMN"
        )


def _has(table: Table) -> str:
    return f"(its columns: {', '.join(c for c in table.columns if c) or 'none'})"
