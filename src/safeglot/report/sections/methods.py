"""The methods of a report, each that was used in a line with its source: no figure repeats them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from safeglot.report.page import Index, Page
from safeglot.text.package_data import table


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
    rows = table("safeglot.report.sections", "methods.toml")["methods"]
    return tuple(Method(**row) for row in rows)


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
