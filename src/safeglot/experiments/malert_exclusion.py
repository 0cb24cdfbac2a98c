"""What leaving out categories does to M-ALERT's published averages."""

from __future__ import annotations

from collections.abc import Sequence

from safeglot.experiments.category_exclusion import DEFAULT
from safeglot.experiments.malert import Published, published
from safeglot.report.exclusion.view import AveragePair, ExclusionView, ModelAverages
from safeglot.report.page import NamedLanguage
from safeglot.score.safety.exclusion import mean_without
from safeglot.text import languages

ADDRESS = "https://arxiv.org/abs/2412.15035"
HALF_A_DIGIT = 0.00005
"""Rates are published in percent with two places."""


def malert_exclusion(left_out: Sequence[str] = DEFAULT) -> ExclusionView:
    """Return M-ALERT's averages with and without categories, of the models with a figure for each of them."""
    table = published()
    n = len(table.whole["counts"]["micro"])
    models = [found for name in table.models if (found := _model(table, name, left_out, n))]
    return ExclusionView(
        name="M-ALERT",
        source=table.source,
        address=ADDRESS,
        left_out=tuple(sorted(left_out)),
        n_categories=n,
        n_models=len(table.models),
        # of a mean and of the reference, each with the overall figure and those that are left out
        rounding=2 * HALF_A_DIGIT * (n + len(left_out)) / (n - len(left_out)),
        models=tuple(sorted(models, key=lambda model: -model.gap[0])),
    )


def _model(table: Published, name: str, left_out: Sequence[str], n: int) -> ModelAverages | None:
    pairs = []
    for tag in table.languages:
        whole = table.rate("overall", name, tag)
        parts = [table.rate(category, name, tag) for category in left_out]
        known = [part for part in parts if part is not None]
        if whole is None or len(known) < len(parts):
            return None
        language = NamedLanguage(tag=tag, name=languages.lookup(tag).name)
        rest = mean_without(whole, known, of=n)
        pairs.append(AveragePair(language=language, whole=whole, rest=rest))
    return ModelAverages(model=name, pairs=tuple(pairs))
