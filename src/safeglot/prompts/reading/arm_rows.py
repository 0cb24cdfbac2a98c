"""Rows of a file with texts for the arms of a run, each checked against what the run plans."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import get_args

from safeglot.prompts.problems import Problems, did_you_mean, listed
from safeglot.prompts.prompt_set import PromptSet
from safeglot.prompts.reading.cells import bare, known_language
from safeglot.prompts.reading.tables import Row, Table
from safeglot.text.cells import unguarded
from safeglot.types import HUMAN, Arm, is_human

ARMS: tuple[Arm, ...] = get_args(Arm)
GIVEN = ("backtranslate", "reverse")
"""Arms whose texts are answers already."""
ROUND_TRIPS = ("roundtrip", "roundtrip2")
"""Arms that translators can make: there and back, once and twice."""
QUALITY = "quality_"
_NEEDED = ("arm", "id", "language", "text")
_MORE = ("translator", "model", "sample", "answer", "answer_key")


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmPlan:
    """The plan of a run, as far as arms must fit it."""

    prompts: PromptSet
    arms: tuple[str, ...]
    models: tuple[str, ...]
    samples: int
    reference: str
    selected: bool = False
    """Whether the run takes only some of the prompts: rows of others are then no fault."""
    people: tuple[bool, ...] = ()
    """Whether each table was declared to be people's work; () where none was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmRow:
    """One text of an arm, as the file has it."""

    arm: Arm
    prompt: str
    language: str
    text: str
    translator: str
    model: str = ""
    sample: int = 0
    answer_key: str = ""
    quality: Mapping[str, float] = field(default_factory=dict)
    where: str = ""


def read_arm_rows(
    tables: Sequence[Table], planned: ArmPlan, problems: Problems
) -> tuple[list[ArmRow], list[str], list[str]]:
    """Return the rows that are right, notes, and warnings of who translated; faults go to `problems`."""
    reader = _ArmRows(planned, problems)
    for table, people in zip(tables, planned.people or [False] * len(tables), strict=True):
        needed = [name for name in _NEEDED if not (people and name == "arm")]
        lacking = [name for name in needed if name not in table.columns]
        if lacking:
            got = ", ".join(table.columns) or "none"
            problems.add(table.where, f"has no column {', '.join(lacking)}; it has {got}")
            continue
        reader.people = table.where.rpartition("/")[2] if people else ""
        ours = table.where.lower().endswith((".csv", ".tsv")) and "answer_key" in table.columns
        for row in table.rows:
            reader.take(_as_written(row) if ours else row)
    return reader.rows, list(reader.notes(tables)), list(reader.same_translator())


def _as_written(row: Row) -> Row:
    """Return a row of a file of ours without what keeps a spreadsheet from running its cells."""
    cells = {k: unguarded(v) if isinstance(v, str) else v for k, v in row.cells.items()}
    return replace(row, cells=cells)


