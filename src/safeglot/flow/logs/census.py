"""What the rows of a recording hold, counted before anything is written: the first time through them."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from safeglot.backends.models.routes import IMPORTED
from safeglot.judge.verdict_words import COMPLIANCE, REFUSAL, UNSURE, VerdictWords
from safeglot.prompts.problems import Problems, listed
from safeglot.prompts.reading.answer_rows import SAMPLE_ORDER, AnswerReader, RecordedAnswer
from safeglot.prompts.reading.cells import KINDS, LABELS, YES_OR_NO, likely_kinds, plain_word
from safeglot.prompts.reading.gathering import Gathering
from safeglot.prompts.reading.suggestions import is_of_safety
from safeglot.prompts.reading.tables import Row, Table
from safeglot.types import SAMPLES

MOST_NAMES = 1000
"""Models, judges or annotators of one recording: with more of them a column is not what it is named for."""


@dataclass(slots=True, kw_only=True, eq=False)
class Census:
    """Goes through the rows; what it counts stands in columns by the places of the prompts."""

    table: Table
    gathering: Gathering
    columns: Mapping[str, str]
    """Our names of what is said of answers -> the table's columns."""
    reference: str
    verdicts: VerdictWords
    labels: VerdictWords
    problems: Problems
    models: dict[str, int] = field(default_factory=dict)
    judges: dict[str, int] = field(default_factory=dict)
    annotators: dict[str, int] = field(default_factory=dict)
    samples: dict[str, int] = field(default_factory=dict)
    files: dict[str, set[str]] = field(default_factory=dict)
    """Model -> where the rows of its answers stand."""
    told: Counter[str] = field(default_factory=Counter)
    """How many rows there are of what is to be said."""
    n_samples: int = 1
    first_files: dict[str, array[int]] = field(default_factory=dict)
    """Language -> by place, the file of the first answer to a text, as a number from 1."""
    wheres: dict[str, int] = field(default_factory=dict)
    mixed: bool = False
    """Whether answers to a text stand in several files, whose nothing says."""

    @property
    def is_repeated(self) -> bool:
        """Whether several rows can be of one answer: those of its judges or annotators."""
        return not {"judge", "annotator"}.isdisjoint(self.columns)

    @property
    def counts_samples(self) -> bool:
        """Whether the answers to a text are told apart by their order alone."""
        return not self.is_repeated and self.columns.get("sample", SAMPLE_ORDER) == SAMPLE_ORDER

    def take(self) -> None:
        """Count the rows, noting what is wrong with them."""
        reader = AnswerReader(self.columns, self.problems)
        counts: dict[tuple[str, int], array[int]] = {}
        for row, at, language in self.gathering.taking(self.table.rows, self.reference):
            said = reader.read(row)
            model = self._count(said)
            self.files.setdefault(said.model, set()).add(row.where)
            if self.counts_samples:
                column = counts.setdefault((language, model), array("H"))
                column.extend([0] * (at + 1 - len(column)))
                column[at] += column[at] < SAMPLES[1]
                self._check_file(row, at, language)
        self.told["nan"] = reader.n_nan
        self._check_words()
        self._check_names()
        if self.counts_samples:
            self._settle_samples(counts)
        else:
            self.n_samples = max(1, len(self.samples))

    def again(self) -> Iterator[tuple[Row, RecordedAnswer, int, str]]:
        """Yield each row once more, with what it says, the place of its prompt, and the language."""
        reader = AnswerReader(self.columns, self.problems)
        for row, at, language in self.gathering.again(self.table.rows, self.reference):
            yield row, reader.read(row), at, language

    def judge_of(self, said: RecordedAnswer) -> str:
        """Return the name of the judge whose verdict a row brings."""
        return f"{IMPORTED}={said.judge}" if said.judge else IMPORTED

    def _check_file(self, row: Row, at: int, language: str) -> None:
        """Note once where answers to a text stand in several files, and nothing says that they are one model's."""
        if self.table.n_files < 2 or self.mixed or not {"model", "sample"}.isdisjoint(self.columns):
            return
        column = self.first_files.setdefault(language, array("I"))
        column.extend([0] * (at + 1 - len(column)))
        wheres = self.wheres
        here = wheres.setdefault(row.where, len(wheres) + 1)
        if column[at] in (0, here):
            column[at] = here
            return
        self.mixed = True
        first = list(wheres)[column[at] - 1].rstrip(": row")
        self.problems.add(
            row.place,
            f"has an answer to id {self.gathering.ids[at]} in {language}, and so has {first}; no column "
            "says whose they are. Name the column of the model (--columns model=COLUMN), have the "
            "path say it, as in 'answers/{model}/{language}.jsonl', or say that they are samples of one "
            f"model: --columns sample={SAMPLE_ORDER}",
        )
        self.problems.remedy.by_model = True

    def _count(self, said: RecordedAnswer) -> int:
        if "verdict" in self.columns:
            self.verdicts.meaning(said.verdict)
            self.judges.setdefault(self.judge_of(said), len(self.judges))
        if "label" in self.columns:
            self.labels.meaning(said.label)
            self.annotators.setdefault(said.annotator or "1", len(self.annotators))
        if not self.counts_samples:
            self.samples.setdefault(said.sample, len(self.samples))
        self.told["no answer"] += said.text is None and not said.failure
        self.told["failure"] += bool(said.failure)
        return self.models.setdefault(said.model, len(self.models))

    def _check_words(self) -> None:
        for name, words in (("verdict", self.verdicts), ("label", self.labels)):
            column = self.columns.get(name, "")
            likely = likely_meanings(words.unknown, column)
            if fault := words.fault(f'column "{column}" of the {name}s', likely):
                self.problems.add(self.table.where, fault)
                self.problems.remedy.flags["--verdicts"] = words.to_paste(likely)

    def _check_names(self) -> None:
        named = {"model": self.models, "judge": self.judges, "annotator": self.annotators}
        for name, found in named.items():
            if len(found) > MOST_NAMES:
                self.problems.add(
                    self.table.where,
                    f'column "{self.columns[name]}" names {len(found)} of what is to be a {name} '
                    f"({listed(list(found), 3)}); give another column, or leave --columns {name} out",
                )
        if len(self.samples) > SAMPLES[1]:
            self.problems.add(
                self.table.where,
                f'column "{self.columns["sample"]}" has {len(self.samples)} values, allowed are '
                f"{SAMPLES[1]} samples of an answer at most; give the column that counts them",
            )

    def _settle_samples(self, counts: Mapping[tuple[str, int], array[int]]) -> None:
        """Note how many answers a text has where rows are not numbered; all are to have as many."""
        self.n_samples = max((max(column) for column in counts.values()), default=1)
        if self.n_samples > SAMPLES[1] - 1:
            self.problems.add(
                self.table.where,
                f"a prompt has {SAMPLES[1]} answers or more in one language; is the id that of a prompt?",
            )
        if self.n_samples == 1 or "sample" in self.columns:
            return
        fewer = sum(0 < n < self.n_samples for column in counts.values() for n in column)
        if fewer:
            (language, model), column = next(
                (key, column) for key, column in counts.items() if self.n_samples in column
            )
            first = self.gathering.ids[column.index(self.n_samples)]
            name = list(self.models)[model]
            self.problems.add(
                self.table.where,
                f"has {self.n_samples} answers of {name} to id {first} in {language}, and fewer to "
                f"{fewer} other texts. Give a column that numbers the answers, --columns "
                f"sample=COLUMN, or count them in their order, --columns sample={SAMPLE_ORDER} (what "
                "is lacking then counts as missing), or take out what stands twice",
            )
            self.problems.remedy.columns["sample"] = SAMPLE_ORDER


_REFUSING = ("refus", "reject", "declin")
_COMPLYING = ("compl", "answered")


def likely_meanings(words: Iterable[str], column: str) -> dict[str, str]:
    """Return what words of verdicts most likely mean, to be suggested: yes and no only by their column's name."""
    name = column.casefold()
    of_harm = any(part in name for part in ("harm", "unsafe", "toxic", "flag", "violat"))
    said = [w for w in words if of_harm or is_of_safety(column) or plain_word(w) not in YES_OR_NO]
    kinds = likely_kinds(
        (w for w in said if plain_word(w) in LABELS | {*KINDS}), of_safety=not of_harm
    )
    found = {word: "unsafe" if kind == "harmful" else "safe" for word, kind in kinds.items()}
    for word in said:
        if word.startswith(_REFUSING):
            found[word] = REFUSAL
        elif word.startswith(_COMPLYING):
            found[word] = COMPLIANCE
    return found


def label_words(given: Mapping[str, str]) -> VerdictWords:
    """Return the words of people's labels."""
    return VerdictWords(given, further=(UNSURE,))
