"""Pages of made-up runs with mitigations."""

from __future__ import annotations

from dataclasses import replace

from example import full, small
from safeglot.score.catalogue.no_interval import with_reasons
from safeglot.score.mitigations.estimates import mitigation_estimates
from unit.score.mitigations.tables import helpful

NAMES = ("none", "system-en", "guard-before=llama-guard-3=vllm/<b>meta</b>/Llama-Guard-3-8B")


def mitigated(**further):
    """A page of English and Swahili: a prompt that helps English alone, a guard that refuses more in Swahili."""
    rows = [
        replace(e, model=small.MODEL, judge=small.JUDGE)
        for e in mitigation_estimates(replace(helpful(**further), mitigations=NAMES))
        if e.language != "de"
    ]
    return full.page(*with_reasons(rows))
