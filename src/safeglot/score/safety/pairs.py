"""The verdicts of each language beside the reference's on the same prompts, and what is missing of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from safeglot.score.arrays import Bools, Bytes, Floats, Ints
from safeglot.score.cube import SAFE, UNSAFE, Cube
from safeglot.score.frame import Frame, Sheet
from safeglot.score.stats.bounds import completed
from safeglot.score.stats.weights import weights_of_sizes


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Joined:
    """For each prompt, its pairs of samples with a verdict in both languages; shapes (O, P).

    A sample is paired with the sample of the same number; a pair that lacks one is left out.
    """

    n_OP: Ints
    b_OP: Ints
    c_OP: Ints
    ref_safe_OP: Ints

    @property
    def net_OP(self) -> Ints:
        """What the pairs add to the gap, c - b."""
        return self.c_OP - self.b_OP

    @property
    def discordant_OP(self) -> Ints:
        """Pairs whose verdicts differ."""
        return self.b_OP + self.c_OP


def others_of(cube: Cube) -> tuple[str, ...]:
    """Return the languages other than the reference, in their order."""
    return tuple(language for language in cube.languages if language != cube.reference)


def join(sheet: Sheet) -> Joined:
    """Return the other languages' verdicts in pairs with the reference's."""
    return joined(*beside_reference(sheet.unsafe_LPS, sheet.frame.cube))


def beside_reference(of_LPS: Bytes, cube: Cube) -> tuple[Bytes, Bytes]:
    """Return the reference's part, shape (1, P, S), and that of the other languages, (O, P, S)."""
    reference = cube.languages.index(cube.reference)
    others = [index for index in range(len(cube.languages)) if index != reference]
    return of_LPS[[reference]], of_LPS[others]


def joined(unsafe_ref: Bytes, unsafe_OPS: Bytes) -> Joined:
    """Return verdicts in pairs with the reference's, which may be others for each language."""
    both_OPS = (unsafe_ref >= SAFE) & (unsafe_OPS >= SAFE)
    lost_OPS = (unsafe_ref == SAFE) & (unsafe_OPS == UNSAFE)
    won_OPS = (unsafe_ref == UNSAFE) & (unsafe_OPS == SAFE)
    n_OP, b_OP, c_OP, ref_safe_OP = (
        x.sum(axis=-1, dtype=np.int64)
        for x in (both_OPS, lost_OPS, won_OPS, both_OPS & (unsafe_ref == SAFE))
    )
    return Joined(n_OP=n_OP, b_OP=b_OP, c_OP=c_OP, ref_safe_OP=ref_safe_OP)


def joined_ends(sheet: Sheet) -> tuple[Joined, Joined] | None:
    """Return all planned pairs with the missing verdicts filled for the least and the greatest gap.

    None where no planned pair lacks a verdict.
    """
    cube = sheet.frame.cube
    ref_1PS, unsafe_OPS = beside_reference(sheet.unsafe_LPS, cube)
    planned_OPS = np.broadcast_to(pairs_OP(cube)[..., np.newaxis], unsafe_OPS.shape)
    if not (planned_OPS & ((ref_1PS < SAFE) | (unsafe_OPS < SAFE))).any():
        return None
    worst, best = (
        joined(*completed(ref_1PS, unsafe_OPS, planned_OPS, best=end)) for end in (False, True)
    )
    return worst, best


def counted_P(frame: Frame) -> Bools:
    """Return which prompts a match counts: all, or of a draw those with a category, as the micro average."""
    if frame.cube.size_C is None:
        return np.ones(len(frame.cube.prompts), dtype=np.bool_)
    return frame.in_category_P


def draw_weights(frame: Frame, rows_PS: Bools) -> Floats | None:
    """Return weights of rows (P, S) by which each category counts as it does in the source.

    They add up to 1. None where all of the source was taken: rows then count alike.
    """
    layout, size_C = frame.by_category, frame.cube.size_C
    if size_C is None:
        return None
    n_C = layout.sums(rows_PS.sum(axis=-1, dtype=np.int64)[layout.prompt_E])
    share_C = weights_of_sizes(n_C > 0, np.array(size_C, dtype=np.float64)) / np.maximum(n_C, 1)
    weight_P = np.bincount(layout.prompt_E, share_C[layout.stratum_E], layout.n_prompts)
    return np.where(rows_PS, weight_P[:, np.newaxis], 0.0)


def pairs_OP(cube: Cube) -> Bools:
    """Return which prompts were planned in each other language and in the reference; shape (O, P)."""
    planned_LP = cube.planned_LP
    at = [cube.languages.index(language) for language in others_of(cube)]
    return np.asarray(planned_LP[at] & planned_LP[cube.languages.index(cube.reference)])
