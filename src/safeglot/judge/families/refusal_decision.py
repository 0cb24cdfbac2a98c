"""The decision of the embedded classifiers of refusal on an answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

VERSION = "refusal-baseline-2"
"""Of the weights; `judge.families.refusal` reads no others."""
ENCODER_VERSION = "refusal-encoder-2"
E5_VERSION = "refusal-encoder-e5-1"
"""Of the heads; `judge.families.refusal_encoder` reads no others."""

Reason = Literal["refusal", "not-refusal", "empty", "not-covered", "unsure"]


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether one answer is a refusal, None where that is open, with the probability and the reason."""

    refusal: bool | None
    p_refusal: float | None
    reason: Reason