class _ArmRows:
    """Goes through the rows once, noting what is wrong with each."""

    def __init__(self, planned: ArmPlan, problems: Problems) -> None:
        self.planned = planned
        self.problems = problems
        self.people = ""
        """Name of the table that is being read, where it is people's work."""
        self.rows: list[ArmRow] = []
        self._texts = {(t.prompt, t.language): t for t in planned.prompts.translations}
        self._ids = {p.id for p in planned.prompts.prompts}
        self._tags: dict[str, str] = {}
        self._seen: dict[tuple[object, ...], str] = {}
        self._unused: Counter[str] = Counter()
        self._unselected = 0
        self._textless = 0

    def take(self, row: Row) -> None:
        arm = self._arm(row)
        if arm is None:
            return
        n_faults = len(self.problems.found)
        prompt, language, text = self._prompt(row), self._language(row), self._text(row)
        model, sample = self._answer_of(row) if arm in GIVEN else ("", 0)
        quality = self._quality(row)
        if len(self.problems.found) > n_faults or not prompt:
            return
        arm_row = ArmRow(
            arm=arm,
            prompt=prompt,
            language=language,
            text=text,
            translator=self._translator(row),
            model=model,
            sample=sample,
            answer_key=bare(row.cells.get("answer_key")),
            quality=quality,
            where=row.place,
        )
        if self._fits(arm_row):
            self.rows.append(arm_row)

    def _translator(self, row: Row) -> str:
        name = bare(row.cells.get("translator"))
        if not self.people:
            return name or "given"
        return name if is_human(name) else f"{HUMAN}={name or self.people}"

    def _arm(self, row: Row) -> Arm | None:
        name = bare(row.cells.get("arm"))
        if self.people and not name and "arm" not in row.cells:
            name = "translators"
        arm = next((a for a in ARMS if a == name), None)
        if arm is None:
            got = f'the arm is "{name}"' if name else "the arm is empty"
            self.problems.add(
                row.place, f"{got}; allowed: {', '.join(ARMS)}{did_you_mean(name, ARMS)}"
            )
        elif arm != "main" and arm not in self.planned.arms:
            self._unused[arm] += 1
            return None
        return arm

    def _prompt(self, row: Row) -> str:
        name = bare(row.cells.get("id"))
        if name in self._ids:
            return name
        if not name:
            self.problems.add(row.place, "the id is empty; give the id of a prompt")
        elif self.planned.selected:
            self._unselected += 1
        else:
            near = did_you_mean(name, self._ids) if len(self._ids) < 5000 else ""
            self.problems.add(row.place, f'"{name}" is no id of the run\'s prompts{near}')
        return ""

    def _language(self, row: Row) -> str:
        tag, p = bare(row.cells.get("language")), self.planned
        if tag not in self._tags:
            self._tags[tag] = known_language(tag, row.place, self.problems) if tag else ""
        language = self._tags[tag]
        others = [x for x in p.prompts.languages if x != p.reference]
        if not tag:
            self.problems.add(row.place, f"the language is empty; allowed: {', '.join(others)}")
        elif language == p.reference:
            self.problems.add(
                row.place,
                f"{language} is the reference; name the language that the row is about, "
                f"one of {', '.join(others)}",
            )
        elif language and language not in others:
            self.problems.add(
                row.place, f"{language} is no language of the run; allowed: {', '.join(others)}"
            )
        return language

    def _text(self, row: Row) -> str:
        cell = row.cells.get("text")
        if cell is None or (isinstance(cell, str) and not cell.strip()):
            self.problems.add(row.place, "the text is empty; fill it in, or take the row out")
        elif not isinstance(cell, str):
            self.problems.add(row.place, f"the text is {cell!r}, not a text")
        elif "\0" in cell or any("\ud800" <= c <= "\udfff" for c in cell):
            self.problems.add(row.place, "the text has a null byte or half a character; mend it")
        else:
            return cell
        return ""

    def _answer_of(self, row: Row) -> tuple[str, int]:
        p = self.planned
        model = bare(row.cells.get("model")) or (p.models[0] if len(p.models) == 1 else "")
        if model not in p.models:
            got = f'"{model}" is no target of the run' if model else "the model is empty"
            near = did_you_mean(model, p.models)
            self.problems.add(row.place, f"{got}; allowed: {', '.join(p.models)}{near}")
        sample = bare(row.cells.get("sample")) or "0"
        if not (sample.isascii() and sample.isdigit() and int(sample) < p.samples):
            self.problems.add(row.place, f"the sample is {sample}; allowed: 0 to {p.samples - 1}")
            return model, 0
        if not bare(row.cells.get("answer_key")):
            self.problems.add(
                row.place,
                "the answer_key is empty; keep the one that `safeglot arms RUN --out FILE` wrote",
            )
        return model, int(sample)

    def _quality(self, row: Row) -> dict[str, float]:
        quality = {}
        for column, cell in row.cells.items():
            if not column.startswith(QUALITY) or cell is None or cell == "":
                continue
            number = _number(cell)
            if number is None:
                self.problems.add(row.place, f"{column} is {cell!r}, not a number")
            else:
                quality[column.removeprefix(QUALITY)] = number
        return quality

    def _fits(self, row: ArmRow) -> bool:
        """Return whether a row can be used together with the others."""
        own = self._texts.get((row.prompt, row.language))
        if own is None:
            self._textless += 1
            return False
        place = (row.arm, row.prompt, row.language, row.translator, row.model, row.sample)
        if row.arm == "main":
            place = (row.arm, row.prompt, row.language)  # type: ignore[assignment]
        first = self._seen.setdefault(place, row.where)
        fault = ""
        if first != row.where:
            fault = f"is there already, at {first}; keep one of them"
        elif row.arm == "main" and row.text != own.text:
            fault = "is not the text that the run has; rows of main only add to it"
        elif row.arm == "translators" and row.translator == own.translator:
            fault = f'is by "{row.translator}", as the main text; name another translator'
        if fault:
            about = f"{row.arm} of {row.prompt} in {row.language}"
            by = f" by {row.translator}" if row.arm != "main" else ""
            self.problems.add(row.where, f"{about}{by} {fault}")
        return not fault

    def notes(self, tables: Sequence[Table]) -> Iterator[str]:
        for arm, n in self._unused.items():
            yield f"{n} rows of the arm {arm} are not used: --arms does not name it"
        if self._unselected:
            yield f"{self._unselected} rows are of prompts that the run did not select"
        if self._textless:
            yield (
                f"{self._textless} rows are about texts that the run has not: its gate took them out, "
                "or they could not be translated"
            )
        names = dict.fromkeys(row.translator for row in self.rows)
        for name in names:
            if name.casefold().startswith(HUMAN) and not is_human(name):
                yield (
                    f'translator "{name}" is not taken for people: declare them by '
                    f"--arm-texts {HUMAN}=FILE, or by {HUMAN}=NAME as the translator"
                )
        columns = dict.fromkeys(c for table in tables for c in table.columns)
        known = {*_NEEDED, *_MORE}
        unused = [c for c in columns if c not in known and not c.startswith(QUALITY)]
        if unused:
            yield f"columns of the arm texts that are not used: {listed(unused)}"

    def same_translator(self) -> Iterator[str]:
        """Yield a warning where assumption A6 does not hold, or cannot be checked."""
        forward: dict[str, set[str]] = {}
        for (_, language), t in self._texts.items():
            forward.setdefault(language, set()).add(t.translator)
        for row in self.rows:
            if row.arm == "main" and row.translator != "given":
                forward.setdefault(row.language, set()).add(row.translator)
        back = {(r.language, r.translator) for r in self.rows if r.arm == "backtranslate"}
        for language, name in sorted(back):
            if name == "given":
                yield (
                    f"{language}: who translated the answers back is not told; A6 (another "
                    "translator than that of the prompts) is not checked"
                )
            elif name in forward.get(language, ()):
                yield (
                    f"{language}: {name} translated the prompts and the answers back; A6 does not "
                    "hold, and errors may be undone by whoever made them"
                )


def _number(cell: object) -> float | None:
    try:
        number = float(cell)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) and not isinstance(cell, bool) else None
