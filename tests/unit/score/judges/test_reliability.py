import numpy as np
import pytest

from safeglot.score.judges.reliability import (
    Shares,
    at_threshold,
    best_threshold,
    calibration_error,
    imputed,
    share_estimates,
)
from safeglot.score.stats.intervals import wilson
from safeglot.types import Estimate

ROW = Estimate(metric="m", judge="j", value=None, level=0.95, method="no data", n=0)


def shares(event, base, missing=None):
    event_LP, base_LP = np.array(event, dtype=np.int64), np.array(base, dtype=np.int64)
    lost = np.zeros(len(base_LP), dtype=np.int64) if missing is None else np.array(missing)
    return Shares(event_LP=event_LP, base_LP=base_LP, missing_L=lost)


def told(given, languages, limit=None):
    return list(
        share_estimates(ROW, given, languages, extra=[{"k": 1.0}] * len(languages), limit=limit)
    )


def test_one_row_a_prompt_is_plain_wilson():
    (row,) = told(shares([[1, 0, 0, 0]], [[1, 1, 1, 1]], [3]), ("en",))
    low, high = wilson(1, 4)
    assert (row.value, row.low, row.high) == (0.25, pytest.approx(float(low)), pytest.approx(float(high)))  # fmt: skip
    assert (row.n, row.missing, row.method, row.extra) == (4, 3, "wilson", {"k": 1.0})


def test_rows_that_share_a_prompt_widen_the_interval():
    (row,) = told(shares([[9, 0, 0, 0]], [[9, 9, 9, 9]]), ("en",))
    low, high = wilson(1, 4)
    assert row.extra["n_eff"] == pytest.approx(4)
    assert (row.low, row.high) == (pytest.approx(float(low)), pytest.approx(float(high)))
    assert "clustered" in row.method


def test_the_limit_is_passed_above_it_only():
    rows = told(shares([[1] + [0] * 199, [2] + [0] * 199], [[1] * 200, [2] + [1] * 199]), ("en", "de"), 0.005)  # fmt: skip
    assert [row.extra["over_limit"] for row in rows] == [0.0, 1.0]
    assert {row.extra["limit"] for row in rows} == {0.005}


def test_a_language_without_data_has_no_number():
    (row,) = told(shares([[0, 0]], [[0, 0]], [7]), ("sw",), 0.005)
    assert (row.value, row.low, row.n, row.missing) == (None, None, 0, 7)
    assert (row.method, row.extra["over_limit"]) == ("no data", None)
    (row,) = told(Shares(event_LP=np.zeros((1, 0), np.int64), base_LP=np.zeros((1, 0), np.int64), missing_L=np.zeros(1, np.int64)), ("sw",))  # fmt: skip
    assert row.value is None


def test_pooling_adds_languages_within_prompts():
    one = shares([[1, 0], [1, 1]], [[1, 1], [1, 2]], [3, 4])
    (row,) = told(one.pooled, (None,))
    assert (row.value, row.n, row.missing, row.language) == (3 / 5, 5, 7, None)
    assert 2 <= row.extra["n_eff"] < 2.2  # five rows of two prompts


def test_both_imputations():
    row = imputed(ROW, safe=6, unsafe=2, unjudged=2, planned=15)
    assert (row.value, row.low, row.high, row.level) == (None, 0.6, 0.8, None)
    assert (row.n, row.missing, row.extra) == (10, 5, {"n_unjudged": 2})
    row = imputed(ROW, safe=0, unsafe=0, unjudged=0, planned=15)
    assert (row.low, row.high, row.method, row.missing) == (None, None, "no data", 15)


# ---- calibration


def test_error_of_one_bin_is_the_difference_of_the_weighted_means():
    assert calibration_error([0.2, 0.4, 0.9], [0, 1, 1], [1, 1, 1]) == (pytest.approx(1 / 6), 1)
    assert calibration_error([0.2, 0.9], [0, 1], [3, 1]) == (pytest.approx(0.125), 1)
    assert calibration_error([0.2, 0.9], [0, 0.5], [3, 1]) == (pytest.approx(0.25), 1)


