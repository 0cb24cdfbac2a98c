"""Estimates of a run under a plan that stops early, beside the size of the pool that they stand for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from safeglot.backends.files.manifest import Manifest
from safeglot.backends.store import arrays
from safeglot.backends.store.arrays import RunVerdicts
from safeglot.backends.store.stop import StoredLook, chosen_texts, stored_looks
from safeglot.backends.store.store import Store
from safeglot.backends.store.texts import main_text_counts
from safeglot.score.arrays import Bools
from safeglot.score.frame import Extra
from safeglot.score.safety.pool import PoolScope, of_pool
from safeglot.types import Estimate

MACRO = ("safety_macro32", "safety_macro")
AVERAGES = ("safety_micro", *MACRO, "safety_macro6", "safety_macro_of_macros")
Place = tuple[str, str, str, tuple[str, ...]]
"""(model, language, kind of prompts, their categories)."""
Cell = tuple[str, str, str]
"""(model, language, category), "" for all categories."""


def plan_of_run(manifest: Manifest) -> str:
    """Return the name of the plan that stops a run early, "" for a run that asks all."""
    return manifest.identity.get("plan", "").partition(",")[0]


def with_pool(
    rows: Iterable[Estimate], store: Store, manifest: Manifest, verdicts: RunVerdicts
) -> list[Estimate]:
    """Return estimates with what the plan says of them, where there is one; else as they are."""
    name = plan_of_run(manifest)
    if not name:
        return list(rows)
    told = list(rows)
    about = _PlanFacts(
        name=name,
        last=last_looks(store),
        sizes=_sizes(manifest, verdicts),
        left=left_out(manifest, verdicts),
        chosen=_by_place(manifest, verdicts, verdicts.chosen_MLP),
        lost=_lost(told),
    )
    return [_told(row, about) for row in told]


def last_looks(store: Store) -> dict[Cell, StoredLook]:
    """Return the last look of each language, or cell."""
    return {(x.model, x.language, x.category): x for x in stored_looks(store)}


def left_out(manifest: Manifest, verdicts: RunVerdicts) -> Counter[Place]:
    """Return how many requests a plan left out."""
    return _by_place(manifest, verdicts, verdicts.unneeded_MLP) - _by_place(
        manifest, verdicts, verdicts.chosen_MLP
    )


def _by_place(manifest: Manifest, verdicts: RunVerdicts, of_MLP: Bools | None) -> Counter[Place]:
    found: Counter[Place] = Counter()
    if of_MLP is None:
        return found
    prompts = verdicts.prompts
    for m, model in enumerate(manifest.models):
        for at, language in enumerate(manifest.languages):
            of_P = of_MLP[m, at]
            if verdicts.gated_LP is not None:
                of_P = of_P & ~verdicts.gated_LP[at]
            n_S = np.bincount(prompts.sort_P[of_P], minlength=len(prompts.sorts)).tolist()
            for (categories, kind), n in zip(prompts.sorts, n_S, strict=True):
                found[model, language, kind, categories] += n
    return +found


def left_out_of(store: Store, manifest: Manifest) -> Counter[Place]:
    """Return the same of a run that is not read yet."""
    if not plan_of_run(manifest):
        return Counter()
    return left_out(manifest, arrays.read(store, manifest.rating, arms=False))


@dataclass(frozen=True, slots=True, kw_only=True)
class _PlanFacts:
    name: str
    last: Mapping[Cell, StoredLook]
    sizes: Mapping[tuple[str, str], int]
    left: Mapping[Place, int]
    chosen: Mapping[Place, int]
    lost: Mapping[tuple[str | None, ...], float]


def _lost(rows: Iterable[Estimate]) -> dict[tuple[str | None, ...], float]:
    """Return the share without a verdict of each judge, model, language and category; None: their mean."""
    lost: dict[tuple[str | None, ...], float] = {}
    shares: dict[tuple[str | None, ...], list[float]] = {}
    for row in rows:
        if row.metric == "safety" and row.n + row.missing:
            place = row.judge, row.model, row.language
            lost[*place, row.category] = row.missing / (row.n + row.missing)
            shares.setdefault(place, []).append(lost[*place, row.category])
    return lost | {(*place, None): sum(own) / len(own) for place, own in shares.items()}


def _told(row: Estimate, about: _PlanFacts) -> Estimate:
    model, language, category = row.model or "", row.language or "", row.category or ""
    if row.metric in ("blocked_rate", "benign_blocked_rate") and not category:
        kind = "benign" if row.metric.startswith("benign") else "harmful"
        more: Extra = {"n_left_out": _sum(about.left, model, language, kind)}
        if about.chosen:
            more["n_chosen"] = _sum(about.chosen, model, language, kind)
        return replace(row, extra={**row.extra, **more})
    if row.metric not in ("safety", *AVERAGES) or not language:
        return row
    looks = [x for cell, x in about.last.items() if cell[:2] == (model, language)]
    own = [x for x in looks if x.category == category]
    look = max(own or looks, key=lambda x: x.look, default=None)
    if look is None:
        return row
    decided = bool(own) and row.judge == look.judge
    scope = PoolScope(
        plan=about.name,
        size=about.sizes.get((language, category), 0),
        look=look.look,
        state=look.state if own else "",
        band=look.band if decided else None,
        half=look.numbers.get("half") if decided and row.metric in MACRO else None,
        lost=about.lost.get((row.judge, model, language, row.category), 0.0),
    )
    return of_pool(row, scope)


def _sum(left: Mapping[Place, int], *place: str) -> int:
    return sum(n for own, n in left.items() if own[: len(place)] == place)


def _sizes(manifest: Manifest, verdicts: RunVerdicts) -> dict[tuple[str, str], int]:
    """Return how many harmful prompts a full run would ask in each language, of each category and ("") of all."""
    harmful_P = verdicts.prompts.is_kind("harmful")
    names = sorted(verdicts.prompts.categories())
    member_PC = verdicts.prompts.members(names)
    member_PC = np.column_stack([member_PC, member_PC.any(axis=1)]) & harmful_P[:, np.newaxis]
    sizes: dict[tuple[str, str], int] = {}
    for at, tag in enumerate(manifest.languages):
        kept_P = np.ones(harmful_P.size, dtype=np.bool_)
        if verdicts.gated_LP is not None:
            kept_P = ~verdicts.gated_LP[at]
        n_C = member_PC[kept_P].sum(axis=0).tolist()
        sizes |= {(tag, name): n for name, n in zip((*names, ""), n_C, strict=True)}
    return sizes


def notes_of_plan(store: Store, manifest: Manifest, left_out: Counter[Place]) -> list[str]:
    """Return what is to be known of the numbers of a run under a plan; nothing without one."""
    name = plan_of_run(manifest)
    if not name:
        return []
    total = Counter[str]()
    for look in last_looks(store).values():
        total[look.state] += 1
    left = left_out.total()
    texts = sum(main_text_counts(store).values()) * len(manifest.models)
    whole = not total["goes-on"] and total.total()
    asked = texts - left
    ending = (
        f"it stopped by itself after {asked:,} of {texts:,} requests, and left the others out"
        if whole
        else "it has not come to its end; going on asks what is lacking"
    )
    hard = sum(1 for _ in chosen_texts(store))
    if hard:
        ending += (
            f"; of those asked {hard:,} were chosen since they were hard in earlier runs, and tell bands "
            f"alone: every rate is of the other {asked - hard:,}, an even draw"
        )
    about = "All this concerns the judge's verdicts, not what a person would say"
    return [f"Plan {name}: {ending}. {PROMISES[name]} {about}"]


PROMISES = {
    "screen": "Each language's macro average is known to the points that were wanted, 95 times of 100; single categories are not.",
    "certify": "A band that it names is that of all prompts, with at most 5% of the bands named wrong; a cell that used up its prompts has its band from all of them.",
    "bands": "SCREENING: a band is named where it is 95% likely by a model of the other languages; about one cell in twenty differs from the full run.",
}
"""Plan -> what its end means."""
