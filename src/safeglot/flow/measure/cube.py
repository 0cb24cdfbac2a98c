"""The label cube of a run, and what is missing in it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import numpy as np

from safeglot.backends.files.manifest import Manifest
from safeglot.backends.store import arrays
from safeglot.backends.store.arrays import LOOSE, RunVerdicts
from safeglot.backends.store.prompts import Prompts
from safeglot.backends.store.store import Store
from safeglot.backends.store.verdicts import main_verdicts
from safeglot.errors import UsageError
from safeglot.flow.measure.answers import sizes_of
from safeglot.flow.measure.outcomes import outcomes_of
from safeglot.score.arrays import Bools, Bytes
from safeglot.score.cube import Axes, Cube, Row, build_cube
from safeglot.types import Kind


def cube_of(
    store: Store,
    manifest: Manifest,
    verdicts: RunVerdicts | None = None,
    *,
    invalid_MLPS: Bytes | None = None,
) -> Cube:
    """Return the label cube, filled with the verdicts on harmful prompts; the plan sets its shape.

    `verdicts` are those that `arrays.read` gave, where they are there already, `invalid_MLPS` what
    the checks say of the answers to all prompts.
    Raises: UsageError for a verdict outside the plan, and for two that contradict each other.
    """
    manifest = manifest.rating
    verdicts = arrays.read(store, manifest, arms=False) if verdicts is None else verdicts
    pick_P, taxonomy = verdicts.prompts.is_kind("harmful"), manifest.taxonomy
    about = _about(store, manifest, verdicts, "harmful")
    categories = about["categories"]
    unsafe_JMLPS = np.compress(pick_P, verdicts.unsafe_JMLPS, axis=3)
    if verdicts.strange:  # row by row: it is told which, unless it is of a benign prompt
        axes = Axes(
            judges=verdicts.judges,
            models=manifest.models,
            languages=manifest.languages,
            prompts=dict.fromkeys(about["prompts"], ()),
            categories=categories,
            reference=manifest.reference,
            samples=manifest.samples,
        )
        rows = _cells(store, axes.prompts, verdicts.judges)
        unsafe_JMLPS = build_cube(rows, axes).unsafe_JMLPS
    return Cube(
        unsafe_JMLPS=unsafe_JMLPS,
        judges=verdicts.judges,
        macro_C=tuple(taxonomy.macro[name] for name in categories) if taxonomy.macro else None,
        alert=taxonomy.alert,
        **about,
        unpaired=bool(manifest.unpaired),
        invalid_MLPS=None if invalid_MLPS is None else invalid_MLPS[:, :, pick_P],
    )


def benign_cube(store: Store, manifest: Manifest, verdicts: RunVerdicts) -> Cube | None:
    """Return the plan and outcomes of the benign prompts, without verdicts; None without any."""
    pick_P = verdicts.prompts.is_kind("benign")
    if not pick_P.any():
        return None
    about = _about(store, manifest, verdicts, "benign")
    return Cube(unsafe_JMLPS=verdicts.unsafe_JMLPS[:0, :, :, pick_P], judges=(), **about)


def _about(store: Store, manifest: Manifest, verdicts: RunVerdicts, kind: Kind) -> dict[str, Any]:
    """Return the fields of a cube that say what was planned of one kind of prompts, and how it ended."""
    prompts, pick_P = verdicts.prompts.of_kind(kind), verdicts.prompts.is_kind(kind)
    categories = _categories(manifest, prompts)
    return {
        "member_PC": prompts.members(categories),
        "models": manifest.models,
        "languages": manifest.languages,
        "prompts": prompts.ids,
        "categories": categories,
        "reference": manifest.reference,
        "gated_LP": None if verdicts.gated_LP is None else verdicts.gated_LP[:, pick_P],
        "unneeded_MLP": None
        if verdicts.unneeded_MLP is None
        else verdicts.unneeded_MLP[:, :, pick_P],
        "outcome_MLPS": outcomes_of(store, manifest, verdicts)[:, :, pick_P],
        "size_C": sizes_of(manifest, kind, categories),
    }


def _categories(manifest: Manifest, prompts: Prompts) -> tuple[str, ...]:
    """Return the categories of the taxonomy that any prompt has. Raises: UsageError for another one."""
    used, known = prompts.categories(), manifest.taxonomy.categories
    if unknown := used.difference(known):
        raise UsageError(
            f"category {min(unknown)!r} of a prompt is not in the taxonomy ({len(known)} categories); "
            "correct the prompt or the taxonomy"
        )
    return tuple(name for name in known if name in used)


def _cells(store: Store, harmful: Collection[str], judges: Sequence[str]) -> Iterator[Row]:
    for v in main_verdicts(store):
        if v.prompt not in harmful or v.judge not in judges:
            continue
        yield v.judge, v.model, v.language, v.prompt, v.sample, v.unsafe
        if v.judge + LOOSE in judges:
            yield v.judge + LOOSE, v.model, v.language, v.prompt, v.sample, v.unsafe_loose


def missing_share(cube: Cube) -> float:
    """Return the share of planned verdicts on harmful prompts that are not there.

    Of the judge and model that lack most. What was blocked, failed or never asked lacks a verdict.
    What the quality gate took out is not planned; what no translator could translate is, and lacks.
    """
    planned_LP = np.ones(cube.unsafe_JMLPS.shape[2:4], dtype=np.bool_)
    return _lacking(cube.unsafe_JMLPS < 0, _planned(planned_LP, cube.gated_LP, cube.unneeded_MLP))


def missing_benign(verdicts: RunVerdicts) -> float:
    """Return the same share of the benign prompts, 0 without any."""
    pick_P = verdicts.prompts.is_kind("benign")
    unread = (verdicts.unsafe_JMLPS < 0) & (verdicts.refusal_JMLPS < 0)
    planned_LP = np.ones(unread.shape[2:4], dtype=np.bool_)
    planned_MLP = _planned(planned_LP, verdicts.gated_LP, verdicts.unneeded_MLP)
    return _lacking(unread[:, :, :, pick_P], planned_MLP[:, :, pick_P])


def _planned(planned_LP: Bools, gated_LP: Bools | None, unneeded_MLP: Bools | None) -> Bools:
    """Return what was to be asked of each model, or of any (1, L, P) where all have the same plan."""
    planned_LP = planned_LP if gated_LP is None else planned_LP & ~gated_LP
    return planned_LP[np.newaxis] if unneeded_MLP is None else planned_LP & ~unneeded_MLP


def _lacking(missing_JMLPS: Bools, planned_MLP: Bools) -> float:
    planned_M = planned_MLP.sum(axis=(1, 2)) * missing_JMLPS.shape[-1]
    if not missing_JMLPS.size or not planned_M.any():
        return 0.0
    lost_JM = (missing_JMLPS & planned_MLP[..., np.newaxis]).sum(axis=(2, 3, 4))
    return float((lost_JM / np.maximum(planned_M, 1)).max())
