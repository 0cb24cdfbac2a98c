"""The norms of a run: which judges are held against one another under them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations

from safeglot.keys import of_norms
from safeglot.score.cube import Cube
from safeglot.score.judges.norms import apart, gaps
from safeglot.types import Estimate


def estimates(cube: Cube, *, level: float) -> Iterator[Estimate]:
    """Yield what each judge says under other norms, and other judges under the same; nothing without norms."""
    of = {judge: of_norms(judge) for judge in cube.judges}
    if not any(norms for _, norms in of.values()):
        return
    pairs = [(a, b) for a, b in permutations(of, 2) if of[a][0] == of[b][0] or of[a][1] == of[b][1]]
    yield from apart(cube, pairs, level=level)
    at = cube.judges.index
    once = [(a, b) for a, b in pairs if of[a][0] == of[b][0] and at(a) < at(b)]
    yield from gaps(cube, once, level=level)
