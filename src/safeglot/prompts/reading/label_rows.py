"""Texts with labels, from the rows of a file: what guards are tested on, prompts or answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isnan
from typing import NamedTuple

from safeglot.keys import digest
from safeglot.prompts.problems import Problems
from safeglot.prompts.reading.cells import known_language, text_fault, words_of
from safeglot.prompts.reading.label_columns import (
    ANSWERS,
    LabelledColumns,
    LabelledOptions,
    labelled_columns,
)
from safeglot.prompts.reading.patterns import CONSTANT, ROW_NUMBERS
from safeglot.prompts.reading.tables import Row, Table
from safeglot.text.cells import unguarded
from safeglot.text.loops import is_empty

UNSAFE, SAFE, NONE = MEANINGS = ("unsafe", "safe", "none")
WORDS = {
    "unsafe": UNSAFE, "harmful": UNSAFE, "hateful": UNSAFE, "toxic": UNSAFE,
    "safe": SAFE, "unharmful": SAFE, "harmless": SAFE, "benign": SAFE, "non-hateful": SAFE, "non-toxic": SAFE,
    "unsure": NONE, "": NONE, "none": NONE, "nan": NONE, "null": NONE, "n/a": NONE,
}  # fmt: skip
"""Words that mean but one thing in a column of labels; others, such as 1 and 0, the user explains."""
DRAWN = (
    "holds labels of answers of a run, and not by whose verdicts, from how many, these were drawn. Add "
    "them to their run and give that: safeglot annotate add RUN FILE && safeglot guards RUN. Where they "
    "were drawn with --design simple, say so: --columns id=item"
)
MOST_WORDS = 8
"""A column with more words that are unknown is none of labels."""


class LabelledText(NamedTuple):
    """One text with its label: None where nobody gave one."""

    id: str
    language: str
    prompt: str
    answer: str
    unsafe: bool | None
    category: str
    sample: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledSet:
    """Labelled texts that are read anew each time that they are gone through; none is kept."""

    side: str
    languages: tuple[str, ...]
    """Those that have a text, in the order of the file."""
    categories: tuple[str, ...]
    n_prompts: int
    counts: Mapping[tuple[str, str], int]
    """(language, unsafe, safe or none) -> texts."""
    digest: str
    notes: tuple[str, ...]
    texts: Iterable[LabelledText]

    @property
    def n(self) -> int:
        """How many texts there are."""
        return sum(self.counts.values())

    @property
    def is_labelled(self) -> bool:
        """Whether any text has a label."""
        return any(n for (_, meaning), n in self.counts.items() if meaning != NONE)


def read_labelled(table: Table, options: LabelledOptions) -> LabelledSet:
    """Return the labelled texts of a table, after going through it once. Raises: InputErrors."""
    problems = Problems(table.faults)
    columns = labelled_columns(table, options, problems)
    found = {"id": "item"}.items() <= columns.fields.items() and "id" not in options.columns
    if found and "annotator" in columns.fields:
        problems.add(table.where, DRAWN)
    problems.stop()
    reading = _Reading(table, columns, options, problems)
    reading.check()
    if not reading.counts and not problems.found:
        tags = ", ".join(options.languages)
        problems.add(table.where, f"has no text in {tags}" if tags else "has no text to judge")
    problems.stop()
    return LabelledSet(
        side=columns.side,
        languages=tuple(dict.fromkeys(language for language, _ in reading.counts)),
        categories=tuple(dict.fromkeys(reading.categories.values())),
        n_prompts=len(reading.categories),
        counts=dict(reading.counts),
        digest=digest("labelled", *reading.marks),
        notes=tuple(reading.notes()),
        texts=reading,
    )


class _FirstText(NamedTuple):
    """Where a text was first, and what it is."""

    place: str
    text: str
    samples: dict[str, int]
    """Digest of an answer -> its sample."""


class _Reading:
    """The texts of a table; `check` goes through them first, and notes what is wrong."""

    def __init__(
        self, table: Table, columns: LabelledColumns, options: LabelledOptions, problems: Problems
    ) -> None:
        self.columns, self.options, self.problems = columns, options, problems
        self.counts: Counter[tuple[str, str]] = Counter()
        self.categories: dict[str, str] = {}
        self.marks: list[str] = []
        self._table = table
        self._labels: dict[tuple[str, str, int], list[bool | None]] = {}
        self._left_out: Counter[str] = Counter()
        self._words: Counter[str] = Counter()
        self._unknown: dict[str, str] = {}
        self._contrary: list[str] = []
        kinds, self._tags, others = words_of(options.read_as)
        self._meanings = WORDS | {w: UNSAFE if k == "harmful" else SAFE for w, k in kinds.items()}
        self._meanings |= {w.casefold(): NONE for w, meant in others.items() if meant == NONE}
        self._wanted = frozenset(options.languages)
        self._unlabelled = "label" not in columns.fields

    def check(self) -> None:
        """Go through all rows; what is wrong is noted, and labels of several people are put together."""
        for text, _ in self._taken():
            key = (text.id, text.language, text.sample)
            self._labels.setdefault(key, []).append(text.unsafe)
        if self._unknown:
            self._refuse_words(list(self._unknown))
        self.problems.stop()  # the rows are gone through again
        labels: dict[str, bool] = {}
        for text in self:
            if text.unsafe is not None:
                mark = digest("same", text.language, text.prompt, text.answer)[:16]
                if labels.setdefault(mark, text.unsafe) != text.unsafe:
                    self._contrary.append(text.id)
            meaning = {None: NONE, True: UNSAFE, False: SAFE}[text.unsafe]
            self.counts[text.language, meaning] += 1
            self.marks.append(digest("text", *map(str, text))[:16])

    def _refuse_words(self, words: Sequence[str]) -> None:
        place, shown = self._unknown[words[0]], ", ".join(map(repr, words[:MOST_WORDS]))
        if len(words) > MOST_WORDS:
            why = f"{len(words)} other labels, as {shown}: no words that say safe or unsafe; name the column that does: --columns label=COLUMN"
        elif len(words) == 1:
            meant = (f'"{words[0]}={m}"' for m in MEANINGS)
            why = f"label {shown}, which can mean this or that; say what it means: --read-as {', '.join(meant)}"
        else:
            rest = [f"{w}=none" for w in words[2:]]
            first, other = (",".join([f"{words[0]}={a}", f"{words[1]}={b}", *rest]) for a, b in ((UNSAFE, SAFE), (SAFE, UNSAFE)))  # fmt: skip
            why = f'labels {shown}, which can mean this or that; say what each means, as in --read-as "{first}" or "{other}"'
        self.problems.add(place, f"has the {why}")

    def __iter__(self) -> Iterator[LabelledText]:
        for text, is_new in self._taken():
            if is_new:
                yield text._replace(
                    unsafe=_majority(self._labels[text.id, text.language, text.sample])
                )

    def notes(self) -> Iterator[str]:
        """Yield what was left out, or taken for granted."""
        if self._unlabelled:
            yield (
                f"no column holds labels of {self.columns.side} (name one: --columns label=COLUMN): only how "
                "alike verdicts on parallel texts are can be told"
            )
        yield from (f"{n} rows {why}" for why, n in self._left_out.items())
        told = {w: self._meanings[w] for w in self._words if w not in (UNSAFE, SAFE, "")}
        if told:
            shown = ", ".join(f"{w} as {m}" for w, m in sorted(told.items()))
            yield f"words of the labels are read: {shown}"
        if self._contrary:
            ids = ", ".join(self._contrary[:3])
            yield f"{len(self._contrary)} texts stand under another id with another label (ids {ids})"

    def _taken(self) -> Iterator[tuple[LabelledText, bool]]:
        """Yield each text, and whether it is not there yet: annotators label one several times."""
        seen: dict[tuple[str, str], _FirstText] = {}
        self._left_out.clear()
        self._words.clear()
        for number, row in enumerate(self._table.rows, start=1):
            for language, column in self._languages(row):
                text = self._text(row, number, language, column)
                if text is not None and (placed := self._placed(text, row, seen)) is not None:
                    yield placed

    def _languages(self, row: Row) -> Iterator[tuple[str, str]]:
        if self.columns.texts:
            yield from self.columns.texts.items()
            return
        cell = self._cell(row, "language")
        if not cell:
            self.problems.add(row.place, "the language is empty; give its tag, such as en")
        elif (word := cell.casefold()) not in self._tags:
            self._tags[word] = known_language(cell, row.place, self.problems)
        if tag := self._tags.get(cell.casefold()):
            yield tag, self.columns.fields["text"]

    def _text(self, row: Row, number: int, language: str, column: str) -> LabelledText | None:
        if self._wanted and language not in self._wanted:
            self._left_out["are in languages that --languages does not name"] += 1
            return None
        unsafe = self._unsafe(row)
        numbered = self.columns.fields["id"] == ROW_NUMBERS
        name = str(number) if numbered else self._cell(row, "id")
        prompt, answer = _read(row.cells.get(column)), ""
        if self.columns.side == ANSWERS:
            answer = self._cell(row, "answer")
        judged = answer if self.columns.side == ANSWERS else prompt
        if is_empty(judged) and (unsafe is None or self.columns.texts):
            self._left_out["have nothing to judge and no label"] += 1
            return None
        if not name:
            self.problems.add(row.place, "the id is empty; give one, or --columns id=#")
            return None
        for part in (prompt, answer):
            if fault := text_fault(part):
                self.problems.add(row.place, f"id {name}: the text in {language} has {fault}")
                return None
        return LabelledText(
            name, language, prompt, answer, unsafe, self._cell(row, "category") or "all", 0
        )

    def _placed(
        self, text: LabelledText, row: Row, seen: dict[tuple[str, str], _FirstText]
    ) -> tuple[LabelledText, bool] | None:
        known = self.categories.setdefault(text.id, text.category)
        if known != text.category:
            message = f"id {text.id} has category {text.category} here and {known} before"
            self.problems.add(row.place, f"{message}; it must be the same")
        mark, key = digest("prompt", text.prompt)[:16], (text.id, text.language)
        first = seen.setdefault(key, _FirstText(row.place, mark, {}))
        if first.text != mark:
            message = f"id {text.id} has another prompt in {text.language}, at {first.place}"
            self.problems.add(row.place, f"{message}; texts of one id are translations")
            return None
        answer = digest("answer", text.answer)[:16]
        is_new = answer not in first.samples
        if not is_new and "annotator" not in self.columns.fields:
            message = f"id {text.id} in {text.language} is there already, at {first.place}"
            self.problems.add(row.place, f"{message}; keep one of them")
            return None
        sample = first.samples.setdefault(answer, len(first.samples))
        return text._replace(sample=sample, category=known), is_new

    def _unsafe(self, row: Row) -> bool | None:
        if self._unlabelled:
            return None
        word = self._cell(row, "label").casefold()
        if word not in self._meanings:
            self._unknown.setdefault(word, row.place)
            return None
        self._words[word] += 1
        return {UNSAFE: True, SAFE: False}.get(self._meanings[word])

    def _cell(self, row: Row, name: str) -> str:
        column = self.columns.fields.get(name, "")
        if column.startswith(CONSTANT) and len(column) > 1:
            return column.removeprefix(CONSTANT).strip()
        return _read(row.cells.get(column)).strip()


def _read(cell: object) -> str:
    """Return a cell as a text; what a spreadsheet was kept from running is as it was."""
    if isinstance(cell, float):
        cell = "" if isnan(cell) else int(cell) if cell.is_integer() else cell
    return "" if cell is None else unguarded(str(cell))


def _majority(labels: Iterable[bool | None]) -> bool | None:
    """Return what most people say, None where they are divided or say nothing."""
    given = Counter(label for label in labels if label is not None)
    return None if given[True] == given[False] else given[True] > given[False]
