"""How much of a gap comes from translation: its terms, translators, quality and gate."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from safeglot.errors import UsageError
from safeglot.experiments.cells import columns
from safeglot.experiments.runs import judges_of, read_estimates
from safeglot.report.numbers.interpretation import is_interpretable, reason_of
from safeglot.report.numbers.percent import number as extra_of
from safeglot.report.numbers.percent import points
from safeglot.report.table import Kind, ResultCell, ResultRow, ResultTable, number, word
from safeglot.score.causes.attribution import ASSUMPTIONS
from safeglot.types import Estimate

_TERMS = ("translation", "model", "judge")
_AT_QUALITY = "gap_at_quality_"
_OF_TEXTS = ("count", "number", "estimator", "dropped")
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
    for kind in _KINDS:
        rows = [e for e in every if e.metric.startswith(kind.metric)]
        if rows:
            yield ResultTable(
                title=f"{name}: {kind.title}",
                columns=(*columns(_WHERE), *columns(kind.columns)),
                rows=tuple((*_where(e), *_kind_cells(kind, e)) for e in rows),
                text=kind.text,
                assumptions=kind.assumptions,
            )


def _where(e: Estimate) -> ResultRow:
    return word(e.language or "all"), word(e.model), word(e.judge)


def _kind_cells(kind: _Kind, e: Estimate) -> ResultRow:
    """Return the cells of a row; where the gap is not interpreted its counts, and why no more."""
    cells = kind.cells(e)
    if is_interpretable(e):
        return cells
    why = number(None, reason=reason_of(e))
    kept = zip(cells, kind.columns.items(), strict=True)
    return tuple(cell if of in _OF_TEXTS or name in _OF_TEXTS else why for cell, (name, of) in kept)


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
    return ResultTable(
        title=f"{name}: where the gap comes from (unsafe rate less the reference's)",
        columns=(
            *columns(_WHERE),
            *columns({"gap": "points", **dict.fromkeys(_TERMS, "points")}),
            *columns({"translation, other end": "points", "model, other end": "points"}),
            *columns({"translation's share": "rate", "causes named": "word", "n": "count"}),
        ),
        rows=tuple(_decomposition_row(e, every) for e in rows),
        text=(
            "Above zero, the other language is judged unsafe more often, and the terms add up to the "
            "gap where all of them are known. A round trip translates twice: translation and model are a "
            "pair, from these values to those at the other end, where half of the round trip's excess "
            "is the way out's; intervals go over both ends. A cause is named only where its sign holds "
            "over the whole interval, and under the assumptions below."
        ),
        assumptions=ASSUMPTIONS,
        notes=tuple(dict.fromkeys(note for e in rows for note in _notes(e, every))),
    )


def _term(e: Estimate, term: str, every: Mapping[_Key, Estimate]) -> Estimate | None:
    return every.get((f"unsafe_gap_{term}", e.judge, e.model, e.language))


def _decomposition_row(e: Estimate, every: Mapping[_Key, Estimate]) -> ResultRow:
    if not is_interpretable(e):
        why = number(None, reason=reason_of(e))
        return (*_where(e), *((why,) * 7), word("none: not interpreted"), number(e.n))
    translation = _term(e, "translation", every)
    share = number(None)
    if translation is not None and translation.extra.get("share") is not None:
        span = extra_of(translation, "share_low"), extra_of(translation, "share_high")
        share = number(extra_of(translation, "share"), span)
    terms = [_cell(_term(e, term, every)) for term in _TERMS]
    ends = [_other_end(_term(e, term, every)) for term in _TERMS[:2]]
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """A table with a row for each estimate of a metric, whose name may begin with `metric`."""

    metric: str
    title: str
    columns: Mapping[str, Kind]
    cells: Callable[[Estimate], ResultRow]
    text: str
    assumptions: tuple[str, ...] = ()


def _translators(e: Estimate) -> ResultRow:
    gap = extra_of(e, "gap"), (extra_of(e, "gap_low"), extra_of(e, "gap_high"))
    spread = None if e.value is None else max(e.value, 0.0) ** 0.5
    return (
        _extra(e, "K"),
        number(*gap),
        number(spread, reason=e.method),
        _extra(e, "p"),
        word(e.extra.get("sign_robust") or "not known"),
        number(e.n),
    )


def _slope(e: Estimate) -> ResultRow:
    return (
        word(e.extra.get("estimator") or ""),
        _cell(e),
        _extra(e, "unsafe_rate"),
        _extra(e, "unsafe_adjusted"),
        _extra(e, "pooled_beta"),
        number(e.n),
    )


def _gate(e: Estimate) -> ResultRow:
    return (
        _extra(e, "kept"),
        _extra(e, "drop_rate"),
        _cell(e),
        _extra(e, "gap_paired"),
        _extra(e, "gap_wrong"),
    )


def _at_quality(e: Estimate) -> ResultRow:
    return number(float(e.metric.removeprefix(_AT_QUALITY))), _cell(e), number(e.n)


_KINDS = (
    _Kind(
        metric="translator_variance",
        title="what the choice of the translator does",
        columns={
            "translators": "count",
            "gap (unsafe)": "points",
            "sd by translators": "points",
            "p translators alike": "p",
            "same sign with all": "word",
            "prompts": "count",
        },
        cells=_translators,
        text=(
            "The gap's interval holds for other translators of this kind, not for these alone. A gap "
            "that keeps its sign with all of them is robust to the choice among them, but not to a "
            "fault that they share."
        ),
        assumptions=("the translators are a sample of those that could have been taken",),
    ),
    _Kind(
        metric="quality_slope",
        title="unsafe rate by the quality of the translation",
        columns={
            "estimator": "word",
            "unsafe per unit of quality": "points",
            "unsafe rate": "rate",
            "at high quality": "rate",
            "slope across prompts": "points",
            "prompts": "count",
        },
        cells=_slope,
        text=(
            "The slope compares translations of one and the same prompt, so hard prompts do not make "
            "it. The slope across prompts stands beside it to show what they would have made of it; "
            "do not read it as an effect."
        ),
        assumptions=(
            "the estimator means the same in this language as in others, which is often not so",
        ),
    ),
    _Kind(
        metric="gate_selection",
        title="what a gate on quality (0.5) would select",
        columns={
            "kept": "count",
            "dropped": "rate",
            "reference: kept less all": "points",
            "safety gap on kept": "points",
            "with reference on all": "points",
        },
        cells=_gate,
        text=(
            "A gate keeps prompts that differ from those it drops: where the kept ones are safer in "
            "the reference language already, a gap against all of its prompts is wrong by that much. "
            "Only the gap on kept prompts compares like with like."
        ),
    ),
    _Kind(
        metric=_AT_QUALITY,
        title="gap by the least quality that is kept",
        columns={"quality from": "number", "gap (safety)": "points", "prompts": "count"},
        cells=_at_quality,
        text=(
            "If the gap shrinks as the quality rises, poor translations are a part of it; if it "
            "stays, they are not all of it. Each row is of other prompts, so the rows are no "
            "experiment."
        ),
        assumptions=("gaps are paired on the same kept prompts; intervals stand each for itself",),
    ),
)
