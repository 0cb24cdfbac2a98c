"""The label cube of a run, and what is missing in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from safeglot.backends.files.manifest import Manifest
from safeglot.backends.files.rundir import RunDir
from safeglot.backends.store import bulk
from safeglot.backends.store.bulk import LOOSE, Held
from safeglot.backends.store.store import Store
from safeglot.errors import TooMuchMissing
from safeglot.score.cube import Axes, Cube, build_cube

_OF_VERDICT = (
    "FROM verdicts v JOIN responses r ON r.key = v.response "
    "JOIN translations t ON t.key = r.translation AND t.arm = 'main'"
)


_CELLS = (
    "SELECT v.judge, r.model, t.language, t.prompt, r.sample, v.unsafe, v.unsafe_loose "
    + _OF_VERDICT
)


def cube_of(store: Store, manifest: Manifest, held: Held | None = None) -> Cube:
    """Fill the label cube with the verdicts on harmful prompts; what was planned sets its shape.

    `held` is what `bulk.read` gave, where that is there already.
    Raises: UsageError for a verdict outside the plan, and for two that contradict each other.
    """
    held = bulk.read(store, manifest) if held is None else held
    harmful = {p.id: p.categories for p in held.prompts if p.kind == "harmful"}
    taxonomy = manifest.taxonomy
    used = {c for categories in harmful.values() for c in categories}
    axes = Axes(
        judges=held.judges,
        models=manifest.models,
        languages=manifest.languages,
        prompts=harmful,
        categories=tuple(c for c in taxonomy.categories if c in used),
        macros=taxonomy.macro or None,
        reference=manifest.reference,
        samples=manifest.samples,
        alert=taxonomy.alert,
    )
    pick_P = np.array([prompt.kind == "harmful" for prompt in held.prompts], dtype=np.bool_)
    gated_LP = None if held.gated_LP is None else held.gated_LP[:, pick_P]
    if held.strange:  # row by row: it is told which, unless it is of a benign prompt
        return replace(build_cube(_cells(store, harmful, held.judges), axes), gated_LP=gated_LP)
    unsafe_JMLPS = np.compress(pick_P, held.unsafe_JMLPS, axis=3)
    return replace(build_cube((), axes), unsafe_JMLPS=unsafe_JMLPS, gated_LP=gated_LP)


def _cells(
    store: Store, harmful: Mapping[str, Any], judges: Sequence[str]
) -> Iterator[tuple[str, str, str, str, int, bool | None]]:
    for judge, model, language, prompt, sample, strict, loose in store.rows(_CELLS):
        if prompt not in harmful or judge not in judges:
            continue
        yield judge, model, language, prompt, sample, None if strict is None else bool(strict)
        if judge + LOOSE in judges:
            flag = None if loose is None else bool(loose)
            yield judge + LOOSE, model, language, prompt, sample, flag


def missing_share(cube: Cube) -> float:
    """Return the share of planned verdicts that are not there, of the judge and model that lack most.

    What the quality gate took out is not planned; what no translator could translate is, and lacks.
    """
    missing_JMLPS = cube.unsafe_JMLPS < 0
    if not missing_JMLPS.size:
        return 0.0
    if cube.gated_LP is None:
        return float(missing_JMLPS.mean(axis=(2, 3, 4)).max())
    planned = int(cube.planned_LP.sum()) * cube.samples
    lost_JM = (missing_JMLPS & cube.planned_LP[..., np.newaxis]).sum(axis=(2, 3, 4))
    return float(lost_JM.max()) / planned if planned else 0.0


def check_missing(run_dir: RunDir, missing: float, most: float) -> None:
    """Raise TooMuchMissing where more than the allowed share of verdicts is missing."""
    if missing > most:
        raise TooMuchMissing(
            f"{run_dir.path}: {missing:.1%} of the planned verdicts of a judge and model are missing, allowed are {most:.1%} "
            "(--max-missing). The report lists them with their reasons; `safeglot run` again tries "
            "those that a new try may help, --retry-failed tries all."
        )
