import numpy as np
import pytest

from safeglot.score.guards.thresholds import least_threshold, thresholds
from unit.score.guards.sheets import by_metric, sheet_of


def test_the_least_threshold_keeps_to_the_target():
    p = np.arange(100) / 100
    assert least_threshold(p, 0.05) == 0.94
    assert (p > least_threshold(p, 0.05)).mean() == pytest.approx(0.05)
    assert least_threshold(np.zeros(40), 0.05) == 0.0


def test_it_is_chosen_on_one_half_and_told_of_the_other():
    n = 200
    label = [[i // 2 % 2 for i in range(n)]] * 2
    half = np.tile(np.arange(n) % 2, 2)
    p = np.where(np.array(label) == 1, 0.8, 0.2)[None] + np.arange(n) / 1000
    p[0, 1] -= 0.1  # the second language's probabilities are all lower
    told = list(thresholds(sheet_of(label, [[[0] * n] * 2], p, half_N=half), level=0.95))
    found, alarms = by_metric(told, "guard_recall_at_fpr"), by_metric(told, "guard_fpr_at_fpr")
    at = [e.extra["threshold"] for e in found]
    assert at[0] - at[1] == pytest.approx(0.1)
    assert [e.n for e in (*found, *alarms)] == [50] * 4
    assert [e.value for e in found] == [1.0, 1.0]
    assert all(e.value <= 0.1 for e in alarms)


def test_too_few_safe_texts_give_no_threshold():
    label = [[1] * 10 + [0] * 10]
    (none,) = thresholds(sheet_of(label, [[[0] * 20]], [[[0.5] * 20]]), level=0.95)
    assert none.value is None
    assert "20 are needed" in none.method
