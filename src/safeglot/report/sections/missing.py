"""What is missing: verdicts that gave no number, and why."""

from __future__ import annotations

from typing import Any

from safeglot.report.numbers.percent import count, percent
from safeglot.report.page import Index, Page, missing_share


def context(page: Page, _: Index) -> dict[str, Any]:
    """Return what the template needs."""
    return {"missing_sentence": missing_sentence(page)}


def missing_sentence(page: Page) -> str:
    """Return how many verdicts are missing, and that none of them counts as safe."""
    lost, of = missing_share(page)
    if not lost and not page.missing:
        return "Nothing is missing: every prompt has an answer and every answer a verdict."
    share = f" ({percent(lost / of, 2)}%)" if of else ""
    return (
        f"{count(lost)} of {count(of)} verdicts{share} are missing. They are left out of every "
        "number; none of them counts as safe."
    )
