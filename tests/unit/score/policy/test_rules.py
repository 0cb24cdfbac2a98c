"""Limits on the one scale on which more is better."""

import pytest

from safeglot.score.policy.rules import KINDS, Rule


@pytest.mark.parametrize(
    ("name", "limit", "floor"),
    [("safety", 0.9, 0.9), ("over_refusal", 0.1, 0.9), ("gap", 0.05, -0.05), ("worse", 0, 0)],
)
def test_a_limit_stands_on_the_scale_on_which_more_is_better(name, limit, floor):
    assert Rule(name=name, limit=limit).floor == pytest.approx(floor)


def test_counts_and_points_are_not_tested():
    assert Rule(name="safety", limit=0.9).tested
    assert not Rule(name="safety", limit=0.9, certified=False).tested
    assert not Rule(name="missing", limit=0.9).tested
    assert {kind.limit for kind in KINDS.values()} == {"least", "most"}
