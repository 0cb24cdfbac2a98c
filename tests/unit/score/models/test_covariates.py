"""Size beside what goes with it: against plain least squares, by hand, and where no fit can part them."""

import itertools

import numpy as np
import pytest
from scipy import stats

from safeglot.score.models.covariates import size_terms
from safeglot.score.stats.association import NoFit

FAMILIES = list("aaaabbbbcccc")
RNG = np.random.default_rng(3)
SIZE = RNG.normal(0, 1, 12)
TOKENS = 0.5 * SIZE + RNG.normal(0, 1, 12)
SAFETY = 0.6 * SIZE - 0.2 * TOKENS + np.repeat([0.0, 5.0, -3.0], 4) + RNG.normal(0, 0.3, 12)


def reason(found):
    assert isinstance(found, NoFit), found
    return found.reason


def test_slopes_are_those_of_least_squares_with_a_column_for_each_family():
    got = size_terms(SAFETY, {"size": SIZE, "tokens": TOKENS}, FAMILIES, level=0.9)
    dummies = [[float(f == one) for f in FAMILIES] for one in "abc"]
    design = np.column_stack([SIZE, TOKENS, *dummies])
    coef, (rss,), _, _ = np.linalg.lstsq(design, SAFETY)
    se = np.sqrt(rss / (12 - 5) * np.diag(np.linalg.inv(design.T @ design)))
    for at, name in enumerate(("size", "tokens")):
        half = stats.t.ppf(0.95, 7) * se[at]
        told = got[name]
        assert [told.value, told.low, told.high] == pytest.approx(
            [coef[at], coef[at] - half, coef[at] + half]
        )
        assert told.models == 12
    centred = design[:, :2] - np.repeat([design[i : i + 4, :2].mean(axis=0) for i in (0, 4, 8)], 4, axis=0)  # fmt: skip
    r = np.corrcoef(centred.T)[0, 1]
    assert got["size"].inflation == pytest.approx(1 / (1 - r**2))


def test_a_slope_by_hand_and_its_p_over_all_orders_within_families():
    x, y, families = [0, 1, 2, 0, 1, 2], [1, 2, 6, 5, 5, 8], list("aaabbb")
    got = size_terms(y, {"size": x}, families)["size"]
    # within families x is -1, 0, 1 twice; y is -2, -1, 3 and -1, -1, 2
    assert got.value == pytest.approx((2 + 3 + 1 + 2) / 4)
    orders = itertools.product(*(itertools.permutations(own) for own in ((-2, -1, 3), (-1, -1, 2))))
    dots = [abs(a[2] - a[0] + b[2] - b[0]) for a, b in orders]
    assert got.p.p == pytest.approx(np.mean(np.array(dots) >= 8))
    assert got.p.least == pytest.approx(2 / 36)


def test_a_level_of_a_family_does_not_matter_nor_does_a_family_of_one_model():
    terms = {"size": SIZE, "tokens": TOKENS}
    got = size_terms(SAFETY, terms, FAMILIES)["size"]
    moved = size_terms(SAFETY + np.repeat([9.0, -9.0, 1.0], 4), terms, FAMILIES)["size"]
    assert moved.value == pytest.approx(got.value)
    alone = {name: [*x, 40.0] for name, x in terms.items()}
    one_more = size_terms([*SAFETY, -70.0], alone, [*FAMILIES, "d"])["size"]
    assert (one_more.value, one_more.models) == (pytest.approx(got.value), 12)


def test_what_goes_with_size_gives_no_slope_to_either():
    near = SIZE + 0.1 * RNG.normal(0, 1, 12)
    got = size_terms(SAFETY, {"size": SIZE, "tokens": near, "other": TOKENS}, FAMILIES)
    told = reason(got["size"])
    assert told.startswith("these models cannot tell size from tokens: r = 0.99")
    assert told.endswith("over 12 models")
    assert reason(got["tokens"]) == told
    assert got["other"].low < got["other"].value < got["other"].high


