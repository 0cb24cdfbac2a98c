"""The hard checks of a whole set of candidates, by several processes where there are many."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from functools import cache, partial

from safeglot.backends.engine import workers
from safeglot.config import registry
from safeglot.translate.checks.hard_checks import check
from safeglot.translate.checks.identify import Identifier, available
from safeglot.translate.checks.lengths import Habits, learn
from safeglot.types import Candidate, Source

MANY = 20_000
"""More candidates than these are checked by several processes: these take a second to start."""
SHARE = 1_000
"""How many of them a process gets at a time."""
_NONE: Mapping[str, str] = {}

_Packed = list[tuple[tuple[str, str, str, str], list[tuple[str, str]]]]
"""(fields of a source, [(translator, text)])"""

Faults = Mapping[str, str]
"""Name of a hard check that a candidate fails -> what was found."""


def hard_checks(candidates: Sequence[Candidate]) -> list[Faults]:
    """Return the hard checks that each candidate fails; what is usual is learned from all of them."""
    if len(candidates) > MANY and workers.cores() > 1:
        parts = (
            _packed(candidates[start : start + SHARE]) for start in range(0, len(candidates), SHARE)
        )
        with contextlib.suppress(*workers.NONE_START), workers.pool() as pool:
            habits = learn(candidates)  # while the processes start
            checked = pool.map(partial(_checked_packed, habits), parts)
            return [faults or _NONE for part in checked for faults in part]
    return _checked(learn(candidates), candidates)


def _checked_packed(habits: Habits, part: _Packed) -> list[Faults]:
    return _checked(habits, _unpacked(part))


def _packed(candidates: Sequence[Candidate]) -> _Packed:
    """Return candidates as tuples, each source once: pickled in a seventh of the time of records."""
    packed: _Packed = []
    last: Source | None = None
    for candidate in candidates:
        if candidate.source is not last:
            last = candidate.source
            packed.append(((last.prompt, last.text, last.language, last.target), []))
        packed[-1][1].append((candidate.translator, candidate.text))
    return packed


def _unpacked(part: _Packed) -> list[Candidate]:
    candidates: list[Candidate] = []
    for (prompt, text, language, target), texts in part:
        source = Source(prompt=prompt, text=text, language=language, target=target)
        candidates += [Candidate(source=source, translator=name, text=text) for name, text in texts]
    return candidates


def _checked(habits: Habits, candidates: Sequence[Candidate]) -> list[Faults]:
    identifiers, refuses = _identifiers(), registry.refuses()
    return [
        {
            fault.name: fault.detail
            for fault in check(candidate, identifiers=identifiers, refuses=refuses, habits=habits)
        }
        or _NONE
        for candidate in candidates
    ]


@cache
def _identifiers() -> tuple[Identifier, ...]:
    """Return the identifiers that this machine has, read once a process."""
    return available(registry.glotlid())
