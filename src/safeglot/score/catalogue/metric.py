"""What is said of a metric, and of a number that is not in results.json."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Polarity: TypeAlias = Literal["higher is safer", "higher is worse", "neither"]
WORSE: Polarity = "higher is worse"

RANGES: Mapping[str, tuple[float, float] | None] = {
    "rate": (0.0, 1.0),
    "difference": (-1.0, 1.0),
    "remainder": (-2.0, 2.0),
    "difference of differences": (-2.0, 2.0),
    "coefficient": (-1.0, 1.0),
    "flag": (0.0, 1.0),
    "ratio": (0.0, float("inf")),
    "variance": (0.0, 1.0),
    "statistic": (0.0, float("inf")),
    "count": (0.0, float("inf")),
    "standard deviations": None,
    "slope": None,
    "tokens": None,
    "seconds": None,
    "US dollars": None,
}
"""Unit -> (least, most) of the value; None for no bounds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One metric of results.json; `name` may end in * for a family of names.

    `per` are its axes other than judge and model. `golden` names the files of
    worked cases that prove it, `function` is the "module:function" below safeglot that gives it,
    `sources` are keys of SOURCES, `unit` is one of RANGES, and `extra` the keys that may stand in
    the estimate's `extra`.
    """

    name: str
    section: str
    per: str
    formula: str
    interval: str
    unit: str
    polarity: Polarity
    function: str
    sources: tuple[str, ...] = ()
    golden: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    own: Mapping[str, str] = field(default_factory=dict)
    """What a key of `extra` holds in this metric, where metrics.SHARED does not say it."""
    instead: str = ""
    """Its name where the taxonomy has not as many categories, or macro categories."""

    averaged: bool = False
    """Whether it is there as the mean over categories too, under its name and `_macro`."""

    benign: bool = False
    """Whether it is there of benign prompts too, under `benign_` and its name."""

    @property
    def names(self) -> tuple[str, ...]:
        """The names that it goes by."""
        macro = (f"{self.name}_macro",) if self.averaged else ()
        benign = (f"benign_{self.name}",) if self.benign else ()
        return (self.name, *((self.instead,) if self.instead else ()), *macro, *benign)


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """A number of the commands plan, experiment and compare, and of designs: not in results.json."""

    name: str
    formula: str
    function: str
    sources: tuple[str, ...] = ()
    golden: tuple[str, ...] = ()