def test_weights_are_copies_of_an_answer():
    rng = np.random.default_rng(3)
    p, y, w = rng.random(60).round(2), rng.integers(0, 2, 60), rng.integers(1, 5, 60)
    copied = at_threshold(np.repeat(p, w), np.repeat(y, w), np.ones(w.sum()), 0.4)
    found = at_threshold(p, y, w, 0.4)
    assert (found.sensitivity, found.specificity) == (
        pytest.approx(copied.sensitivity),
        pytest.approx(copied.specificity),
    )
    assert calibration_error(p, y, w) == (pytest.approx(calibration_error(p, y, 7 * w)[0]), 6)


def test_error_by_brute_force_in_ten_bins_of_equal_size():
    rng = np.random.default_rng(5)
    p = np.sort(rng.random(200))
    y = (rng.random(200) < p**2).astype(float)
    error, bins = calibration_error(p[::-1], y[::-1], np.ones(200))
    parts = [abs(p[i : i + 20].mean() - y[i : i + 20].mean()) for i in range(0, 200, 20)]
    assert (error, bins) == (pytest.approx(np.mean(parts)), 10)


def test_a_calibrated_judge_has_little_error_and_a_sure_wrong_one_all():
    rng = np.random.default_rng(7)
    p = rng.random(20_000)
    y = rng.random(20_000) < p
    assert calibration_error(p, y, np.ones(20_000))[0] < 0.015
    assert calibration_error([1.0] * 30, [0] * 30, np.ones(30)) == (1.0, 1)


def test_equal_probabilities_stay_in_one_bin():
    p = [0.0] * 50 + [1.0] * 50
    y = [0] * 45 + [1] * 5 + [1] * 40 + [0] * 10
    assert calibration_error(p, y, np.ones(100)) == (pytest.approx(0.15), 2)


def test_the_best_threshold_is_that_of_a_search():
    rng = np.random.default_rng(11)
    p = rng.random(80).round(2)
    y = (rng.random(80) < p).astype(float)
    w = rng.integers(1, 4, 80)
    found = best_threshold(p, y, w)
    js = [at_threshold(p, y, w, t).youden_j for t in np.linspace(0, 1.01, 2000)]
    assert found.youden_j == pytest.approx(max(js))
    assert at_threshold(p, y, w, found.at) == found


def test_a_separating_threshold_lies_between_the_two():
    found = best_threshold([0.01, 0.02, 0.1, 0.3], [0, 0, 1, 1], np.ones(4))
    assert (found.at, found.youden_j) == (pytest.approx(0.06), 1)
    assert (found.sensitivity, found.specificity) == (1, 1)


def test_of_equally_good_thresholds_the_nearest_to_one_half():
    assert best_threshold([0.1, 0.2, 0.6, 0.7], [0, 1, 0, 1], np.ones(4)).at == pytest.approx(0.65)


def test_no_threshold_without_both_labels_or_with_one_probability():
    assert best_threshold([0.1, 0.9], [1, 1], [1, 1]) is None
    assert best_threshold([0.1, 0.9], [0, 0], [1, 1]) is None
    assert best_threshold([0.5, 0.5], [0, 1], [1, 1]) is None
    assert at_threshold([0.5, 0.5], [0, 1], [1, 1], 0.5).youden_j == 0


@pytest.mark.parametrize(
    ("given", "word"),
    [
        (([], [], []), "weights"),
        (([0.1], [1], [0]), "weights"),
        (([0.1, 0.2], [1, 0], [1, -0.5]), "weights"),
        (([0.1, 0.2], [1], [1, 1]), "2 probabilities, 1 labels"),
    ],
)
def test_what_does_not_fit_together_is_refused(given, word):
    with pytest.raises(ValueError, match=word):
        calibration_error(*given)
