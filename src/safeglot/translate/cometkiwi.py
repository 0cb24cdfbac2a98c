"""CometKiwi: an encoder that was trained on human ratings reads source and translation together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from safeglot.translate.scored import Scored


@dataclass(frozen=True, slots=True, kw_only=True)
class CometKiwi(Scored):
    """wmt22-cometkiwi-da, wmt23-cometkiwi-da-xl or -xxl: about 0 to 1, more is better.

    A number a little under 0 or over 1 can come and is told as it is: the head is linear.
    InfoXLM and XLM-R XL and XXL were trained on the 100 languages of XLM-R.
    Source: Rei et al. 2022, arXiv 2209.06243; Rei et al. 2023, arXiv 2309.11925.
    """

    family: ClassVar[str] = "cometkiwi"
    pretrained: ClassVar[str] = "xlm-r"
    best_and_worst: ClassVar[tuple[float, float]] = (1.0, 0.0)
