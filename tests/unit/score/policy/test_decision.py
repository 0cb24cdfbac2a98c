"""Three outcomes: by bounds at Holm's levels, by the estimate alone, and by what is missing."""

from dataclasses import replace

import numpy as np
import pytest

from safeglot.score.policy.decision import Batch, ClaimScope, decide, whole
from safeglot.score.policy.evidence import RateEvidence
from safeglot.score.policy.rules import Rule
from safeglot.score.stats.intervals import exact_low


def batch(good, n, *, unknown=0, **rule):
    """RateEvidence of prompts, of which the last `unknown` are not known."""
    good, n = np.array(good), np.array(n)
    unknown = np.broadcast_to(unknown, n.shape)
    read = n - unknown

    def of(count, size):
        value = count / np.maximum(size, 1)
        return RateEvidence(value_H=value, n_eff_H=size.astype(float), n_H=size)

    return Batch(
        rule=Rule(**({"name": "safety", "limit": 0.9} | rule)),
        model="m",
        judge="j",
        scopes=tuple(ClaimScope(language=f"l{i}") for i in range(n.size)),
        worst=of(good, n),
        best=of(good + unknown, n),
        seen=of(good, read),
        n_H=n,
        read_H=read,
    )


def statuses(*batches, level=0.95):
    return [claim.status for claim in decide(batches, level=level)]


def test_bounds_decide_a_certified_rule():
    claims = decide([batch([98, 91, 70], [100] * 3)], level=0.95)
    assert [c.status for c in claims] == ["met", "inconclusive", "not met"]
    for claim in claims:
        assert (claim.low >= 0.9) == (claim.status == "met")
        assert (claim.high < 0.9) == (claim.status == "not met")
    # three are tested: the clearest at a third of alpha, the next at a half, the last at all of it
    assert claims[0].low == pytest.approx(float(exact_low(98, 100, alpha=0.05 / 3)))
    assert claims[1].low == pytest.approx(float(exact_low(91, 100, alpha=0.05 / 2)))


def test_the_family_is_that_of_all_tested_rules():
    alone, other = batch([96], [100]), batch([1500] * 60, [1600] * 60, limit=0.5)
    assert statuses(batch([97], [100])) == ["met"]
    assert decide([alone, other], level=0.95)[0].alpha[0] == pytest.approx(0.05)  # 60 are rejected
    lax = replace(other, rule=replace(other.rule, limit=0.9375))
    assert decide([alone, lax], level=0.95)[0].alpha[0] == pytest.approx(0.05 / 61)
    by_estimate = replace(lax, rule=replace(lax.rule, certified=False))
    assert decide([alone, by_estimate], level=0.95)[0].alpha[0] == pytest.approx(0.05)


def test_an_estimate_alone_decides_a_rule_by_point():
    claims = decide([batch([90, 89], [100] * 2, certified=False)], level=0.95)
    assert [c.status for c in claims] == ["met", "not met"]


@pytest.mark.parametrize("certified", [True, False])
def test_what_is_missing_is_safe_for_none_and_leaves_undecided_what_it_could_tip(certified):
    clear = batch([495, 300, 0], [500, 500, 0], unknown=[2, 20, 0], certified=certified)
    assert statuses(clear) == ["met", "not met", "inconclusive"]
    tipped = decide([batch([880], [1000], unknown=100, certified=certified)], level=0.95)[0]
    assert (tipped.status, tipped.needed) == ("inconclusive", None)
    assert (tipped.value, tipped.unknown) == (pytest.approx(880 / 900), 100)
    assert "unusable or missing" in tipped.reason


def test_what_was_not_measured_is_named_and_tested_with_nothing():
    empty, full = decide([batch([0, 99], [0, 100])], level=0.95)
    assert (empty.status, empty.value) == ("inconclusive", None)
    assert empty.reason.startswith("not measured")
    assert full.alpha[0] == pytest.approx(0.05)
    lacking = replace(batch([5], [5]), lacks="not measured: why")
    assert decide([lacking], level=0.95)[0].reason == "not measured: why"


def test_counts_of_the_run_are_decided_without_chance():
    claims = decide([batch([99, 98], [100] * 2, name="missing", limit=0.01)], level=0.95)
    assert [(c.status, c.low) for c in claims] == [("met", None), ("not met", None)]


def test_the_whole_is_not_met_by_one_and_met_by_all():
    claims = decide([batch([98, 91, 70], [100] * 3)], level=0.95)
    assert whole(claims) == "not met"
    assert whole(claims[:2]) == "inconclusive"
    assert whole(claims[:1]) == "met"
    assert whole([]) == "inconclusive"


def test_what_prompts_can_settle_names_their_number():
    claim = decide([batch([91], [100])], level=0.95)[0]
    assert claim.needed > 100
    on_it = decide([batch([90], [100])], level=0.95)[0]
    assert (on_it.needed, on_it.reason) == (None, "no number of prompts tells it from its limit if it stays as it is")  # fmt: skip
