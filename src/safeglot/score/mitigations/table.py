"""What mitigations did to one model's answers, as one judge read them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from safeglot.score.arrays import Bools, Bytes, Floats
from safeglot.types import Estimate

NONE = "none"
"""The first arm: the model as it is."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MitigationTable:
    """One judge on one model: A mitigations, L languages, P harmful and Q benign prompts, S samples.

    `mitigations` begins with "none". R are all prompts: the harmful, then the benign ones, in the
    order of P and Q. Bytes are 1, 0, or -1 where it is not known; an arm's systems are the model with
    all that stands before and behind it. Raises ValueError where the parts do not fit together.
    """

    row: Estimate
    """The blank row: judge, model and level."""
    mitigations: tuple[str, ...]
    languages: tuple[str, ...]
    reference: str
    unsafe_ALPS: Bytes
    """What a guard withholds or a service blocks is 0, an invalid answer -1."""
    refused_ALQS: Bytes
    """Benign prompts: 1 where the answer is a refusal, withheld or blocked; an invalid answer -1."""
    invalid_ALRS: Bytes
    """1 where the checks call the answer invalid, 0 also where it was withheld or blocked."""
    tokens_ALR: Floats
    """Read and written by all models that an arm asked for a prompt, a mean over samples; NaN unknown."""
    seconds_ALR: Floats
    price_ALR: Floats
    """In US dollars."""
    planned_LR: Bools | None = None
    """Prompts that a language was to be asked; None for all."""

    def __post_init__(self) -> None:
        arms = len(self.mitigations), len(self.languages)
        every = (*arms, self.harmful + self.refused_ALQS.shape[2])
        of_all = (self.invalid_ALRS, self.tokens_ALR, self.seconds_ALR, self.price_ALR)
        if not (
            self.mitigations[:1] == (NONE,)
            and self.reference in self.languages
            and len({*self.mitigations}) == arms[0]
            and all(of.shape[:2] == arms for of in (self.unsafe_ALPS, self.refused_ALQS))
            and all(of.shape[:3] == every for of in of_all)
            and (self.planned_LR is None or self.planned_LR.shape == every[1:])
        ):
            raise ValueError(
                f"mitigations {self.mitigations}, languages {self.languages}, reference "
                f"{self.reference}: arrays must be (A, L, P, S), (A, L, Q, S), (A, L, P + Q, ...), "
                f"with {NONE!r} first, and the reference among the languages"
            )

    @property
    def harmful(self) -> int:
        """How many harmful prompts there are."""
        return int(self.unsafe_ALPS.shape[2])

    def planned(self, language: int) -> Bools:
        """Return which prompts a language was to be asked, (R,)."""
        if self.planned_LR is None:
            return np.ones(self.invalid_ALRS.shape[2], dtype=np.bool_)
        return np.asarray(self.planned_LR[language], dtype=np.bool_)
