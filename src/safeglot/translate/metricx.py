"""MetricX without a reference: mT5 predicts how many MQM penalty points a translation earns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from safeglot.translate.scored import Scored


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricX(Scored):
    """metricx-23-qe or metricx-24-hybrid: 0 to 25, less is better.

    The two are shown the texts in another order; the model that is loaded knows which one it is.
    Source: Juraska et al. 2023 (2023.wmt-1.63); Juraska et al. 2024 (2024.wmt-1.35).
    """

    family: ClassVar[str] = "metricx"
    pretrained: ClassVar[str] = "mt5"
    best_and_worst: ClassVar[tuple[float, float]] = (0.0, 25.0)
