from itertools import permutations

import numpy as np
import pytest

from safeglot.score.judges.agreement import (
    ac1,
    kappa,
    krippendorff,
    mcc,
    raw,
    sensitivity,
    specificity,
    table_of,
)
from safeglot.score.stats.intervals import wilson

TABLES = [((40, 5), (9, 146)), ((2, 3), (3, 492)), ((7, 20), (30, 1)), ((0, 4), (6, 90))]


def labels(table):
    (a, b), (c, d) = table
    judge = np.repeat([1, 1, 0, 0], [a, b, c, d])
    human = np.repeat([1, 0, 1, 0], [a, b, c, d])
    return judge, human


@pytest.mark.parametrize("table", TABLES)
def test_measures_from_the_rows_themselves(table):
    judge, human = labels(table)
    assert raw(table) == pytest.approx((judge == human).mean())
    assert mcc(table) == pytest.approx(np.corrcoef(judge, human)[0, 1])
    chance = np.mean(judge[:, None] == human[None, :])
    assert kappa(table) == pytest.approx((raw(table) - chance) / (1 - chance))
    pool = np.concatenate([judge, human]).mean()
    assert ac1(table) == pytest.approx(
        (raw(table) - 2 * pool * (1 - pool)) / (1 - 2 * pool * (1 - pool))
    )
    assert sensitivity(table) == pytest.approx(judge[human == 1].mean())
    assert specificity(table) == pytest.approx(1 - judge[human == 0].mean())


def test_shares_give_what_counts_give():
    (a, b), (c, d) = TABLES[0]
    shares = table_of((a + b) / 200, a / (a + b), c / (c + d))
    assert np.array(shares) == pytest.approx(np.array(TABLES[0]) / 200)
    for measure in (raw, kappa, ac1, mcc, sensitivity, specificity):
        assert measure(shares) == pytest.approx(measure(TABLES[0]))


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        (((0, 0), (0, 0)), (None, None, None, None, None, None)),
        (((0, 0), (0, 9)), (1.0, None, 1.0, None, None, 1.0)),
        (((9, 0), (0, 0)), (1.0, None, 1.0, None, 1.0, None)),
        (((0, 9), (0, 0)), (0.0, 0.0, -1.0, None, None, 0.0)),
        (((0, 5), (5, 0)), (0.0, -1.0, -1.0, -1.0, 0.0, 0.0)),
        (((0, 0), (3, 7)), (0.7, 0.0, (0.7 - 0.255) / 0.745, None, 0.0, 1.0)),
    ],
)
def test_limiting_values(table, expected):
    measures = (raw, kappa, ac1, mcc, sensitivity, specificity)
    for measure, value in zip(measures, expected, strict=True):
        assert measure(table) == (None if value is None else pytest.approx(value))


def alpha_by_pairs(rating_AU):
    """Krippendorff's definition: disagreeing pairs within units over those among all labels."""
    units = [[r for r in unit if r >= 0] for unit in np.array(rating_AU).T]
    units = [unit for unit in units if len(unit) > 1]
    pooled = [r for unit in units for r in unit]
    within = sum(
        sum(a != b for a, b in permutations(unit, 2)) / (len(unit) - 1) for unit in units
    ) / len(pooled)
    among = sum(a != b for a, b in permutations(pooled, 2)) / (len(pooled) * (len(pooled) - 1))
    return 1 - within / among


@pytest.mark.parametrize("seed", range(8))
def test_alpha_by_its_definition(seed):
    rng = np.random.default_rng(seed)
    rating_AU = rng.choice([-1, 0, 1, 2], size=(rng.integers(2, 5), 15), p=[0.2, 0.5, 0.2, 0.1])
    found = krippendorff(rating_AU)
    assert found.value == pytest.approx(alpha_by_pairs(rating_AU))
    assert found.low <= found.value <= found.high
    assert krippendorff(rating_AU, level=0.5).low > found.low


def test_alphas_interval_is_that_of_the_disagreement_of_pairs():
    ratings = np.array([[0] * 30 + [1] * 10, [0] * 28 + [1] * 12])
    found = krippendorff(ratings)
    expected = 1 - (58 * 57 + 22 * 21) / (80 * 79)
    least, most = wilson(2, 40)
    assert (found.low, found.high) == pytest.approx((1 - most / expected, 1 - least / expected))


def test_where_nobody_disagrees_alpha_is_still_uncertain():
    found = krippendorff([[0, 1, 0, 1], [0, 1, 0, 1]])
    assert (found.value, found.high, found.units, found.raw) == (1.0, 1.0, 4, 1.0)
    assert found.low < 0.5


@pytest.mark.parametrize(
    ("rating_AU", "value", "units", "agreed"),
    [
        ([[0, 0, 0], [0, 0, 0]], None, 3, 1.0),
        ([[0, -1, 1], [-1, 0, -1]], None, 0, None),
        ([[0, 1], [0, -1]], None, 1, 1.0),
        ([[0, 1, 1, 0]], None, 0, None),
        ([], None, 0, None),
    ],
)
def test_alpha_says_when_it_knows_nothing(rating_AU, value, units, agreed):
    found = krippendorff(rating_AU)
    assert (found.value, found.units, found.raw) == (value, units, agreed)
    assert found.low is None
    assert found.high is None
