"""The methods of a report, each that was used in a line with its source: no figure repeats them."""

from __future__ import annotations

import importlib.resources
import tomllib
from dataclasses import dataclass
from functools import cache
from typing import Any

from safeglot.report.page import Index, Page


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """One method: the metrics that show it was used, what it does, and the keys of its sources."""

    name: str
    metrics: list[str]
    words: str
    sources: list[str]


@cache
def methods() -> tuple[Method, ...]:
    """Return all methods, in the order of the report."""
    text = importlib.resources.files(__package__).joinpath("methods.toml").read_text("utf-8")
    return tuple(Method(**row) for row in tomllib.loads(text)["methods"])


def context(page: Page, index: Index) -> dict[str, Any]:
    """Return what the template needs: each method that gave a number of the page, with its sources."""
    known = dict(page.references)
    return {
        "methods": [
            (method.name, method.words, [known[key] for key in method.sources if key in known])
            for method in methods()
            if index.has(*method.metrics)
        ]
    }
