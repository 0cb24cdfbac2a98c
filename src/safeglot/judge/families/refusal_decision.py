"""What the refusal baseline says of an answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

VERSION = "refusal-baseline-2"
"""Of the weights; `judge.families.refusal` reads no others."""

Reason = Literal["refusal", "not-refusal", "empty", "not-covered", "unsure"]


@dataclass(frozen=True, slots=True)
class Decision:
    """What the baseline says of one answer; `refusal` is None when it does not say."""

    refusal: bool | None
    p_refusal: float | None
    reason: Reason
