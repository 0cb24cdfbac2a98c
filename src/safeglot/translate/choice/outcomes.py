"""The outcome of each prompt and language: which candidate was kept, or why there is none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from safeglot.keys import places
from safeglot.translate.base import Scale
from safeglot.translate.choice.choice import CandidateTable, Choice, Gate, choose, why_gated
from safeglot.types import GATED, OUTCOMES, CandidateRow, Outcome, is_brought


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """All that was asked for: every prompt in every language, with translators and estimators in their order."""

    prompts: Sequence[str]
    languages: Sequence[str]
    translators: Sequence[str]
    scales: Mapping[str, Scale]
    """Estimator -> its scale."""


def choose_rows(
    rows: Sequence[CandidateRow], scope: Scope, gate: Gate
) -> tuple[list[Outcome], list[float | None]]:
    """Return the outcome of each prompt and language, and the rank of each candidate.

    Outcomes go prompt by prompt, each in the order of the languages. Ranks are from 0 (worst in
    its language) to 1, None where no estimator has a number.
    """
    table = _table(rows, scope)
    choice = choose(table, gate)
    ranks = [None if rank != rank else round(rank, 6) for rank in choice.rank_N.tolist()]  # noqa: PLR0124 - NaN
    members: dict[int, list[CandidateRow]] = {}
    lost_N = choice.row_G[table.group_N] < 0  # of the others no reason is asked
    for row in np.flatnonzero(lost_N).tolist():
        members.setdefault(int(table.group_N[row]), []).append(rows[row])
    places = [(prompt, tag) for prompt in scope.prompts for tag in scope.languages]
    outcomes = [
        _outcome(place, choice, group, members.get(group, []), rows)
        for group, place in enumerate(places)
    ]
    return [
        _with_reason(outcome, table, choice, group, gate) for group, outcome in enumerate(outcomes)
    ], ranks


def counts(outcomes: Sequence[Outcome], languages: Sequence[str]) -> dict[str, dict[str, int]]:
    """Return the numbers kept, gated and failed in each language."""
    number = Counter((outcome.language, outcome.outcome) for outcome in outcomes)
    return {tag: {name: number[tag, name] for name in OUTCOMES} for tag in languages}


def why_failed(rows: Sequence[CandidateRow]) -> str:
    """Return why each candidate cannot be used."""
    reasons = []
    for row in rows:
        why = row.broken or ", ".join(f"{name} ({detail})" for name, detail in row.faults.items())
        reasons.append(f"{row.translator}: {why}")
    return "; ".join(reasons) or "no translator was asked"


def _table(rows: Sequence[CandidateRow], scope: Scope) -> CandidateTable:
    at_P, at_L, at_K = map(places, (scope.prompts, scope.languages, scope.translators))
    names, n_L = tuple(scope.scales), len(scope.languages)
    quality_NE = np.full((len(rows), len(names)), np.nan)
    for e, name in enumerate(names):
        quality_NE[:, e] = [row.quality.get(name, np.nan) for row in rows]
    language_N = np.array([at_L[row.language] for row in rows], dtype=np.int64)
    return CandidateTable(
        groups=len(at_P) * n_L,
        group_N=np.array([at_P[row.prompt] for row in rows], dtype=np.int64) * n_L + language_N,
        language_N=language_N,
        order_N=np.array([at_K[row.translator] for row in rows], dtype=np.int64),
        passed_N=np.array([row.passed for row in rows], dtype=np.bool_),
        brought_N=np.array([is_brought(row.translator) for row in rows], dtype=np.bool_),
        quality_NE=quality_NE,
        languages=tuple(scope.languages),
        estimators=names,
        scales=tuple(scope.scales.values()),
    )


def _outcome(
    place: tuple[str, str],
    choice: Choice,
    group: int,
    members: list[CandidateRow],
    rows: Sequence[CandidateRow],
) -> Outcome:
    row = int(choice.row_G[group])
    chosen = rows[row] if row >= 0 else None
    reason = "" if chosen else why_failed(members)
    prompt, language = place
    outcome = choice.outcome(group)
    return Outcome(prompt=prompt, language=language, outcome=outcome, chosen=chosen, reason=reason)


def _with_reason(
    outcome: Outcome, table: CandidateTable, choice: Choice, group: int, gate: Gate
) -> Outcome:
    if outcome.outcome != GATED:
        return outcome
    return replace(outcome, reason=why_gated(table, gate, int(choice.row_G[group])))
