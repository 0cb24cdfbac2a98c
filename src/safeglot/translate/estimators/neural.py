"""COMET's metrics without a reference and MetricX: a model is shown both texts and gives one number."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from safeglot.errors import UsageError
from safeglot.keys import canonical
from safeglot.translate.base import EMPTY, NO_REPLY, Scale
from safeglot.translate.codes import uncovered
from safeglot.types import Candidate, Estimated, Reply, Request

TOO_LONG = "too long"
"""A model's reply where both texts are too long for it: `too long: 600 tokens, it takes 512`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """An estimator that gives its model both texts as JSON and reads one number from the reply."""

    family: ClassVar[str]
    version: ClassVar[int] = 1
    """Of the asking and reading; bumped with every change."""
    pretrained: ClassVar[str]
    """The encoder whose languages are covered, as translate/codes.py calls it."""
    best_and_worst: ClassVar[tuple[float, float]] = (1.0, 0.0)

    model: str
    """Identifies the weights and their revision in keys and routes, as NAME@REVISION."""
    name: str = ""
    """Its name in records; `family=model` where empty, the revision left out."""

    def __post_init__(self) -> None:
        if not self.model.strip():
            raise UsageError(f"{self.family}: no model was given; allowed is {self.family}=NAME")
        if not self.name:
            object.__setattr__(self, "name", f"{self.family}={self.model.partition('@')[0]}")

    @property
    def id(self) -> str:
        """Family, version of the reading, and the weights with their revision."""
        return f"{self.family}:{self.version}:{self.model}"

    @property
    def scale(self) -> Scale:
        """The scale of its numbers."""
        best, worst = self.best_and_worst
        return Scale(worst=worst, best=best)

    def uncovered(self, source: str, target: str) -> str:
        """Return which language the encoder was not trained on; "" where it knows both."""
        fault = uncovered(source, target, self.pretrained)
        return f"not covered: {fault}" if fault else ""

    def ask(self, item: Candidate, /) -> Sequence[Request]:
        """Return one request with both texts; none for an empty candidate, which such models misjudge."""
        if not item.text.strip():
            return ()
        texts = canonical({"mt": item.text, "src": item.source.text})
        return (Request(model=self.model, prompt=texts, max_tokens=1),)

    def read(self, item: Candidate, replies: Sequence[Reply], /) -> Estimated:
        """Return the number in the reply; texts that the model does not take have a reason instead."""
        if not item.text.strip():
            return EMPTY
        if len(replies) != 1:
            return NO_REPLY
        text = replies[0].text.strip()
        if text.startswith(TOO_LONG):
            return Estimated(value=None, reason=text)
        try:
            value = float(text)
        except ValueError:
            return Estimated(value=None, reason=f"unparsable: {text[:40]!r} is no number")
        if not math.isfinite(value):
            return Estimated(value=None, reason=f"unparsable: {text} is not finite")
        return Estimated(value=value)


@dataclass(frozen=True, slots=True, kw_only=True)
class CometKiwi(Scored):
    """wmt22-cometkiwi-da, wmt23-cometkiwi-da-xl or -xxl: about 0 to 1, more is better.

    A number a little under 0 or over 1 can come and is kept as it is: the head is linear.
    InfoXLM and XLM-R XL and XXL were trained on the 100 languages of XLM-R.
    Source: Rei et al. 2022, arXiv 2209.06243; Rei et al. 2023, arXiv 2309.11925.
    """

    family: ClassVar[str] = "cometkiwi"
    pretrained: ClassVar[str] = "xlm-r"


@dataclass(frozen=True, slots=True, kw_only=True)
class AfriComet(Scored):
    """masakhane/africomet-qe-stl and its successors, for African languages: about 0 to 1, more is better.

    Its encoder, AfroXLMR, is XLM-R whose training went on with African languages.
    Source: Wang et al. 2024, arXiv 2311.09828.
    """

    family: ClassVar[str] = "africomet"
    pretrained: ClassVar[str] = "afro-xlmr"


@dataclass(frozen=True, slots=True, kw_only=True)
class SsaComet(Scored):
    """McGill-NLP/ssa-comet-qe, trained on ratings of 14 African language pairs: about 0 to 1, more is better.

    Source: Li et al. 2025, arXiv 2506.04557.
    """

    family: ClassVar[str] = "ssa-comet"
    pretrained: ClassVar[str] = "afro-xlmr"


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricX(Scored):
    """metricx-23-qe or metricx-24-hybrid: 0 to 25, less is better.

    The two are shown the texts in another order; the model that is loaded knows which one it is.
    Source: Juraska et al. 2023 (2023.wmt-1.63); Juraska et al. 2024 (2024.wmt-1.35).
    """

    family: ClassVar[str] = "metricx"
    pretrained: ClassVar[str] = "mt5"
    best_and_worst: ClassVar[tuple[float, float]] = (0.0, 25.0)
