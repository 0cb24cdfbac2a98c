"""All estimates of a run, from its store alone, and its signature."""

from __future__ import annotations

from dataclasses import replace

from safeglot.backends.console import Console
from safeglot.backends.files.manifest import Manifest
from safeglot.backends.store import arrays
from safeglot.backends.store.store import Store
from safeglot.flow.lost_texts import with_losses
from safeglot.flow.measure import (
    answers,
    causes,
    guards,
    mitigations,
    off_topic,
    probes,
    translations,
)
from safeglot.flow.measure.cube import benign_cube, cube_of, missing_benign, missing_share
from safeglot.flow.measure.judges import labels, norms, reliability
from safeglot.flow.measure.plans import with_pool
from safeglot.flow.measure.stop import as_drawn
from safeglot.flow.run.manifest import signed
from safeglot.judge.answers.response_class import VERSION as CHECKS
from safeglot.keys import RESULT_VERSION
from safeglot.score.answers.response_classes import estimates as response_classes
from safeglot.score.basic import estimates as basic
from safeglot.score.catalogue.no_interval import with_reasons
from safeglot.score.causes.naming import hold_back
from safeglot.score.frame import frame_of
from safeglot.score.safety.outcomes import benign_outcomes
from safeglot.types import Estimate


def measure(
    store: Store, manifest: Manifest, console: Console | None = None
) -> tuple[list[Estimate], float]:
    """Return every estimate of a run in its fixed order, and the share of verdicts that is missing.

    The share is of the kind of prompts that lack more. The console shows how the checks get on.
    Raises: UsageError, Stopped.
    """
    if manifest.guards is not None:
        return guards.measure(store, manifest, manifest.guards)
    answers.fill(store, console)
    lacks = off_topic.fill(store, manifest, console)
    verdicts = arrays.read(store, manifest.rating)
    manifest = as_drawn(store, manifest, verdicts)
    whole, added = manifest, manifest.refusal_judges or ()
    every = arrays.read(store, manifest.unguarded, known=verdicts) if added else verdicts
    given = answers.answers_of(store, manifest, every, lacks)
    manifest = manifest.rating
    cube = cube_of(store, manifest, verdicts, invalid_MLPS=given.invalid_MLPS)
    benign = benign_cube(store, manifest, verdicts)
    level, arms = manifest.level, verdicts.arms
    terms = causes.estimates(store, manifest, cube, arms, level=level)
    rows = [
        *basic(cube, level=level, draws=manifest.draws),
        *([] if benign is None else benign_outcomes(frame_of(benign, level=level))),
        *response_classes(given, level=level, but=added),
        *answers.premiums(store, manifest, verdicts.answers, level=level),
        *labels.estimates(store, manifest, cube),
        *reliability.estimates(store, manifest, cube, level=level),
        *norms.estimates(cube, level=level),
        *with_losses(terms, store, manifest, cube),
        *translations.estimates(store, manifest, cube, arms, level=level),
        *probes.estimates(
            store, whole.unguarded, cube, verdicts, truncated_MLPS=given.truncated_MLPS, level=level
        ),
        *mitigations.estimates(store, whole, verdicts, level=level),
    ]
    if cube.unpaired:
        rows = [row for row in rows if row.metric == "gap_unpaired" or "gap" not in row.metric]
    told = with_pool(hold_back(rows), store, manifest, verdicts)
    return with_reasons(told), max(missing_share(cube), missing_benign(verdicts))


def signature(store: Store, manifest: Manifest) -> str:
    """Return the run's signature as scored now, with what scoring adds: checks of answers, labels."""
    now = {**manifest.identity, "results": str(RESULT_VERSION)}
    line = signed(replace(manifest, identity=now)).signature
    labelled = labels.identity(store, manifest)
    further = {"off-topic": off_topic.identity(store), "labels": labelled}
    told = [f"{name}:{value}" for name, value in further.items() if value]
    return "|".join([line, f"checks:{CHECKS}", *told])
