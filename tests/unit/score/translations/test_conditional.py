"""Conditional logit against closed forms, a likelihood written out, and truth that is known."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy import optimize, special

from safeglot.score.translations.conditional import conditional_logit

RNG = np.random.default_rng(11)


def drawn(n, k, beta, spread=2.0):
    """Prompts of very unequal difficulty, which go with low quality: the pooled slope is wrong."""
    hard = RNG.normal(0, spread, n)
    q = np.clip(0.6 - 0.1 * hard[:, None] + RNG.normal(0, 0.15, (n, k)), 0, 1)
    y = RNG.random((n, k)) < special.expit(hard[:, None] + beta * (q - 0.6))
    return q, y.astype(float)


def written_out(q, y):
    """Maximise the conditional likelihood, each prompt's subsets counted one by one."""

    def minus(beta):
        total = 0.0
        for q_K, y_K in zip(q, y, strict=True):
            m = int(y_K.sum())
            ways = [np.exp(beta * q_K[list(s)].sum()) for s in combinations(range(len(q_K)), m)]
            total += np.log(np.sum(ways)) - beta * float((q_K * y_K).sum())
        return total

    return optimize.minimize_scalar(minus, bounds=(-40, 40), method="bounded", options={"xatol": 1e-10}).x  # fmt: skip


def test_pairs_have_a_closed_form():
    # two translations, always 0.5 apart: the odds ratio is that of the discordant pairs
    q = np.tile([0.3, 0.8], (70, 1))
    y = np.array([[1, 0]] * 30 + [[0, 1]] * 10 + [[1, 1]] * 20 + [[0, 0]] * 10, dtype=float)
    found = conditional_logit(q, y)
    assert found.beta == pytest.approx(np.log(10 / 30) / 0.5, abs=1e-9)
    assert found.se == pytest.approx(np.sqrt(1 / 10 + 1 / 30) / 0.5, abs=1e-9)
    assert (found.low + found.high) / 2 == pytest.approx(found.beta)
    assert found.prompts == 40


@pytest.mark.parametrize("k", [2, 3, 5])
def test_it_is_the_maximum_of_the_likelihood_written_out(k):
    q, y = drawn(60, k, beta=-3.0)
    assert conditional_logit(q, y).beta == pytest.approx(written_out(q, y), abs=1e-5)


def test_it_finds_the_slope_that_the_pooled_one_misses():
    found = [conditional_logit(*drawn(300, 3, beta=-2.0)) for _ in range(200)]
    betas = np.array([one.beta for one in found])
    assert betas.mean() == pytest.approx(-2.0, abs=4 * betas.std() / np.sqrt(200))
    covered = np.mean([one.low <= -2.0 <= one.high for one in found])
    assert 0.90 <= covered <= 0.99


def test_units_and_shifts_of_quality_are_taken_along():
    q, y = drawn(80, 4, beta=-2.0)
    one, other = conditional_logit(q, y), conditional_logit(7 + 10 * q, y)
    assert other.beta == pytest.approx(one.beta / 10)
    assert other.high == pytest.approx(one.high / 10)
    swapped = conditional_logit(q, 1 - y)
    assert swapped.beta == pytest.approx(-one.beta)


def test_a_prompt_that_lacks_a_cell_is_left_out():
    q, y = drawn(50, 3, beta=-2.0)
    whole = conditional_logit(q[5:], y[5:])
    q[:3, 0], y[3:5, 1] = np.nan, np.nan
    assert conditional_logit(q, y) == whole


@pytest.mark.parametrize(
    ("q", "y", "reason"),
    [
        (np.zeros((0, 3)), np.zeros((0, 3)), "no prompt has safe and unsafe"),
        (np.zeros((4, 3)), np.eye(4, 3), "no prompt has safe and unsafe"),
        (RNG.random((9, 3)), np.ones((9, 3)), "no prompt has safe and unsafe"),
        (RNG.random((9, 1)), np.ones((9, 1)), "no prompt has safe and unsafe"),
        ([[0.2, 0.9]] * 5, [[0.5, 0.0]] * 5, "several samples"),
        ([[0.2, 0.9]] * 5, [[1, 0]] * 5, "the worst quality: the slope has no bound"),
        ([[0.2, 0.9]] * 5, [[0, 1]] * 5, "the best quality: the slope has no bound"),
        (RNG.random((2, 30)), np.tile([1.0, 0.0], (2, 15)), "ways to choose"),
    ],
)
def test_what_cannot_be_told_has_a_reason(q, y, reason):
    assert reason in conditional_logit(q, y)


def test_far_slopes_are_reached():
    q = np.tile([0.0, 0.01], (1001, 1))
    y = np.array([[1, 0]] * 1000 + [[0, 1]], dtype=float)
    assert conditional_logit(q, y).beta == pytest.approx(np.log(1 / 1000) / 0.01, rel=1e-8)


def test_shapes_must_agree():
    with pytest.raises(ValueError, match="two equal"):
        conditional_logit(np.zeros((3, 2)), np.zeros((2, 3)))
