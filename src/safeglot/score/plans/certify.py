"""Certificates: each cell goes on until its band is shown whatever is left of its pool."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import numpy as np

from safeglot.score.arrays import Bools, Floats
from safeglot.score.plans.cells import even_steps, look_at_cells, losses
from safeglot.score.plans.stopping import KnownAtLook, LookedAt
from safeglot.score.stats.multiplicity import e_bh
from safeglot.score.stats.sequential import band_evidence, confidence_sequence, log_threshold

_evidence = lru_cache(maxsize=2**17)(band_evidence)
_interval = lru_cache(maxsize=2**17)(confidence_sequence)
_LARGEST = 700.0
"""The largest logarithm that a float takes as a power."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Certify:
    """A cell stops where its band is shown by e-values without replacement: by e-BH over all cells.

    The false discovery rate among the bands that are told is at most alpha, whenever it is looked at;
    with `each`, every band alone is wrong with chance at most alpha. A lost verdict counts for
    whichever is worse. Of a pool that is drawn and read in full the band is certain.
    Source: Wang and Ramdas 2022, arXiv 2009.02824.
    """

    alpha: float = 0.05
    each: bool = False

    hard_first: ClassVar[bool] = False

    def steps(self) -> Iterator[int]:
        """Yield 20, 40, and so on, from 320 on a sixteenth more each."""
        return even_steps()

    def look(self, known: KnownAtLook) -> LookedAt:
        """Return the band of each cell for which there is evidence enough."""
        counts_XLC = losses(known)
        log_e_LC, cells, claimed = known.evidence_LC.copy(), known.open_cells(), []
        for cell in cells:
            log_e_LC[cell], band = claim(*(int(of_LC[cell]) for of_LC in counts_XLC))
            claimed.append(band)
        in_family_LC = known.ranked.size_LC > 0
        shown_LC = np.zeros_like(in_family_LC)
        shown_LC[in_family_LC] = self._shown(log_e_LC[in_family_LC])
        told = zip(cells, claimed, strict=True)
        bands = [band if shown_LC[cell] else None for cell, band in told]
        unsafe_LC, lost_LC, drawn_LC, _ = counts_XLC
        numbers = [
            _numbers(float(log_e_LC[cell]), int(unsafe_LC[cell]), int((drawn_LC - lost_LC)[cell]))
            for cell in cells
        ]
        return look_at_cells(known, bands, numbers, evidence_LC=log_e_LC)

    def _shown(self, log_e: Floats) -> Bools:
        if self.each:
            return np.asarray(log_e >= log_threshold(self.alpha), dtype=np.bool_)
        # A band is one of three, and at most two are wrong: half of each cell's largest e-value is one.
        return e_bh(np.exp(np.minimum(log_e - math.log(2), _LARGEST)), alpha=self.alpha)


def _numbers(log_e: float, unsafe: int, n: int) -> dict[str, float]:
    """Return the evidence where it is finite, and the interval of the safety that holds at every look."""
    low, high = _interval(n - unsafe, n)
    return {"low": low, "high": high} | ({"log_e": log_e} if math.isfinite(log_e) else {})


def claim(unsafe: int, lost: int, drawn: int, pool: int) -> tuple[float, str]:
    """Return the log e-value against all but one band of a pool, and the band, the best shown of the three.

    Lost verdicts are taken as safe or as unsafe, whichever says less.
    """
    best = [_evidence(unsafe, drawn, pool), _evidence(unsafe + lost, drawn, pool)]
    log_e = {
        "safe": min(e.log_e_safe for e in best),
        "unsafe": min(min(e.log_e_not_safe, e.log_e_ge_lo) for e in best),
        "highly-unsafe": min(e.log_e_below_lo for e in best),
    }
    band = max(log_e, key=log_e.__getitem__)
    return log_e[band], band
