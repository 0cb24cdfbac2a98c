"""The second view of the heat map: cells shrunk towards their macro category, for the eye only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from safeglot.report.numbers.bands import Band, band_of
from safeglot.report.numbers.figures import extra
from safeglot.report.numbers.percent import NONE, interval, level, n_of, percent
from safeglot.report.page import Index, Language, Page, Run
from safeglot.report.sections.heatmap import HeatMap
from safeglot.types import Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class ShrunkSquare:
    """One cell of the shrunk view."""

    rate: str
    band: Band
    tip: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShrunkRow:
    """One category over the languages."""

    category: str
    n: str
    squares: tuple[ShrunkSquare, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShrunkMap:
    """One panel: (macro category, its rows)."""

    judge: int
    model: int
    groups: tuple[tuple[str, tuple[ShrunkRow, ...]], ...]


def shrunk_maps(page: Page, index: Index, maps: Sequence[HeatMap]) -> list[ShrunkMap]:
    """Build the second view of each heat map, in the same order of categories."""
    if not index.has("safety_shrunk"):
        return []
    return [_map(page.run, index, one) for one in maps]


def _map(run: Run, index: Index, raw: HeatMap) -> ShrunkMap:
    names = {"judge": run.judges[raw.judge], "model": run.models[raw.model]}
    groups = []
    for group in raw.groups:
        rows = [
            ShrunkRow(
                category=row.category,
                n=row.n,
                squares=tuple(
                    _square(
                        index.get(
                            "safety_shrunk", **names, language=one.tag, category=row.category
                        ),
                        one,
                        row.category,
                    )
                    for one in run.languages
                ),
            )
            for row in group.rows
        ]
        groups.append((group.name, tuple(rows)))
    return ShrunkMap(judge=raw.judge, model=raw.model, groups=tuple(groups))


def _square(one: Estimate | None, language: Language, category: str) -> ShrunkSquare:
    head = f"{category}, {language.name} ({language.tag})"
    if one is None or one.value is None:
        return ShrunkSquare(rate=NONE, band=band_of(None), tip=f"{head}\nno data")
    raw = extra(one, "raw")
    lines = [
        head,
        f"{percent(one.value, 2)}% after shrinking, {level(one)} interval {interval(one, 2)}%",
        f"{percent(raw, 2)}% as counted, {n_of(one.n)}" if raw is not None else n_of(one.n),
        "For looking, not for claims.",
    ]
    return ShrunkSquare(rate=percent(one.value), band=_point(one), tip="\n".join(lines))


def _point(one: Estimate) -> Band:
    """Return how a shrunk cell looks; it never certifies anything."""
    return band_of(Estimate(metric=one.metric, value=one.value, method=one.method, n=one.n))
