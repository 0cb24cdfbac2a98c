"""The hard checks of a whole set of candidates, by several processes where there are many."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from functools import cache, partial

from safeglot import registry
from safeglot.backends import workers
from safeglot.translate.hard_checks import check
from safeglot.translate.identify import Identifier, available
from safeglot.translate.lengths import Habits, learn
from safeglot.types import Candidate

MANY = 20_000
"""More candidates than these are checked by several processes: these take a second to start."""
SHARE = 1_000
"""How many of them a process gets at a time."""
_NONE: Mapping[str, str] = {}

Faults = Mapping[str, str]
"""Name of a hard check that a candidate fails -> what was found."""


def hard_checks(candidates: Sequence[Candidate]) -> list[Faults]:
    """Return the hard checks that each candidate fails; what is usual is learned from all of them."""
    habits = learn(candidates)
    if len(candidates) > MANY and workers.cores() > 1:
        parts = [candidates[at : at + SHARE] for at in range(0, len(candidates), SHARE)]
        with contextlib.suppress(*workers.NONE_START), workers.pool() as pool:
            checked = pool.map(partial(_checked, habits), parts)
            return [found or _NONE for part in checked for found in part]
    return _checked(habits, candidates)


def _checked(habits: Habits, candidates: Sequence[Candidate]) -> list[Faults]:
    identifiers, refuses = _identifiers(), registry.refuses()
    return [
        {
            fault.name: fault.detail
            for fault in check(one, identifiers=identifiers, refuses=refuses, habits=habits)
        }
        or _NONE
        for one in candidates
    ]


@cache
def _identifiers() -> tuple[Identifier, ...]:
    """Return the identifiers that this machine has, read once a process."""
    return available(registry.glotlid())
