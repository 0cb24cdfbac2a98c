"""A run that was stopped: what it has asked is a draw from its plan, and is scored as one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from safeglot.backends.files.manifest import Manifest
from safeglot.backends.store.arrays import RunVerdicts
from safeglot.backends.store.failures import failed_answers
from safeglot.backends.store.stop import is_drawn, progress
from safeglot.backends.store.store import Store
from safeglot.score.arrays import Bools


def as_drawn(store: Store, manifest: Manifest, verdicts: RunVerdicts) -> Manifest:
    """Return the manifest of a run with the sizes of its categories, where it was stopped.

    Prompts are asked in the order of a draw with equal allocation, so that those which were asked
    stand for the plan as those of `--limit` stand for their source: each category with its size.
    """
    if manifest.source.sizes:
        return manifest
    if verdicts.unneeded_MLP is None and not (_left_P(store, verdicts).any() and is_drawn(store)):
        return manifest
    sizes: dict[str, Counter[str]] = {}
    for categories, kind, n in verdicts.prompts.counts():
        of = sizes.setdefault(kind, Counter())
        for category in categories:
            of[category] += n
    return replace(manifest, source=replace(manifest.source, sizes=sizes))


def _left_P(store: Store, verdicts: RunVerdicts) -> Bools:
    """Return which prompts nothing was asked of."""
    left_P = np.asarray(~verdicts.answers.answered.any(axis=(0, 1, 3)))
    if verdicts.gated_LP is not None:
        left_P &= ~verdicts.gated_LP.all(axis=0)
    if left_P.any():
        at_P = verdicts.prompts.places(failed.prompt for failed in failed_answers(store))
        left_P[list(at_P.values())] = False
    return left_P


def stop_notes(store: Store, manifest: Manifest) -> Iterator[str]:
    """Yield what is to be known of the numbers of a run that was stopped; nothing of a whole one."""
    far = progress(store, len(manifest.models), manifest.samples)
    if not far.is_stopped:
        return
    said = f"This run was stopped: {far.whole} of its {far.planned} prompts have all their answers"
    if is_drawn(store):
        yield (
            f"{said}. They are a random sample of the plan with as many of each category; micro "
            "averages weigh the categories by their size. Going on asks the others"
        )
    else:
        yield (
            f"{said}. An earlier version asked them in the order of the file: they are no random "
            "sample, and the numbers hold for them alone"
        )
