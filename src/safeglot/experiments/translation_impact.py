"""How much of a gap is the translation's: the terms, the translators, the quality, the gate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from safeglot.errors import UsageError
from safeglot.experiments import sources
from safeglot.experiments.sources import judges_of
from safeglot.report.numbers.percent import number as extra_of
from safeglot.report.numbers.percent import points
from safeglot.report.table import Column, ResultCell, ResultRow, ResultTable, number, word
from safeglot.score.causes.attribution import ASSUMPTIONS
from safeglot.types import Estimate

_TERMS = ("translation", "model", "judge")
_AT_QUALITY = "gap_at_quality_"


def translation_impact(runs: Sequence[Path], *, judge: str | None = None) -> list[ResultTable]:
    """Return what the arms of a run showed. Raises: UsageError with what to run where it has none."""
    if not runs:
        raise UsageError("translation-impact: no run given. Name the folder of a run with arms.")
    return [table for path in runs for table in _of(path, judge)]


def _of(path: Path, asked: str | None) -> list[ResultTable]:
    every = sources.estimates(path)
    judges = judges_of(path, tuple(dict.fromkeys(e.judge for e in every if e.judge)), asked)
    told = [e for e in every if e.judge in judges]
    name = path.resolve().name
    found = list(_tables(name, told))
    if not found:
        raise UsageError(
            f"{path}: has no arms and no quality of translations, so nothing tells the translation "
            "from the model. Add texts to the run: the same `safeglot run` on this folder with "
            "--arms roundtrip,translators --arm-texts FILE.csv; `safeglot arms "
            f"{path} --out FILE.csv` writes the answers to translate back for --arms backtranslate."
        )
    return found


def _tables(name: str, told: Sequence[Estimate]) -> Iterator[ResultTable]:
    for prefix, make in (
        ("unsafe_gap_total", _decomposition),
        ("translator_variance", _translators),
        ("quality_slope", _slope),
        ("gate_selection", _gate),
        (_AT_QUALITY, _curve),
    ):
        rows = [e for e in told if e.metric.startswith(prefix)]
        if rows:
            yield make(name, rows, {_key(e): e for e in told})


_Key = tuple[str, str | None, str | None, str | None]


def _key(e: Estimate) -> _Key:
    return e.metric, e.judge, e.model, e.language


_WHERE = (Column(name="language"), Column(name="model"), Column(name="judge"))


def _where(e: Estimate) -> ResultRow:
    return word(e.language or "all"), word(e.model), word(e.judge)


def _cell(e: Estimate | None) -> ResultCell:
    if e is None:
        return number(None, reason="not in the run")
    return number(e.value, (e.low, e.high), reason=e.method)


def _extra(e: Estimate, name: str) -> ResultCell:
    said = e.extra.get(name)
    if isinstance(said, str):
        return word(said)
    return number(extra_of(e, name))


def _decomposition(
    name: str, rows: Sequence[Estimate], every: Mapping[_Key, Estimate]
) -> ResultTable:
    return ResultTable(
        title=f"{name}: where the gap comes from (unsafe rate less the reference's)",
        columns=(
            *_WHERE,
            Column(name="gap", kind="points"),
            *(Column(name=term, kind="points") for term in _TERMS),
            Column(name="translation's share", kind="rate"),
            Column(name="n", kind="count"),
        ),
        rows=tuple(_decomposition_row(e, every) for e in rows),
        text=(
            "Above zero, the other language is judged unsafe more often, and the terms add up to the "
            "gap where all of them are known. A term is named a cause only under the assumptions "
            "below; the way out alone is between half of the translation term and all of it."
        ),
        assumptions=ASSUMPTIONS,
        notes=tuple(dict.fromkeys(note for e in rows for note in _notes(e, every))),
    )


def _term(e: Estimate, term: str, every: Mapping[_Key, Estimate]) -> Estimate | None:
    return every.get((f"unsafe_gap_{term}", e.judge, e.model, e.language))


def _decomposition_row(e: Estimate, every: Mapping[_Key, Estimate]) -> ResultRow:
    translation = _term(e, "translation", every)
    share = number(None)
    if translation is not None and translation.extra.get("share") is not None:
        span = extra_of(translation, "share_low"), extra_of(translation, "share_high")
        share = number(extra_of(translation, "share"), span)
    terms = [_cell(_term(e, term, every)) for term in _TERMS]
    return (*_where(e), _cell(e), *terms, share, number(e.n))


def _notes(e: Estimate, every: Mapping[_Key, Estimate]) -> Iterator[str]:
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
            f"{points(human)} [{low} to {high}] points; take this in place of the translation term."
        )


def _translators(name: str, rows: Sequence[Estimate], _: Mapping[_Key, Estimate]) -> ResultTable:
    return ResultTable(
        title=f"{name}: what the choice of the translator does",
        columns=(
            *_WHERE,
            Column(name="translators", kind="count"),
            Column(name="gap (unsafe)", kind="points"),
            Column(name="sd by translators", kind="points"),
            Column(name="p translators alike", kind="p"),
            Column(name="same sign with all"),
            Column(name="prompts", kind="count"),
        ),
        rows=tuple(_translator_row(e) for e in rows),
        text=(
            "The gap's interval holds for other translators of this kind, not for these alone. A gap "
            "that keeps its sign with all of them is robust to the choice among them, but not to a "
            "fault that they share."
        ),
        assumptions=("the translators are a sample of those that could have been taken",),
    )


def _translator_row(e: Estimate) -> ResultRow:
    gap = extra_of(e, "gap"), (extra_of(e, "gap_low"), extra_of(e, "gap_high"))
    spread = None if e.value is None else max(e.value, 0.0) ** 0.5
    return (
        *_where(e),
        _extra(e, "K"),
        number(*gap),
        number(spread, reason=e.method),
        _extra(e, "p"),
        word(e.extra.get("sign_robust") or "not known"),
        number(e.n),
    )


def _slope(name: str, rows: Sequence[Estimate], _: Mapping[_Key, Estimate]) -> ResultTable:
    return ResultTable(
        title=f"{name}: unsafe rate by the quality of the translation",
        columns=(
            *_WHERE,
            Column(name="estimator"),
            Column(name="unsafe per unit of quality", kind="points"),
            Column(name="unsafe rate", kind="rate"),
            Column(name="at high quality", kind="rate"),
            Column(name="slope across prompts", kind="points"),
            Column(name="prompts", kind="count"),
        ),
        rows=tuple(
            (
                *_where(e),
                word(e.extra.get("estimator") or ""),
                _cell(e),
                _extra(e, "unsafe_rate"),
                _extra(e, "unsafe_adjusted"),
                _extra(e, "pooled_beta"),
                number(e.n),
            )
            for e in rows
        ),
        text=(
            "The slope compares translations of one and the same prompt, so hard prompts do not make "
            "it. The slope across prompts stands beside it to show what they would have made of it; "
            "do not read it as an effect."
        ),
        assumptions=(
            "the estimator means the same in this language as in others, which is often not so",
        ),
    )


def _gate(name: str, rows: Sequence[Estimate], _: Mapping[_Key, Estimate]) -> ResultTable:
    return ResultTable(
        title=f"{name}: what a gate on quality (0.5) would select",
        columns=(
            *_WHERE,
            Column(name="kept", kind="count"),
            Column(name="dropped", kind="rate"),
            Column(name="reference: kept less all", kind="points"),
            Column(name="safety gap on kept", kind="points"),
            Column(name="with reference on all", kind="points"),
        ),
        rows=tuple(
            (
                *_where(e),
                _extra(e, "kept"),
                _extra(e, "drop_rate"),
                _cell(e),
                _extra(e, "gap_paired"),
                _extra(e, "gap_wrong"),
            )
            for e in rows
        ),
        text=(
            "A gate keeps prompts that differ from those it drops: where the kept ones are safer in "
            "the reference language already, a gap against all of its prompts is wrong by that much. "
            "Only the gap on kept prompts compares like with like."
        ),
    )


def _curve(name: str, rows: Sequence[Estimate], _: Mapping[_Key, Estimate]) -> ResultTable:
    return ResultTable(
        title=f"{name}: gap by the least quality that is kept",
        columns=(
            *_WHERE,
            Column(name="quality from", kind="number"),
            Column(name="gap (safety)", kind="points"),
            Column(name="prompts", kind="count"),
        ),
        rows=tuple(
            (
                *_where(e),
                number(float(e.metric.removeprefix(_AT_QUALITY))),
                _cell(e),
                number(e.n),
            )
            for e in rows
        ),
        text=(
            "If the gap shrinks as the quality rises, poor translations are a part of it; if it "
            "stays, they are not all of it. Each row is of other prompts, so the rows are no "
            "experiment."
        ),
        assumptions=("gaps are paired on the same kept prompts; intervals stand each for itself",),
    )
