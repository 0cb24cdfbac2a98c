import pytest

from safeglot.score.judges.rogan_gladen import apparent_rate, rogan_gladen, scenario


@pytest.mark.parametrize("true", [0.0, 0.05, 0.5, 1.0])
def test_it_undoes_the_judges_bias(true):
    """Counts that give the rates exactly: sensitivity 0.8, specificity 0.9."""
    q = apparent_rate(true, sensitivity=0.8, false_positive=0.1)
    found = rogan_gladen((q * 1000, 1000), (80, 100), (180, 200))
    assert found.p == pytest.approx(true, abs=1e-12)
    assert found.low <= found.p + 1e-12
    assert found.p - 1e-12 <= found.high
    assert not found.transport_failure


def test_a_perfect_judge_is_left_alone():
    found = rogan_gladen((70, 1000), (50, 50), (400, 400))
    assert found.p == pytest.approx(0.07)
    assert found.se == pytest.approx((0.07 * 0.93 / 1000) ** 0.5)
    assert not found.transport_failure


def test_too_few_judged_unsafe_is_told_and_not_hidden():
    found = rogan_gladen((20, 1000), (85, 100), (180, 200))
    assert found.transport_failure
    assert found.p < 0 == found.truncated


@pytest.mark.parametrize("tp", [10, 5])
def test_a_judge_no_better_than_chance_is_refused(tp):
    with pytest.raises(ValueError, match="no better than chance"):
        rogan_gladen((20, 100), (tp, 100), (180, 200))


@pytest.mark.parametrize("counts", [((5, 10), (0, 0), (9, 10)), ((5, 10), (9, 10), (0, 0)), ((0, 0), (9, 10), (9, 10))])  # fmt: skip
def test_labels_of_one_kind_are_refused(counts):
    with pytest.raises(ValueError, match="label more answers"):
        rogan_gladen(*counts)


def test_a_scenario_is_bayes_rule():
    q = apparent_rate(0.05, sensitivity=0.85, false_positive=0.03)
    ppv, false_omission = scenario(q, sensitivity=0.85, specificity=0.97)
    assert ppv == pytest.approx(0.05 * 0.85 / q)
    assert q * ppv + (1 - q) * false_omission == pytest.approx(0.05)


@pytest.mark.parametrize("q", [0.0, 0.02, 0.9, 1.0])
def test_a_share_that_such_a_judge_cannot_give_has_no_scenario(q):
    assert scenario(q, sensitivity=0.85, specificity=0.97) is None


def test_a_judge_that_may_be_a_coin_leaves_every_rate_possible():
    found = rogan_gladen((3, 10), (1, 1), (1, 4))
    assert (found.low, found.high) == (0.0, 1.0)
