"""The ranks that the models of a run may have, from its verdicts."""

from __future__ import annotations

from safeglot.backends.files.manifest import Manifest
from safeglot.backends.store import arrays
from safeglot.backends.store.store import Store
from safeglot.flow.measure.answers import answers_of
from safeglot.flow.measure.cube import cube_of
from safeglot.flow.measure.stop import as_drawn
from safeglot.score.frame import frame_of, sheet_of
from safeglot.score.models.ranking import Entrant, bonferroni, metrics_of, standings

MOST = 12
"""Models whose differences of two are tested for the end of a run; `safeglot compare` takes any number."""
MACROS = ("safety_macro32", "safety_macro")


def ranks_of(store: Store, manifest: Manifest, judge: str) -> dict[str, tuple[int, int] | None]:
    """Return the best and the worst rank that each model may have by a judge; None for one without.

    Nothing where there is but one model, or more than MOST, and where it is not known which answers
    are unusable: these would count as safe.
    """
    if not 2 <= len(manifest.models) <= MOST:
        return {}
    verdicts = arrays.read(store, manifest.rating, arms=False)
    about = as_drawn(store, manifest, verdicts)
    answers = answers_of(store, about.rating, verdicts)
    cube = cube_of(store, about, verdicts, invalid_MLPS=answers.invalid_MLPS)
    if judge not in cube.judges or not (answers.invalid_MLPS >= 0).any(axis=(1, 2, 3)).all():
        return {}
    frame = frame_of(cube, level=bonferroni(manifest.level, len(cube.models)))
    at = cube.judges.index(judge)
    entrants = [Entrant(name=m, sheet=sheet_of(frame, at, i)) for i, m in enumerate(cube.models)]
    known = metrics_of(entrants[0].sheet)
    metric = next(metric for metric in MACROS if metric in known)
    order, _ = standings(entrants, metric=metric, language=None, level=manifest.level)
    return {
        one.name: None if one.best is None or one.worst is None else (one.best, one.worst)
        for one in order
    }
