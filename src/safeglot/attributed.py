"""The causes of a gap, from a run's arms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from safeglot.backends.store import Store
from safeglot.types import Estimate


def estimates(store: Store, manifest: Mapping[str, Any], *, level: float) -> list[Estimate]:  # noqa: ARG001
    """Give the terms of the gap; nothing without arms."""
    return []
