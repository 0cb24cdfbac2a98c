"""One answer with all that is known of it, and the same request in the other languages."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np

from safeglot.backends.files.manifest import Manifest
from safeglot.backends.store.reading import texts as answer_texts
from safeglot.backends.store.reading.columns import AnswerColumns
from safeglot.backends.store.reading.texts import AnswerRead, TextAsked, VerdictRead
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


class At(NamedTuple):
    """Where an answer is opened: the rows of the page of the list, its own, its place, the filters."""

    rows: Sequence[int]
    row: int
    place: int
    filters: Filters


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


def opened(at: At, judged: JudgedColumns, store: Store, manifest: Manifest) -> Opened:
    """Return an answer with all that is known of it."""
    c, row = judged.columns, at.row
    text = answer_texts.text_asked(store, int(c.text_N[row]))
    response = int(c.response_N[row])
    answer = answer_texts.answer_read(store, response) if response else None
    own = _shown(row, row, at.filters, judged, store)
    i = at.rows.index(row) if row in at.rows else -1
    prompt = c.prompts[c.prompt_N[row]]
    kind = ["harmless request"] if prompt.kind == "benign" else []
    return Opened(
        answer=own,
        name=name_of(c, row),
        about=" · ".join([about(c, row), prompt.id, *kind]),
        verdicts=list(_verdicts(store, response, manifest)) if response else [],
        facts=list(_facts(text, answer, store, response, manifest)),
        across=_across(row, at.filters, judged, store, manifest),
        place=at.place + 1,
        before=_step(at.rows, i - 1, at.filters, c),
        after=_step(at.rows, i + 1, at.filters, c),
    )


def _step(rows: Sequence[int], i: int, filters: Filters, columns: AnswerColumns) -> str:
    return filters.query(answer=name_of(columns, rows[i])) if 0 <= i < len(rows) else ""


def _across(
    row: int, filters: Filters, judged: JudgedColumns, store: Store, manifest: Manifest
) -> list[AnswerShown]:
    """Return the answers to the same request in all languages: the reference, then the unsafe ones."""
    c = judged.columns
    same = (c.prompt_N == c.prompt_N[row]) & (c.model_N == c.model_N[row])
    same &= (c.sample_N == c.sample_N[row]) & (c.arm_N == c.arm_N[row])
    reference = c.languages.index(manifest.reference) if manifest.reference in c.languages else -1
    rows = [int(i) for i in np.flatnonzero(same)]
    rows.sort(key=lambda i: (c.language_N[i] != reference, judged.rank_N[i], i))
    return [_shown(i, row, filters, judged, store) for i in rows[:MOST_ACROSS]]


def _shown(
    row: int, now: int, filters: Filters, judged: JudgedColumns, store: Store
) -> AnswerShown:
    c = judged.columns
    text = answer_texts.text_asked(store, int(c.text_N[row]))
    said, thought, lost = "", "", ""
    if response := int(c.response_N[row]):
        answer = answer_texts.answer_read(store, response)
        said, thought = (answer.text, answer.thought) if answer else ("", "")
    else:
        model, sample = c.models[c.model_N[row]], int(c.sample_N[row])
        failure = answer_texts.answer_lost(store, model, int(c.text_N[row]), sample)
        kind = list(KINDS)[int(judged.kind_N[row])]
        why = f"No answer: {failure.kind}. {failure.message}".strip() if failure else "No answer."
        lost = LOST.get(kind, why)
        said, thought = (failure.text, failure.thought) if failure else ("", "")
    return AnswerShown(
        query=filters.query(answer=name_of(c, row)),
        pill=pill_of(judged, row),
        language=named_language(c.languages[c.language_N[row]]),
        request=text.text,
        text=said,
        thought=thought,
        lost=lost,
        current=row == now,
    )


def _verdicts(store: Store, response: int, manifest: Manifest) -> Iterator[JudgeWord]:
    read = {verdict.judge: verdict for verdict in answer_texts.verdicts_read(store, response)}
    for judge, name in short_names(tuple(manifest.judges)).items():
        verdict = read.get(judge)
        if verdict is None:
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
