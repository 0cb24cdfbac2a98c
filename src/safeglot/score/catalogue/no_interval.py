"""Why an estimate has no interval, told with it: each has the one or the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

from safeglot.score.catalogue.metrics import metric
from safeglot.types import Estimate

KEY = "no_interval"
TOO_ALIKE = "too few prompts, or all alike: nothing to take an interval from"


def with_reasons(estimates: Sequence[Estimate]) -> list[Estimate]:
    """Return the estimates, each without an interval with the reason in its `extra`."""
    return [e if e.low is not None and e.high is not None else _with_reason(e) for e in estimates]


def _with_reason(e: Estimate) -> Estimate:
    why = f"there is no value: {e.method}" if e.value is None else _of_metric(e.metric) or TOO_ALIKE
    return replace(e, extra={KEY: why} | dict(e.extra))


@cache
def _of_metric(name: str) -> str:
    """Return what the catalogue says of a metric that never has an interval; "" for others."""
    kind, _, why = metric(name).interval.partition(": ")
    return why if kind == "none" else ""
