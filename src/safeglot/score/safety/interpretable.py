"""Whether a gap or match may be interpreted: what is missing and invalid in both languages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from safeglot.score.arrays import Floats, Ints
from safeglot.score.cube import SAFE
from safeglot.score.frame import Extra, Sheet, planned
from safeglot.score.stats.bounds import NOT_INTERPRETED_ABOVE
from safeglot.score.stats.linear import Layout


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lacking:
    """Shares of the planned verdicts that are missing, and of the answers that are invalid; (L, H)."""

    missing_LH: Floats
    invalid_LH: Floats
    reference: int

    def reasons(self, flag: str) -> Iterator[Extra]:
        """Yield what stands in the extra of each other language and stratum; nothing where all is well.

        Under `flag` stands which of "missing" and "invalid" forbids to interpret the number.
        """
        for index, missing_H in enumerate(self.missing_LH):
            for h, missing in enumerate(missing_H if index != self.reference else ()):
                yield self._reason(flag, h, missing, self.invalid_LH[index, h])

    def reason_of_any(self, flag: str, h: int = 0) -> Extra:
        """Return the same of a number over all languages in a stratum, from the one with most."""
        return self._reason(flag, h, self.missing_LH[:, h].max(), self.invalid_LH[:, h].max())

    def _reason(self, flag: str, h: int, missing: float, invalid: float) -> Extra:
        missing_there, invalid_there = (
            x[self.reference, h] for x in (self.missing_LH, self.invalid_LH)
        )
        lacking = {"missing": max(missing, missing_there), "invalid": max(invalid, invalid_there)}
        over = [name for name, share in lacking.items() if share > NOT_INTERPRETED_ABOVE]
        if not over:
            return {}
        return {
            flag: " and ".join(over),
            "missing_share": float(missing),
            "missing_share_reference": float(missing_there),
            "invalid_share": float(invalid),
            "invalid_share_reference": float(invalid_there),
        }


def lacking(sheet: Sheet, layout: Layout) -> Lacking:
    """Return what is missing and invalid in each language and stratum of a layout."""
    cube = sheet.frame.cube
    n_L = len(cube.languages)
    planned_LH = planned(layout, cube.planned_LP, cube.samples).reshape(n_L, -1)
    read_LH = _counted(layout, (sheet.unsafe_LPS >= SAFE).sum(axis=-1, dtype=np.int64))
    invalid_LH = np.zeros(planned_LH.shape)
    if sheet.invalid_LPS is not None:
        answers_LH = _counted(layout, (sheet.invalid_LPS >= 0).sum(axis=-1, dtype=np.int64))
        flagged_LH = _counted(layout, (sheet.invalid_LPS > 0).sum(axis=-1, dtype=np.int64))
        invalid_LH = flagged_LH / np.maximum(answers_LH, 1)
    return Lacking(
        missing_LH=(planned_LH - read_LH) / np.maximum(planned_LH, 1),
        invalid_LH=invalid_LH,
        reference=cube.languages.index(cube.reference),
    )


def lacking_on_average(sheet: Sheet) -> Lacking:
    """Return the same over all prompts that have a category, each once."""
    layout = sheet.frame.whole
    inside_P = np.flatnonzero(sheet.frame.in_category_P)
    return lacking(
        sheet,
        Layout(
            prompt_E=layout.prompt_E[inside_P],
            stratum_E=layout.stratum_E[inside_P],
            n_prompts=layout.n_prompts,
            n_strata=1,
        ),
    )


def _counted(layout: Layout, n_LP: Ints) -> Ints:
    sums_H = layout.repeat(len(n_LP)).sums(n_LP[:, layout.prompt_E].ravel())
    return sums_H.reshape(len(n_LP), -1)
