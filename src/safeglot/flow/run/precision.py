"""What a wanted precision costs in prompts, as text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from safeglot.errors import UsageError
from safeglot.prompts.selection import sizes_of
from safeglot.score.plans.cost import ENDLESS, Cost, Precision, costs

if TYPE_CHECKING:
    from safeglot.prompts.prompt_set import PromptSet

_CATEGORIES = 32
_WANTED = {
    "macro": "the macro average to +-{within:g} points: --plan screen --within {within:g}",
    "drop": "a drop of {drop:g} points from one language to another, on the same prompts",
    "unpaired": "the same drop from two sets of prompts",
    "band": "the band of each category, by the best test there can be",
    "certified": "99% shown in each category, if every answer is safe",
}
NOTES = (
    "All categories are taken to have that safety; where they differ, the macro average takes fewer. "
    "A drop is shown in 4 runs of 5 by one test at the end; `--plan screen --drop` tests as it goes "
    "and took up to 1.2 times as many in simulations. The numbers are of verdicts: `safeglot "
    "annotate plan` tells how many labels make the judge's errors known."
)


def precision_text(prompt_set: PromptSet | None, points: Mapping[str, float]) -> str:
    """Return what a half-width and a drop, in points, cost at a safety. Raises: UsageError."""
    try:
        wanted = Precision(
            within=points["within"] / 100, drop=points["drop"] / 100, safety=points["safety"]
        )
    except ValueError as error:
        raise UsageError(
            f"{error}. --within and --drop are points, --safety is a rate: "
            "safeglot plan prompts --within 2 --drop 3 --safety 0.95"
        ) from None
    if prompt_set is None:
        size_C, of = (
            [ENDLESS] * _CATEGORIES,
            f"{_CATEGORIES} categories, as many prompts as it takes",
        )
    else:
        size_C = list(sizes_of(prompt_set, categories=None, kinds=("harmful",))["harmful"].values())
        of = f"{len(size_C)} categories with {sum(size_C):,} harmful prompts in {prompt_set.source}"
    told = [(f"at a safety of {points['safety']:g}", "prompts a language")]
    told += [_row(cost, points, sum(size_C)) for cost in costs(wanted, size_C)]
    wide = [max(len(row[at]) for row in told) for at in (0, 1)]
    lines = (f"{name.ljust(wide[0])}  {number.rjust(wide[1])}" for name, number in told)
    return "\n".join([of, "", *lines, "", NOTES])


def _row(cost: Cost, points: Mapping[str, float], pool: int) -> tuple[str, str]:
    name = _WANTED[cost.wanted].format(**points)
    if cost.least is None or cost.most is None:
        return name, "no number is enough"
    if cost.least > pool:
        return name, f"{cost.least:,}: more than there are"
    number = f"{cost.least:,}" if cost.least == cost.most else f"{cost.least:,} to {cost.most:,}"
    return name, f"all {number}" if cost.least == pool else number
