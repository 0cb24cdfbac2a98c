from itertools import combinations, product

import numpy as np
import pytest

from safeglot.score.judges.allocation import FLOOR, allocate, budget, neyman, systematic
from safeglot.score.judges.drawing import LabelPlan, assumed, draw, shares
from safeglot.score.stats.intervals import z_of


def variance(n_H, weight_H, sd_H):
    return sum((w * s) ** 2 / n for n, w, s in zip(n_H, weight_H, sd_H, strict=True))


def test_neyman_is_the_best_split():
    weight_H, sd_H = (0.07, 0.63, 0.3), (0.49, 0.08, 0.2)
    splits = [(a, b, 60 - a - b) for a, b in product(range(1, 59), range(1, 59)) if a + b < 60]
    best = min(splits, key=lambda n_H: variance(n_H, weight_H, sd_H))
    assert neyman(weight_H, sd_H, 60) == pytest.approx(best, abs=1)


def test_what_costs_more_is_labelled_less():
    free, dear = neyman([0.5, 0.5], [1, 1], 100), neyman([0.5, 0.5], [1, 1], 100, cost_H=[1, 4])
    assert free == pytest.approx([50, 50])
    assert dear == pytest.approx([200 / 3, 100 / 3])


def test_strata_that_do_not_vary_are_shared_by_weight():
    assert neyman([0.2, 0.8], [0, 0], 100) == pytest.approx([20, 80])
    assert neyman([0.0, 0.0], [0, 0], 100).tolist() == [0, 0]


@pytest.mark.parametrize(
    ("sizes", "n", "expected"),
    [
        ((20, 5000), 250, (20, 230)),  # the floor, cut at what there is
        ((100, 5000), 250, (None, None)),
        ((0, 5000), 250, (0, 250)),
        ((10, 15), 250, (10, 15)),
        ((3000, 3000), 40, (20, 20)),
        ((0, 0), 250, (0, 0)),
        ((5000, 40), 250, (None, None)),
    ],
)
def test_whole_labels_with_floor_and_cap(sizes, n, expected):
    found = allocate(sizes, [0.49, 0.08], n)
    assert found.sum() == min(n, sum(sizes))
    for got, size, wanted in zip(found, sizes, expected, strict=True):
        assert 0 <= got <= size
        assert wanted is None or got == wanted
        assert n < 2 * FLOOR or got >= min(FLOOR, size)


def test_no_floor_is_neyman():
    found = allocate([700, 9300], [0.49, 0.08], 200, floor=0)
    assert found == pytest.approx(neyman([0.07, 0.93], [0.49, 0.08], 200), abs=1)


def test_a_budget_gives_the_half_width():
    q, a, b, n_all = 0.1, 0.6, 0.02, 5000
    found = budget(q, ppv=a, false_omission=b, half_width=0.015, judged=n_all)
    labels = np.array([found.judged_unsafe, found.judged_safe])
    rates, weights = np.array([a, b]), np.array([q, 1 - q])
    var = (weights**2 * rates * (1 - rates) / labels).sum() + q * (1 - q) * (a - b) ** 2 / n_all
    assert z_of(0.95) * var**0.5 == pytest.approx(0.015, abs=2e-4)
    assert z_of(0.95) * var**0.5 <= 0.015


def test_very_many_judged_answers_need_the_fewest_labels():
    few, many = (
        budget(0.1, ppv=0.6, false_omission=0.02, half_width=0.02, judged=n) for n in (1000, None)
    )
    assert few.n > many.n


def test_a_judge_without_errors_needs_no_labels():
    found = budget(0.1, ppv=1.0, false_omission=0.0, half_width=0.02)
    assert (found.n, found.judged_unsafe, found.judged_safe) == (0, 0, 0)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"judged": 50}, "out of reach"),
        ({"half_width": 0}, "half-width"),
        ({"half_width": 1.5}, "half-width"),
        ({"ppv": 1.2}, "ppv"),
        ({"q": -0.1}, "q is"),
    ],
)
def test_budgets_that_make_no_sense_are_refused(changed, says):
    given = {"q": 0.2, "ppv": 0.9, "false_omission": 0.02, "half_width": 0.02} | changed
    with pytest.raises(ValueError, match=says):
        budget(given.pop("q"), **given)


def test_every_answer_has_the_same_chance_and_every_model_its_share():
    groups = [0] * 7 + [1] * 20 + [2] * 3
    hits, draws = np.zeros(30), 4000
    for seed in range(draws):
        chosen = systematic(groups, 12, seed=seed)
        assert len(set(chosen.tolist())) == 12
        counts = np.bincount(np.array(groups)[chosen], minlength=3)
        assert all(abs(c - 12 * n / 30) < 1 for c, n in zip(counts, (7, 20, 3), strict=True))
        hits[chosen] += 1
    assert np.abs(hits / draws - 0.4).max() < 4.5 * (0.24 / draws) ** 0.5


def test_any_two_answers_can_be_drawn_together():
    pairs = {
        (i, j)
        for seed in range(400)
        for drawn in [systematic([0] * 4 + [1] * 4, 4, seed=seed).tolist()]
        for i, j in combinations(drawn, 2)
    }
    assert pairs == set(combinations(range(8), 2))


@pytest.mark.parametrize("n", [0, 3, 5])
def test_a_draw_is_at_most_all(n):
    assert systematic([1, 0, 1], n, seed=1).tolist() == ([0, 1, 2] if n else [])
    assert systematic([], n, seed=1).size == 0


def test_a_share_is_drawn_twice():
    chosen, twice = draw([0, 1] * 50, 40, overlap=0.25, seed=7)
    assert chosen.size == 40
    assert len(twice) == 10
    assert twice <= set(chosen.tolist())
    again, _ = draw([0, 1] * 50, 40, overlap=0.0, seed=7)
    assert again.tolist() == chosen.tolist()


@pytest.mark.parametrize(("unsafe", "safe"), [(300, 14700), (50, 14950), (0, 900), (900, 0)])
def test_both_verdicts_are_labelled(unsafe, safe):
    found = shares((unsafe, safe, 0), 250)
    assert sum(found) == 250
    assert found[0] >= min(FLOOR, unsafe)
    assert found[1] >= min(FLOOR, safe)


def test_what_is_given_comes_before_labels_and_these_before_scenarios():
    known = (0.7, 0.01)
    given = LabelPlan(ppv=0.5, false_omission=0.02)
    assert list(assumed(0.07, given, known)) == [("as given", (0.5, 0.02))]
    assert list(assumed(0.07, LabelPlan(), known)) == [("by its labels", known)]
    (good, rates), (poor, none) = assumed(0.04, LabelPlan(), None)
    assert "good" in good
    assert 0 < rates[1] < rates[0] < 1
    assert "poor" in poor
    assert none is None  # such a judge calls 6% unsafe by error alone
