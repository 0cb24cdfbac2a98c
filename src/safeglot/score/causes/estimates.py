"""The causes of one language's gap as estimates: its translators, its quality."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from safeglot.score.arrays import Bytes, Floats
from safeglot.score.causes.cell import METHOD, Cell, known, nothing, rate_of
from safeglot.score.frame import Extra, whole_of
from safeglot.score.stats.omnibus import cochran_q
from safeglot.score.translations.conditional import conditional_logit
from safeglot.score.translations.quality import GATE, gap_curve, gate_selection, within_prompt_slope
from safeglot.score.translations.translators import (
    Components,
    dependability,
    present,
    sign_robust,
    variance_components,
)
from safeglot.types import Estimate

# ---- translators


def of_translators(cells: Sequence[Cell]) -> Iterator[list[Estimate]]:
    """Yield `translator_variance` of each language; the dependability is that of their ranking."""
    fits = [variance_components(_table(cell)) if cell.translators else "" for cell in cells]
    known = [c for c in fits if isinstance(c, Components)]
    ranked = dependability([c.mean for c in known], [c.var_mean for c in known])
    for cell, components in zip(cells, fits, strict=True):
        if not cell.translators:
            yield []
            continue
        planned = int(np.all(list(cell.texts.values()), axis=0).sum())
        if isinstance(components, str):
            yield [nothing(cell, "translator_variance", components, planned)]
            continue
        yield [
            replace(
                cell.row,
                metric="translator_variance",
                value=components.var_mean,
                level=None,
                method="two-way random analysis of variance, prompts by translators",
                n=components.prompts,
                missing=max(planned - components.prompts, 0),
                extra=_components(cell, components, ranked),
            )
        ]


def _table(cell: Cell) -> Floats:
    """Return unsafe rates by prompt and translator, the main one first; shape (P, K)."""
    return np.stack([rate_of(known(t)) for t in _tables(cell)], axis=1)


def _tables(cell: Cell) -> list[Bytes]:
    main = () if cell.chosen else (cell.native_PS,)
    return [*main, *cell.translators.values()]


def _components(cell: Cell, components: Components, ranked: float | None) -> Extra:
    unsafe_KPS = np.stack(_tables(cell))
    q = cochran_q(unsafe_KPS, whole_of(unsafe_KPS.shape[1]))
    gap_PK = _table(cell) - rate_of(known(cell.reference_PS))[:, np.newaxis]
    robust = sign_robust(gap_PK, level=cell.level)
    gaps = variance_components(gap_PK)
    interval = gaps.interval(cell.level) if isinstance(gaps, Components) else None
    return {
        "I": components.prompts,
        "K": components.translators,
        "translators": ", ".join((*(() if cell.chosen else ("main",)), *cell.translators)),
        "rates": ", ".join(f"{rate:.4f}" for rate in components.mean_K),
        "unsafe_rate": components.mean,
        "var_prompt": components.var_prompt,
        "var_translator": components.var_translator,
        "var_residual": components.var_residual,
        "cochran_q": float(q.q_H[0]),
        "df": float(q.df_H[0]),
        "epsilon": float(q.epsilon_H[0]),
        "p": float(q.p_H[0]),
        "p_chi2": float(q.p_chi2_H[0]),
        "dependability": ranked,
        "sign_robust": None if robust is None else "yes" if robust else "no",
        "gap": None if isinstance(gaps, str) else gaps.mean,
        "gap_low": None if interval is None else interval[0],
        "gap_high": None if interval is None else interval[1],
    }


# ---- quality


def of_quality(cell: Cell) -> list[Estimate]:
    """Return `quality_slope`, `gate_selection` and `gap_at_quality_*`, where quality is told.

    A run with a gate of its own has its `gate_selection` also without.
    """
    has_quality = bool(cell.quality) and not np.isnan(cell.quality[""]).all()
    rows = []
    if cell.quality and cell.translators:
        rows.append(_slope(cell))
    if has_quality or cell.kept_P is not None:
        rows.append(_gate(cell))
    if has_quality:
        rows += _curve(cell)
    return rows


def _slope(cell: Cell) -> Estimate:
    names = (*(() if cell.chosen else ("",)), *cell.translators)
    quality_PK = np.stack([cell.quality[name] for name in names], axis=1)
    known_K = ~np.isnan(quality_PK).all(axis=0)
    unsafe_PK = _table(cell)[:, known_K]
    planned = len(present(quality_PK[:, known_K]))
    slope = within_prompt_slope(quality_PK[:, known_K], unsafe_PK, level=cell.level)
    if isinstance(slope, str):
        return nothing(cell, "quality_slope", slope, planned)
    odds = conditional_logit(quality_PK[:, known_K], unsafe_PK, level=cell.level)
    return replace(
        cell.row,
        metric="quality_slope",
        value=slope.beta,
        low=slope.low,
        high=slope.high,
        level=None if slope.low is None else cell.level,
        method="slope within prompts; jackknife over prompts, Student's t",
        n=slope.prompts,
        missing=max(planned - slope.prompts, 0),
        extra={
            "estimator": cell.estimator,
            "se": slope.se,
            "unsafe_rate": slope.unsafe_mean,
            "unsafe_adjusted": slope.unsafe_adjusted,
            "q95": slope.q95,
            "pooled_beta": slope.pooled_beta,
            "prompts_varying": slope.varying,
            "log_odds": None if isinstance(odds, str) else odds.beta,
            "log_odds_low": None if isinstance(odds, str) else odds.low,
            "log_odds_high": None if isinstance(odds, str) else odds.high,
            "log_odds_n": None if isinstance(odds, str) else odds.prompts,
            "log_odds_why": odds if isinstance(odds, str) else None,
        },
    )


def _safety(cell: Cell) -> tuple[Floats, Floats]:
    """Return the safety of each prompt in the reference and the language, gated texts included."""
    native_PS = cell.native_PS
    if cell.gated_PS is not None:
        native_PS = np.where(native_PS >= 0, native_PS, cell.gated_PS)
    return 1 - rate_of(known(cell.reference_PS)), 1 - rate_of(known(native_PS))


def _gate(cell: Cell) -> Estimate:
    reference_P, native_P = _safety(cell)
    if cell.kept_P is not None:
        known_P, kept_P, by = np.ones_like(cell.kept_P), cell.kept_P, "that the run's gate kept"
    else:
        quality_P = cell.quality[""]
        known_P = ~np.isnan(quality_P)
        kept_P = np.where(known_P, quality_P, -np.inf) >= GATE
        by = f"kept at {cell.estimator} >= {GATE:g}"
    gate = gate_selection(reference_P[known_P], native_P[known_P], kept_P[known_P])
    if gate.selection is None:
        why = "no prompt is left" if gate.n else "no prompt has a quality and both verdicts"
        return nothing(cell, "gate_selection", why, gate.dropped)
    return replace(
        cell.row,
        metric="gate_selection",
        value=gate.selection,
        level=None,
        method=f"reference safety of the prompts {by} less all",
        n=gate.n,
        missing=gate.dropped,
        extra={
            "estimator": cell.estimator,
            "p_en_all": gate.p_en_all,
            "p_en_kept": gate.p_en_kept,
            "p_kept": gate.p_kept,
            "gap_wrong": gate.gap_wrong,
            "gap_paired": gate.gap_paired,
            "drop_rate": gate.drop_rate,
            "kept": gate.kept,
        },
    )


def _curve(cell: Cell) -> Iterator[Estimate]:
    quality_P = cell.quality[""]
    planned_P = ~np.isnan(quality_P)
    for point in gap_curve(*_safety(cell), quality_P, level=cell.level):
        metric = f"gap_at_quality_{point.threshold:g}"
        planned = int((quality_P[planned_P] >= point.threshold).sum())
        extra: Extra = {"estimator": cell.estimator, "kept": point.kept, "of": point.of}
        if point.gap is None:
            row = nothing(cell, metric, "no prompt of that quality has both verdicts", planned)
            yield replace(row, extra=extra)
            continue
        yield replace(
            cell.row,
            metric=metric,
            value=point.gap,
            low=point.low,
            high=point.high,
            level=cell.level,
            method=METHOD,
            n=point.kept,
            missing=planned - point.kept,
            extra=extra,
        )
