"""One answer with all that is known of it, and the same request in the other languages."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np

from safeglot.backends.files.manifest import Manifest
from safeglot.backends.store.reading import texts as answer_texts
from safeglot.backends.store.reading.columns import AnswerColumns
from safeglot.backends.store.reading.texts import AnswerLost, AnswerRead, TextAsked, VerdictRead
from safeglot.backends.store.store import Store
from safeglot.flow.app.selection import Filters, JudgedColumns
from safeglot.report.app.reading import AnswerShown, JudgeWord, Opened
from safeglot.report.app.words import (
    ARMS,
    ENDED,
    INVALID,
    KINDS,
    LOST,
    UNSAFE,
    KindWords,
)
from safeglot.report.names import short_names
from safeglot.report.page import named_language

Tell: TypeAlias = Callable[[int, int], None]
MOST_ACROSS = 400
"""Languages that one page shows a request in."""


def name_of(columns: AnswerColumns, row: int) -> str:
    """Return the name of a row in addresses: the same however often the run is read."""
    c = columns
    return f"{c.text_N[row]}.{c.model_N[row]}.{c.sample_N[row]}"


def row_of(columns: AnswerColumns, name: str) -> int:
    """Return the row of a name, -1 where it names none."""
    parts = name.split(".")
    if len(parts) != 3 or not all(p.isascii() and p.isdigit() and len(p) < 18 for p in parts):
        return -1
    return columns.find(*map(int, parts))


def pill_of(judged: JudgedColumns, row: int) -> KindWords:
    """Return the kind of an answer; what is judged unsafe says so, whatever else it is."""
    if judged.unsafe_N[row] == 1:
        return UNSAFE
    return list(KINDS.values())[int(judged.kind_N[row])]


def about(columns: AnswerColumns, row: int) -> str:
    """Return what else tells an answer from others of its language: categories, arm, model, sample."""
    c = columns
    parts = [", ".join(c.prompts[c.prompt_N[row]].categories)]
    parts += [ARMS.get(c.arms[c.arm_N[row]], "")] if c.arm_N[row] else []
    parts += [short_names(c.models)[c.models[c.model_N[row]]]] if len(c.models) > 1 else []
    parts += [f"sample {c.sample_N[row] + 1}"] if c.sample_N[row] else []
    return " · ".join(part for part in parts if part)


class AnswerList(NamedTuple):
    """The list that answers are opened from: what one judge says of them, by filters."""

    judged: JudgedColumns
    filters: Filters
    store: Store
    manifest: Manifest

    def opened(self, rows: Sequence[int], row: int, place: int) -> Opened:
        """Return an answer with all that is known of it, by its row, its place, and the rows of its page."""
        c = self.judged.columns
        text = answer_texts.text_asked(self.store, int(c.text_N[row]))
        response = int(c.response_N[row])
        answer = answer_texts.answer_read(self.store, response) if response else None
        i = rows.index(row) if row in rows else -1
        prompt = c.prompts[c.prompt_N[row]]
        kind = ["harmless request"] if prompt.kind == "benign" else []
        return Opened(
            answer=self._shown(row, row),
            name=name_of(c, row),
            about=" · ".join([about(c, row), prompt.id, *kind]),
            verdicts=list(self._verdicts(response)) if response else [],
            facts=list(_facts(text, answer, self.store, response, self.manifest)),
            across=self._across(row),
            place=place + 1,
            before=self.query(rows[i - 1]) if i > 0 else "",
            after=self.query(rows[i + 1]) if i + 1 < len(rows) else "",
        )

    def query(self, row: int) -> str:
        """Return the query of the address of an answer."""
        return self.filters.query(answer=name_of(self.judged.columns, row))

    def _across(self, row: int) -> list[AnswerShown]:
        """Return the answers to the same request in all languages: the reference, then the unsafe ones."""
        c, tag = self.judged.columns, self.manifest.reference
        same = (c.prompt_N == c.prompt_N[row]) & (c.model_N == c.model_N[row])
        same &= (c.sample_N == c.sample_N[row]) & (c.arm_N == c.arm_N[row])
        reference = c.languages.index(tag) if tag in c.languages else -1
        rows = [int(i) for i in np.flatnonzero(same)]
        rows.sort(key=lambda i: (c.language_N[i] != reference, self.judged.rank_N[i], i))
        return [self._shown(i, row) for i in rows[:MOST_ACROSS]]

    def _shown(self, row: int, now: int) -> AnswerShown:
        c, store = self.judged.columns, self.store
        text = answer_texts.text_asked(store, int(c.text_N[row]))
        lost = ""
        found: AnswerRead | AnswerLost | None
        if response := int(c.response_N[row]):
            found = answer_texts.answer_read(store, response)
        else:
            model, sample = c.models[c.model_N[row]], int(c.sample_N[row])
            found = failure = answer_texts.answer_lost(store, model, int(c.text_N[row]), sample)
            why = (
                f"No answer: {failure.kind}. {failure.message}".strip() if failure else "No answer."
            )
            lost = LOST.get(list(KINDS)[int(self.judged.kind_N[row])], why)
        return AnswerShown(
            query=self.query(row),
            pill=pill_of(self.judged, row),
            language=named_language(c.languages[c.language_N[row]]),
            request=text.text,
            text=found.text if found else "",
            thought=found.thought if found else "",
            lost=lost,
            current=row == now,
        )

    def _verdicts(self, response: int) -> Iterator[JudgeWord]:
        read = {v.judge: v for v in answer_texts.verdicts_read(self.store, response)}
        for judge, name in short_names(tuple(self.manifest.judges)).items():
            if (verdict := read.get(judge)) is None:
                yield JudgeWord(judge=name, said="no verdict yet")
            else:
                yield JudgeWord(judge=name, said=_said(verdict), rationale=verdict.rationale)


def _said(v: VerdictRead) -> str:
    if v.unsafe is None:
        return f"no verdict: {v.reason}" if v.reason else "no verdict"
    parts = ["unsafe" if v.unsafe else "safe"]
    parts += [f"{v.p_unsafe:.2f}"] if isinstance(v.p_unsafe, float) else []
    return ", ".join([*parts, *v.codes])


def _facts(
    text: TextAsked, answer: AnswerRead | None, store: Store, response: int, manifest: Manifest
) -> Iterator[tuple[str, str]]:
    """Yield (name, what it is) of what else is known of an answer."""
    if response:
        labels = [f"{label}{f' ({note})' if note else ''} by {who}" for who, label, note in answer_texts.labels_read(store, response)]  # fmt: skip
        yield "Label", "; ".join(labels) or "none yet"
    if text.language == manifest.reference and text.translator == "given":
        yield "Translation", "the original"
    else:
        quality = json.loads(text.quality)
        numbers = [f"{name} {value:.2f}" for name, value in quality.items() if isinstance(value, float)]  # fmt: skip
        yield "Translation", ", ".join([text.translator, *numbers])
    if text.variant:
        yield "Variant", text.variant
    if answer is None:
        return
    if answer.invalid:
        yield "Unusable:", INVALID.get(answer.invalid, answer.invalid)
    tokens = [] if answer.n_tokens is None else [f"{answer.n_tokens:,} tokens"]
    yield "", ", ".join([*tokens, ENDED.get(answer.finish_reason, f"ended by {answer.finish_reason}")])  # fmt: skip
