"""Why an arm has no texts, or fewer: what the checks refused stands beside the terms of the gap."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

from safeglot.backends.files.manifest import Manifest
from safeglot.backends.store.store import Store
from safeglot.flow.arm_losses import losses
from safeglot.score.causes.attribution import TERMS
from safeglot.score.cube import Cube
from safeglot.types import Estimate

GAP = "unsafe_gap_"
TOTAL = f"{GAP}total"
NEEDS = "not identified: needs the arm "


def with_losses(
    rows: list[Estimate], store: Store, manifest: Manifest, cube: Cube
) -> list[Estimate]:
    """Return the estimates of causes with what each arm lost; where it lost all, the reason alone."""
    lost = losses(store)
    if not lost:
        return rows
    texts = {tag: [f"{arm} {n}" for (arm, of), n in lost.items() if of == tag] for _, tag in lost}
    there = {(row.judge, row.model, row.language) for row in rows if row.metric == TOTAL}
    return [
        *(_marked(row, lost, texts) for row in rows),
        *_reasons(texts, there, list(manifest.judges), cube),
    ]


def _marked(
    row: Estimate, lost: dict[tuple[str, str], str], texts: dict[str, list[str]]
) -> Estimate:
    """Return a term with the losses of its language, and in the place of an arm that lost all with the reason."""
    tag = row.language or ""
    if not row.metric.startswith(GAP) or tag not in texts:
        return row
    extra = {**row.extra, "arm_losses": "; ".join(texts[tag])}
    if not row.method.startswith(NEEDS):
        return replace(row, extra=extra)
    needed = row.method.removeprefix(NEEDS)
    why = [f"{arm} {n}" for (arm, of), n in lost.items() if of == tag and arm in needed]
    method = f"{row.method}; {_lost(why)}" if why else row.method
    return replace(row, method=method, extra=extra)


def _lost(texts: list[str]) -> str:
    return f"texts that are no translations: {', '.join(texts)}"


def _reasons(
    texts: dict[str, list[str]],
    there: set[tuple[str | None, str | None, str | None]],
    judges: list[str],
    cube: Cube,
) -> Iterator[Estimate]:
    """Yield the terms without a value of the languages of which no arm has a text that could be used."""
    for judge, model, tag in product(judges, cube.models, texts):
        if (judge, model, tag) not in there and tag in cube.languages:
            for name in ("total", *TERMS):
                yield Estimate(
                    metric=f"{GAP}{name}",
                    model=model,
                    judge=judge,
                    language=tag,
                    value=None,
                    level=None,
                    method=f"not identified: no arm has a text; {_lost(texts[tag])}",
                    n=0,
                    extra={"arm_losses": "; ".join(texts[tag])},
                )
