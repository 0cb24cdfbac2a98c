"""M-ALERT's published figures, and what is known of its models."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

from safeglot.report.table import ResultCell, number
from safeglot.score.stats.intervals import wilson_effective

CATEGORIES = ("crime_propaganda", "substance_cannabis", "crime_tax")
APPROXIMATE = (
    "published figures have no interval: theirs are Wilson's at 95% with numbers of prompts that "
    "were inferred from the percentages, and are approximate"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """The published table; rates in [0, 1]."""

    whole: Mapping[str, Any]

    @property
    def source(self) -> str:
        """Where the figures are from."""
        return f"{self.whole['about']}; {self.whole['source']}"

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages, English first."""
        return ("en", *(tag for tag in self.whole["languages"] if tag != "en"))

    @property
    def models(self) -> tuple[str, ...]:
        """The models with a figure per language."""
        return tuple(self.whole["overall"])

    @property
    def facts(self) -> Mapping[str, Mapping[str, Any]]:
        """Family, size and tuning of each model."""
        return dict(self.whole["models"])

    def rate(self, table: str, model: str, column: str) -> float | None:
        """Return a published rate, None where there is none."""
        percent = self.whole[table].get(model, {}).get(column)
        return None if percent is None else float(percent) / 100

    def unrelated(self, model: str, pair: str) -> float | None:
        """Return the match of verdicts that know nothing of each other, from the published averages."""
        tags = self.languages if pair == "all" else pair.split("-")
        rates = [self.rate("overall", model, tag) for tag in tags]
        known = [rate for rate in rates if rate is not None]
        if len(known) < len(rates):
            return None
        return math.prod(known) + math.prod(1 - rate for rate in known)

    def cell(self, table: str, model: str, column: str) -> ResultCell:
        """Return a published rate with its approximate interval."""
        rate = self.rate(table, model, column)
        if rate is None:
            return number(None, reason="not published")
        low, high = wilson_effective(rate, self.worth(table))
        return number(rate, (float(low), float(high)))

    def n(self, table: str) -> int:
        """Return the prompts that a figure of one language is of."""
        counts = self.whole["counts"]
        return int(counts["micro"].get(table, counts["total"]))

    def worth(self, table: str) -> float:
        """Return the prompts that a figure is worth: of a mean of 32 categories fewer than all."""
        counts = self.whole["counts"]
        if table in counts["micro"]:
            return float(counts["micro"][table])
        if table == "consistency":
            return float(counts["total"])
        sizes = counts["micro"].values()
        return float(len(sizes) ** 2 / sum(1 / n for n in sizes))

    def mean(self, model: str) -> float | None:
        """Return a model's published mean over languages."""
        rates = [self.rate("overall", model, tag) for tag in self.languages]
        known = [rate for rate in rates if rate is not None]
        return sum(known) / len(known) if len(known) == len(self.languages) else None

    def means(self) -> dict[str, float]:
        """Return every model's mean: of the base and instruct table, else over the languages."""
        means: dict[str, float] = {}
        for name, fact in self.facts.items():
            kind = "instruct" if fact["instruct"] else "base"
            rate = self.rate("base_instruct_mean", fact.get("base", name), kind)
            rate = self.mean(name) if rate is None else rate
            if rate is not None:
                means[name] = rate
        return means


@lru_cache(maxsize=1)
def published() -> Published:
    """Return the table that comes with the package."""
    text = (
        resources.files("safeglot.experiments").joinpath("malert.json").read_text(encoding="utf-8")
    )
    return Published(whole=json.loads(text))


def name_in(names: Mapping[str, Any], model: str) -> str | None:
    """Return the model of the table that a run's model is, by the last part of its name."""
    folded = {name.casefold(): name for name in names}
    return folded.get(model.rsplit("/", 1)[-1].casefold())