def test_a_fit_of_lower_rank_is_never_solved():
    year = RNG.normal(0, 1, 12)
    both = {"size": SIZE, "year": year, "sum": SIZE + year}
    for name, found in size_terms(SAFETY, both, FAMILIES).items():
        assert reason(found).startswith(f"these models cannot tell {name} from the other terms")
    twice = size_terms(SAFETY, {"size": SIZE, "tokens": 3 * SIZE + 1}, FAMILIES)
    assert "r = 1 within families" in reason(twice["size"])


def test_a_covariate_that_families_give_is_named_and_size_keeps_its_slope():
    of_family = np.repeat([0.0, 1.0, 1.0], 4)
    got = size_terms(SAFETY, {"size": SIZE, "dpo": of_family, "sft": np.ones(12)}, FAMILIES)
    assert reason(got["dpo"]) == "every family has one value of dpo, over 12 models"
    assert reason(got["sft"]) == "all models have one value of sft, over 12 models"
    alone = size_terms(SAFETY, {"size": SIZE}, FAMILIES)["size"]
    assert got["size"].value == pytest.approx(alone.value)
    assert (got["size"].low, got["size"].high) == pytest.approx((alone.low, alone.high))


@pytest.mark.parametrize("n", range(5, 13))
@pytest.mark.parametrize("value", [0.1, 1.0, 2024.3])
def test_one_value_is_one_value_however_it_is_rounded(n, value):
    terms = {"size": SIZE[:n], "same": np.full(n, value), "also": np.full(n, value / 3)}
    got = size_terms(SAFETY[:n], terms, ["a"] * n)
    assert reason(got["same"]).startswith("all models have one value of same")
    assert got["size"].inflation == pytest.approx(1)


def test_one_family_will_do_and_too_few_models_say_how_many_are_needed():
    one = size_terms(SAFETY[:5], {"size": SIZE[:5]}, ["a"] * 5)["size"]
    assert one.value == pytest.approx(stats.linregress(SIZE[:5], SAFETY[:5]).slope)
    few = size_terms(SAFETY[:4], {"size": SIZE[:4]}, ["a"] * 4)["size"]
    assert reason(few) == "4 models, at least 5 are needed for so many terms"
    two = size_terms(SAFETY[:5], {"size": SIZE[:5], "tokens": TOKENS[:5]}, ["a"] * 5)
    assert reason(two["size"]) == "5 models, at least 6 are needed for so many terms"
    none = size_terms([1.0, 2.0], {"size": [1.0, 2.0]}, ["a", "b"])["size"]
    assert reason(none) == "no family has two models"
    assert "no family" in reason(size_terms([], {"size": []}, [])["size"])


def test_models_of_one_safety_have_no_slope():
    got = size_terms(np.ones(12), {"size": SIZE}, FAMILIES)["size"]
    assert "one safety" in reason(got)


def test_the_interval_holds_the_slope_and_p_is_fair_in_planted_worlds():
    rng, families = np.random.default_rng(0), list("aaaaaabbbbcccc")
    held, small = [], []
    for _ in range(200):
        size = rng.choice([0.5, 1, 3, 7, 14, 32, 70], 14)
        tokens = 0.5 * np.log10(size) + rng.normal(0, 0.5, 14)
        levels = dict(zip("abc", rng.normal(0, 1, 3), strict=True))
        y = 0.6 * np.log10(size) + [levels[f] for f in families] + rng.normal(0, 0.4, 14)
        got = size_terms(y, {"size": np.log10(size), "tokens": tokens}, families, draws=200)
        if not isinstance(got["size"], NoFit) and not isinstance(got["tokens"], NoFit):
            held.append(got["size"].low <= 0.6 <= got["size"].high)
            small.append(got["tokens"].p.p <= 0.05)
    assert len(held) > 150
    assert np.mean(held) >= 0.92
    assert np.mean(small) <= 0.10
