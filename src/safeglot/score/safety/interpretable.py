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

_KEYS = {
    "missing": ("missing_share", "missing_share_reference"),
    "invalid": ("invalid_share", "invalid_share_reference"),
}
"""What forbids to interpret a number -> the keys of its shares, in the language and the reference."""


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
        others = [i for i in range(len(self.missing_LH)) if i != self.reference]
        for index in others:
            for h in range(self.missing_LH.shape[1]):
                shares = {
                    name: (float(of_LH[index, h]), float(of_LH[self.reference, h]))
                    for name, of_LH in (("missing", self.missing_LH), ("invalid", self.invalid_LH))
                }
                over = [name for name, pair in shares.items() if max(pair) > NOT_INTERPRETED_ABOVE]
                yield _reason(flag, over, shares) if over else {}

    def reason_of_all(self, flag: str) -> Extra:
        """Return what stands in the extra of a number over all languages, from the one with most."""
        return self.reason_of_any(0, flag)

    def reason_of_any(self, stratum: int, flag: str) -> Extra:
        """Return the same of a number over all languages in one stratum."""
        shares = {
            name: (float(of_LH[:, stratum].max()), float(of_LH[self.reference, stratum]))
            for name, of_LH in (("missing", self.missing_LH), ("invalid", self.invalid_LH))
        }
        over = [name for name, pair in shares.items() if max(pair) > NOT_INTERPRETED_ABOVE]
        return _reason(flag, over, shares) if over else {}


def _reason(flag: str, over: list[str], shares: dict[str, tuple[float, float]]) -> Extra:
    extra: Extra = {flag: " and ".join(over)}
    for name, keys in _KEYS.items():
        extra |= dict(zip(keys, shares[name], strict=True))
    return extra


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
