"""How much of a gap comes from translation: its terms, translators, quality and gate."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from safeglot.errors import UsageError
from safeglot.experiments.runs import judges_of, read_estimates
from safeglot.report.numbers.interpretation import is_interpretable, reason_of
from safeglot.report.numbers.percent import number as extra_of
from safeglot.report.numbers.percent import points
from safeglot.report.table import (
    Column,
    Kind,
    ResultCell,
    ResultRow,
    ResultTable,
    columns,
    number,
    said,
    word,
)
from safeglot.score.catalogue.metrics import ASSUMPTIONS
from safeglot.types import Estimate

_ADAPTATION = "adaptation"
_TERMS = ("translation", _ADAPTATION, "model", "judge")
_AT_QUALITY = "gap_at_quality_"
_OF_TEXTS = {"count", "number", "estimator", "dropped"}
"""Kinds and names of columns that say something of the texts alone, not of their verdicts."""
_WHERE: Mapping[str, Kind] = {"language": "word", "model": "word", "judge": "word"}


def translation_impact(paths: Sequence[Path], *, judge: str | None = None) -> list[ResultTable]:
    """Return what the arms of a run showed. Raises: UsageError with what to run where it has none."""
    if not paths:
        raise UsageError("translation-impact: no run given. Name the folder of a run with arms.")
    return [table for path in paths for table in _of(path, judge)]


def _of(path: Path, wanted: str | None) -> list[ResultTable]:
    every = read_estimates(path)
    judges = judges_of(path, tuple(dict.fromkeys(e.judge for e in every if e.judge)), wanted)
    tables = list(_tables(path.resolve().name, [e for e in every if e.judge in judges]))
    if not tables:
        raise UsageError(
            f"{path}: has no arms and no quality of translations, so nothing tells the translation "
            "from the model. Add texts to the run: the same `safeglot run` on this folder with "
            "--arms roundtrip,translators --arm-texts FILE.csv; `safeglot arms "
            f"{path} --out FILE.csv` writes the answers to translate back for --arms backtranslate."
        )
    return tables


def _tables(name: str, every: Sequence[Estimate]) -> Iterator[ResultTable]:
    totals = [e for e in every if e.metric == "unsafe_gap_total"]
    if totals:
        yield _decomposition(name, totals, {_key(e): e for e in every if e.category is None})
    for metric, cells in _CELLS.items():
        rows = [e for e in every if e.metric.startswith(metric)]
        if rows:
            yield _of_metric(said(metric, run=name), rows, cells)


def _of_metric(
    words: dict[str, Any], rows: Sequence[Estimate], cells: Callable[[Estimate], ResultRow]
) -> ResultTable:
    """Return a table with a row for each estimate."""
    known: tuple[Column, ...] = words["columns"]
    filled = tuple((*_where(e), *_told(known, cells(e), e)) for e in rows)
    return ResultTable(**words | {"columns": (*columns(_WHERE), *known)}, rows=filled)


def _where(e: Estimate) -> ResultRow:
    return word(e.language or "all"), word(e.model), word(e.judge)


def _told(known: Sequence[Column], cells: ResultRow, e: Estimate) -> ResultRow:
    """Return the cells of a row; where the gap is not interpreted its counts, and why no more."""
    if is_interpretable(e):
        return cells
    why = number(None, reason=reason_of(e))
    kept = zip(cells, known, strict=True)
    return tuple(cell if {of.kind, of.name} & _OF_TEXTS else why for cell, of in kept)


def _cell(e: Estimate | None) -> ResultCell:
    """Return a value with its interval; a term of a pair is its value, with the interval over both ends."""
    if e is None:
        return number(None, reason="not in the run")
    if not is_interpretable(e):
        return number(None, reason=reason_of(e))
    return number(e.value, (e.low, e.high), reason=e.method)


def _extra(e: Estimate, name: str) -> ResultCell:
    value = e.extra.get(name)
    if isinstance(value, str):
        return word(value)
    return number(extra_of(e, name))


# ---- the terms of a gap


_Key = tuple[str, str | None, str | None, str | None]


def _key(e: Estimate) -> _Key:
    return e.metric, e.judge, e.model, e.language


def _decomposition(
    name: str, rows: Sequence[Estimate], every: Mapping[_Key, Estimate]
) -> ResultTable:
    words = said("decomposition", run=name)
    there = {metric for metric, *_ in every}
    terms = [t for t in _TERMS if t != _ADAPTATION or f"unsafe_gap_{t}" in there]
    gap, translation, *others = words["columns"]
    added = columns(dict.fromkeys({_ADAPTATION} & {*terms}, "points"))
    return ResultTable(
        **words | {"columns": (*columns(_WHERE), gap, translation, *added, *others)},
        rows=tuple(_decomposition_row(e, every, terms) for e in rows),
        assumptions=ASSUMPTIONS,
        notes=tuple(dict.fromkeys(note for e in rows for note in _notes(e, every))),
    )


def _term(e: Estimate, term: str, every: Mapping[_Key, Estimate]) -> Estimate | None:
    return every.get((f"unsafe_gap_{term}", e.judge, e.model, e.language))


def _decomposition_row(
    e: Estimate, every: Mapping[_Key, Estimate], names: Sequence[str]
) -> ResultRow:
    if not is_interpretable(e):
        why = number(None, reason=reason_of(e))
        untold = (why,) * (4 + len(names))
        return (*_where(e), *untold, word("none: not interpreted"), number(e.n))
    translation = _term(e, "translation", every)
    share = number(None)
    if translation is not None and translation.extra.get("share") is not None:
        span = extra_of(translation, "share_low"), extra_of(translation, "share_high")
        share = number(extra_of(translation, "share"), span)
    terms = [_cell(_term(e, term, every)) for term in names]
    ends = [_other_end(_term(e, term, every)) for term in ("translation", "model")]
    causes = word(_causes(e, every) or "none")
    return (*_where(e), _cell(e), *terms, *ends, share, causes, number(e.n))


def _other_end(e: Estimate | None) -> ResultCell:
    return number(None if e is None else extra_of(e, "other_end"))


def _causes(e: Estimate, every: Mapping[_Key, Estimate]) -> str:
    terms = (_term(e, term, every) for term in _TERMS)
    return "; ".join(str(t.extra["cause"]) for t in terms if t is not None and t.extra.get("cause"))


def _notes(e: Estimate, every: Mapping[_Key, Estimate]) -> Iterator[str]:
    if not is_interpretable(e):
        yield f"{e.language}, {e.model}: the gap is {reason_of(e)} in one of the two languages; no term of it is told."
        return
    translation = _term(e, "translation", every)
    if translation is None:
        return
    reason = translation.extra.get("share_reason")
    if reason:
        yield f"no share of the gap: {reason}."
    human = extra_of(translation, "human")
    if human is not None:
        low, high = (points(extra_of(translation, f"human_{end}")) for end in ("low", "high"))
        yield (
            f"{e.language}, {e.model}: against human translations the translation's effect is "
            f"{points(human)} [{low} to {high}] points; with two prompts or more this is the term, and "
            "what the round trip says beyond it went to the model."
        )
    alike = extra_of(translation, "alike")
    if alike is not None:
        low, high = (points(extra_of(translation, f"alike_{end}")) for end in ("low", "high"))
        yield (
            f"{e.language}, {e.model}: if both directions err alike, one pass adds {points(alike)} "
            f"[{low} to {high}] points (by a second round trip; names no cause)."
        )


# ---- what each estimate shows by itself


def _translators(e: Estimate) -> ResultRow:
    gap = extra_of(e, "gap"), (extra_of(e, "gap_low"), extra_of(e, "gap_high"))
    spread = None if e.value is None else max(e.value, 0.0) ** 0.5
    sd, robust = number(spread, reason=e.method), word(e.extra.get("sign_robust") or "not known")
    return _extra(e, "K"), number(*gap), sd, _extra(e, "p"), robust, number(e.n)


def _slope(e: Estimate) -> ResultRow:
    found = [_extra(e, name) for name in ("unsafe_rate", "unsafe_adjusted", "pooled_beta")]
    return (word(e.extra.get("estimator") or ""), _cell(e), *found, number(e.n))


def _gate(e: Estimate) -> ResultRow:
    kept, dropped, *gaps = (
        _extra(e, name) for name in ("kept", "drop_rate", "gap_paired", "gap_wrong")
    )
    return (kept, dropped, _cell(e), *gaps)


def _at_quality(e: Estimate) -> ResultRow:
    return number(float(e.metric.removeprefix(_AT_QUALITY))), _cell(e), number(e.n)


_CELLS: Mapping[str, Callable[[Estimate], ResultRow]] = {
    "translator_variance": _translators,
    "quality_slope": _slope,
    "gate_selection": _gate,
    _AT_QUALITY: _at_quality,
}
"""How the name of a metric begins -> the cells of a row; what is said of it has the same name."""
