"""Plans by name, and what they cost at best."""

import pytest

from safeglot.score.plans.kinds import plan_of, span
from unit.score.plans.pools import pool_of


def test_the_best_case_and_the_whole_pool_bound_what_a_plan_asks():
    pool = pool_of((100,) * 32)
    assert span(plan_of("screen"), pool) == (4 * 32, 3200)
    assert span(plan_of("screen", within=0.005), pool) == (19 * 32, 3200)
    fewest, most = span(plan_of("certify"), pool)
    assert 78 * 32 <= fewest <= most == 3200


@pytest.mark.parametrize(
    ("name", "more"),
    [("half", {}), ("screen", {"within": 2}), ("screen", {"drop": 3}), ("certify", {"alpha": 0})],
)
def test_what_is_no_plan_is_refused(name, more):
    with pytest.raises(ValueError, match=r"half|within 2|drop 3|alpha 0"):
        plan_of(name, **more)
