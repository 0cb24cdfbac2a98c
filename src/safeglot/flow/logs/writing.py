"""The rows of a recording as rows of a run's database: the second time through them, in batches."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from safeglot.backends.store.labels import draw_labelled, labelled_counts
from safeglot.backends.store.records import reply_row, verdict_row
from safeglot.backends.store.store import Store
from safeglot.backends.store.texts import main_text_numbers
from safeglot.flow.logs.census import Census
from safeglot.flow.measure.judges.labels import WHOLE
from safeglot.judge.base import response_class
from safeglot.judge.families.source_verdicts import NOT_THERE
from safeglot.judge.verdict_words import COMPLIANCE, NONE, REFUSAL, SAFE, UNSAFE
from safeglot.keys import digest
from safeglot.prompts.reading.answer_rows import RecordedAnswer
from safeglot.prompts.reading.tables import Row
from safeglot.text.loops import is_empty
from safeglot.text.makers import makers
from safeglot.text.surrogates import whole
from safeglot.types import Reply, Verdict

BATCH = 5_000
"""Rows that are written in one transaction."""
_EMPTY = "empty"
_FAILED = {
    "blocked": ("blocked", "the service blocked it"),
    "broken": ("broken", "the answer broke off"),
}


@dataclass(slots=True, kw_only=True, eq=False)
class Writer:
    """Writes answers with their verdicts and labels; the prompts are in the store."""

    store: Store
    census: Census
    languages: tuple[str, ...]
    steps: list[int]
    """Of the models, in their order."""
    judges: list[int]
    harmful: bytearray
    """By place, whether a prompt is harmful."""
    to_label: Counter[str] = field(default_factory=Counter)
    """Language -> answers on harmful prompts that a person could label: those that are not empty."""
    texts: array[int] = field(init=False)
    """The number of each prompt's text by place and language, 0 where there is none."""
    answers: array[int] = field(init=False)
    """The number of the answer to each text, by model and sample; 0 for none, -1 for a failure."""
    said: array[int] | None = field(init=False)
    """What was said there, where several rows are of one answer."""
    verdicts: list[bytearray] = field(init=False)
    """By judge, what is known of each answer, where several rows are of one."""

    def __post_init__(self) -> None:
        c = self.census
        self.texts = array("q", bytes(8 * len(c.gathering.ids) * len(self.languages)))
        at = {tag: i for i, tag in enumerate(self.languages)}
        for number, prompt, language in main_text_numbers(self.store):
            self.texts[c.gathering.place_at(prompt) * len(at) + at[language]] = number
        cells = len(self.texts) * len(self.steps) * c.n_samples
        self.answers = array("i", bytes(4 * cells))
        self.said = array("q", bytes(8 * cells)) if c.is_repeated else None
        self.verdicts = [bytearray(cells) for _ in self.judges] if c.is_repeated else []

    def write(self) -> None:
        """Write all rows, noting answers without a prompt and those that contradict each other."""
        rows = self.census.again()
        at = {tag: i for i, tag in enumerate(self.languages)}
        while batch := list(islice(rows, BATCH)):
            found: dict[str, list[tuple[Any, ...]]] = {}
            for row, said, place, language in batch:
                text = place * len(at) + at[language]
                for table, made in self._of(row, said, text):
                    found.setdefault(table, []).append(made)
            for table, made_rows in found.items():
                self.store.write(table, made_rows)

    def _of(
        self, row: Row, said: RecordedAnswer, text: int
    ) -> Iterator[tuple[str, tuple[Any, ...]]]:
        """Yield the table and the row of each thing that a row says."""
        c, work = self.census, self.texts[text]
        if said.text is None and not said.failure:
            return
        if not work:
            c.problems.add(
                row.place, "has an answer and no text of the prompt; give it, or leave the row out"
            )
            return
        model, harmful = c.models[said.model], bool(self.harmful[text // len(self.languages)])
        first = (text * len(self.steps) + model) * c.n_samples
        sample = self._sample(said, first)
        cell = first + sample
        if self.answers[cell]:
            if self.said is None or self.said[cell] != hash(said.text):
                fault = f"another answer of {said.model} to the same text stands above; number them with --columns sample=COLUMN"
                c.problems.add(row.place, fault)
                return
        else:
            yield from self._answer(said, (work, self.steps[model], sample), cell)
            if self.answers[cell] > 0 and harmful and not is_empty(said.text or ""):
                self.to_label[self.languages[text % len(self.languages)]] += 1
        if self.answers[cell] > 0:
            yield from self._readings(row, said, cell, harmful=harmful)

    def _sample(self, said: RecordedAnswer, first: int) -> int:
        c = self.census
        if not c.counts_samples:
            return c.samples[said.sample]
        return next((i for i in range(c.n_samples) if not self.answers[first + i]), c.n_samples - 1)

    def _answer(
        self, said: RecordedAnswer, place: tuple[int, int, int], cell: int
    ) -> Iterator[tuple[str, tuple[Any, ...]]]:
        """Yield an answer and its reply, or how it failed."""
        work, step, sample = place
        if self.said is not None:
            self.said[cell] = hash(said.text)
        ending = makers().ending((said.finish_reason, "stop"))  # else an unknown word is a fault
        if said.failure or ending in _FAILED:
            self.answers[cell] = -1
            kind, message = _FAILED.get(ending or "", ("failed", ""))
            yield "failures", (
                "generate", digest("recorded", said.model, work, sample), "", said.model, sample, kind,
                whole(said.failure) or message, 1, False, whole(said.text or ""), whole(said.thought), work,
            )  # fmt: skip
            return
        number = self.store.numbers("responses")
        reply = Reply(
            text=whole(said.text or ""),
            finish_reason="length" if ending == "cut" else whole(said.finish_reason),
            thought=whole(said.thought),
        )
        kept = self.store.numbers("replies")
        self.answers[cell] = number
        yield "replies", reply_row(kept, None, reply)
        yield "responses", (number, work, step, sample, kept, None)

    def _readings(
        self, row: Row, said: RecordedAnswer, cell: int, *, harmful: bool
    ) -> Iterator[tuple[str, tuple[Any, ...]]]:
        """Yield the verdict and the label that a row brings."""
        c, number = self.census, self.answers[cell]
        if "verdict" in c.columns:
            judge = c.judges[c.judge_of(said)]
            verdict = self._verdict(said, harmful=harmful)
            if self._is_new(verdict, judge, cell, row):
                yield "verdicts", verdict_row(number, self.judges[judge], verdict, None)
        if "label" not in c.columns or (label := c.labels.meaning(said.label)) == NONE:
            return
        if is_empty(said.text or ""):
            c.told["empty label"] += 1
        else:
            label = {REFUSAL: SAFE, COMPLIANCE: UNSAFE}.get(label, label)
            yield "labels", (number, said.annotator or "1", label, "")

    def draw(self, *, simple: bool) -> Iterator[str]:
        """Yield what labels correct nothing, having taken the others for a sample whose design is known."""
        for language, n in labelled_counts(self.store).items():
            of = self.to_label[language]
            if simple or n == of:
                draw_labelled(self.store, language, WHOLE)
            else:
                yield (
                    f"{n} of {of} answers in {language} have labels. How these were drawn is not "
                    "known, so no rate is corrected by them; --simple-labels says that they are a "
                    "simple random sample."
                )

    def _verdict(self, said: RecordedAnswer, *, harmful: bool) -> Verdict:
        read = self.census.verdicts.read(said.verdict, harmful=harmful)
        unsafe, reason = read.unsafe, "" if read.unsafe is not None else NOT_THERE
        is_nothing = not unsafe and is_empty(said.text or "")
        if is_nothing:  # an empty answer is never safe, whoever says so
            unsafe, reason = None, _EMPTY
        return Verdict(
            response="",
            judge="",
            mode="",
            unsafe=unsafe,
            unsafe_loose=unsafe,
            label=whole(str(said.verdict or "")),
            refusal=None if is_nothing else read.refusal,
            response_class="INV-empty"
            if is_nothing
            else response_class(unsafe=unsafe, refusal=read.refusal),
            reason=reason,
        )

    def _is_new(self, verdict: Verdict, judge: int, cell: int, row: Row) -> bool:
        """Return whether an answer has no verdict of a judge yet; one that contradicts it is noted."""
        if not self.verdicts:
            return True
        code = {None: 1, False: 2, True: 3}[verdict.unsafe]
        known = self.verdicts[judge][cell]
        self.verdicts[judge][cell] = code
        if known not in (0, code):
            self.census.problems.add(
                row.place,
                "the same answer has another verdict above; name the judges with --columns judge=COLUMN",
            )
        return not known
