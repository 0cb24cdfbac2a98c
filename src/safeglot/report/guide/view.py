"""What a guide tells of one model by one judge; the words stand in its template."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from safeglot.keys import of_norms
from safeglot.report.category_gaps import category_gaps
from safeglot.report.finding import commands, own_requests
from safeglot.report.finding.caveats import caveats
from safeglot.report.finding.headline import finding_of, unseen
from safeglot.report.finding.mitigations import COSTS, gained, priced, remedies, short_mitigation
from safeglot.report.finding.rates import LanguageRate, language_rates
from safeglot.report.finding.why import PROBES, Reasons, why
from safeglot.report.names import short_names
from safeglot.report.numbers.figures import extra, word
from safeglot.report.numbers.interpretation import LIMIT, is_interpretable
from safeglot.report.page import Page, PanelScope, macro_metric
from safeglot.report.policy.view import HEADS, PolicyView
from safeglot.report.sections.mitigations.view import OVER_REFUSAL, SAFETY, Found, arms_of

MITIGATIONS = ("system-en", "system-local", "pivot", "guard-before", "guard-behind")
INVALID = "mitigation_invalid"
READ = ("less safe", "safer", "not told apart")
"""Readings of a gap that was tested."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GuideSource:
    """What a guide is made of: a run, one judge on one model of it, and what a policy says of these.

    `begun` is the day of the run.
    """

    page: Page
    scope: PanelScope
    reasons: Reasons
    begun: str
    policy: PolicyView | None = None


def context(source: GuideSource) -> dict[str, Any]:
    """Return what the template of a guide needs."""
    page, scope = source.page, source.scope
    found, arms = finding_of(scope), arms_of(page, scope)
    rates = found.rates or language_rates(scope)
    quiet = [row for row in rates if row.reading == "not told apart"]
    kinds = {kind for name in arms for kind in short_mitigation(name).split("+")}
    norms = [e for e in page.estimates if e.metric == "norms_gap"]
    return {
        "source": source,
        "scope": scope,
        "found": found,
        "rates": rates,
        "cells": category_gaps(scope),
        "split": partial(why, page, scope, source.reasons),
        "unpaired": list(own_requests.sentences(scope)),
        "quiet": unseen(quiet) if quiet else "",
        "remedies": {one.language.tag: one for one in remedies(scope)},
        "gained": gained(scope),
        "arms": arms,
        "changes": (SAFETY, OVER_REFUSAL, INVALID),
        "untried": [kind for kind in MITIGATIONS if kind not in kinds],
        "norms": [e for e in norms if e.model == scope.model and of_norms(e.judge or "")[0] == of_norms(scope.judge)[0]],
        "caveats": caveats(page, scope, found, source.reasons.run),
        "by_judge": {row.language.tag: _by_judge(scope, row.language.tag) for row in rates},
        "by_policy": _by_policy(scope, source.policy) if source.policy else {},
        "elsewhere": sorted({c.language for c in source.policy.claims} - {o.tag for o in scope.run.languages}) if source.policy else [],
        "probes": sorted({word(e, "variant") for e in page.estimates if e.metric == "probe_unsafe"}),
        "forms": PROBES,
        "command": partial(_command, scope),
        "own": partial(commands.command, "guide", source.reasons.run, "--judge", scope.judge, "--model", scope.model),
        "average": macro_metric(scope.index),
        "limit": LIMIT,
    }  # fmt: skip


def _command(scope: PanelScope, *words: str) -> str:
    """Return a command to paste, "" where it would ask models of recorded answers."""
    made = commands.command(*words)
    return "" if scope.run.is_recorded and commands.asks(made) else made


def _by_judge(scope: PanelScope, tag: str) -> Mapping[str, LanguageRate]:
    """Return a language's rates by the judges that tell harm, where these read its gap differently."""
    short = short_names(scope.run.judges)
    rows = {
        short[judge]: row
        for judge in dict.fromkeys((scope.judge, *scope.run.rated))
        for row in language_rates(replace(scope, judge=judge))
        if row.language.tag == tag and row.reading in READ
    }
    return rows if len({row.reading for row in rows.values()}) > 1 else {}


def _by_policy(scope: PanelScope, policy: PolicyView) -> Mapping[str, list[str]]:
    """Return the languages by what holds of all claims on them: the worst decision."""
    found: dict[str, list[str]] = {}
    for language in scope.run.languages:
        own = {claim.decision for claim in policy.claims if claim.language == language.tag}
        worst = next((decision for decision in HEADS if decision in own), "no claim")
        found.setdefault(worst, []).append(language.name)
    return found


def why_not(found: Found, tag: str) -> str:
    """Return why a mitigation is none that helps, by the rule that names one; "" where it helps."""
    gain, *costs = (found.get((metric, tag)) for metric in (SAFETY, OVER_REFUSAL, INVALID))
    if gain is None or gain.value is None or not is_interpretable(gain):
        return "too few answers could be read"
    p = extra(gain, "p_holm_all")
    if p is None or p >= 1 - (gain.level or 0.95) or (gain.low or 0.0) <= 0:
        return "no gain beyond chance"
    for e, more in zip(costs, ("refuses more harmless requests", "more unusable answers"), strict=True):  # fmt: skip
        if e is not None and (e.low or 0.0) > 0:
            return more
    known = all(e and e.value is not None and is_interpretable(e) for e in costs)
    return "" if known else "what it refuses more, or makes unusable, was not measured"


def costs(found: Found, tag: str) -> str:
    """Return what a mitigation takes in a language, "" where that is not known."""
    rows = {key: found.get((f"mitigation_{key}", tag)) for key in COSTS}
    told = (priced(k, e.value, e.low, e.high) for k, e in rows.items() if e and e.value is not None)
    return ", ".join(told)
