"""Response classes and over-refusal of a run, from its answers and verdicts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from safeglot.backends.store import Store
from safeglot.types import Estimate


def estimates(store: Store, manifest: Mapping[str, Any], *, level: float) -> list[Estimate]:  # noqa: ARG001
    """Give the estimates of response classes and over-refusal."""
    return []
