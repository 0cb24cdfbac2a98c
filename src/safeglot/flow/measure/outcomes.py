"""How each planned request of a run's targets ended, as one array."""

from __future__ import annotations

import numpy as np

from safeglot.backends.files.manifest import Manifest
from safeglot.backends.store.arrays import RunVerdicts
from safeglot.backends.store.failures import failed_answers, refused_by_field
from safeglot.backends.store.outcomes import outcome_of
from safeglot.backends.store.store import Store
from safeglot.backends.store.texts import MAIN, TextKind
from safeglot.keys import places
from safeglot.score.arrays import Bytes
from safeglot.types import OUTCOME_KINDS

_CODE = {kind: code for code, kind in enumerate(OUTCOME_KINDS)}


def outcomes_of(
    store: Store, manifest: Manifest, verdicts: RunVerdicts, of: TextKind = MAIN
) -> Bytes:
    """Return the outcome of every planned request, shape (M, L, P, S), over all prompts of the run.

    What has an answer and a failure, from an earlier try, has an answer.
    """
    answers = verdicts.answers
    outcomes = np.full(answers.shape, _CODE["not_asked"], dtype=np.int8)
    at_M, at_L = places(manifest.models), places(manifest.languages)
    at_P = verdicts.prompts.places(failed.prompt for failed in failed_answers(store, of))
    for failed in failed_answers(store, of):
        known = failed.model in at_M and failed.language in at_L and failed.prompt in at_P
        if known and failed.sample < answers.shape[3]:
            place = at_M[failed.model], at_L[failed.language], at_P[failed.prompt], failed.sample
            outcomes[place] = _CODE[outcome_of(failed.kind)]
    outcomes[answers.answered] = _CODE["answered"]
    flat = outcomes.reshape(-1)
    for numbers in refused_by_field(store):
        place_I = answers.find(numbers)
        flat[place_I[place_I >= 0]] = _CODE["refused"]
    if verdicts.chosen_MLP is not None:  # what failed of it
        outcomes[verdicts.chosen_MLP] = _CODE["not_asked"]
    return outcomes
