from dataclasses import replace

import numpy as np
import pytest

from safeglot.score.judges.label_counts import (
    RateScope,
    Sample,
    all_prompts,
    apparent,
    label_weights,
)


def share(ones, answers=1):
    """`ones` of the answers to each prompt are judged unsafe."""
    unsafe_MPS = np.array([[[1] * n + [0] * (answers - n) for n in ones]], dtype=np.int8)
    return apparent(unsafe_MPS, all_prompts(len(ones)))


def test_the_share_of_an_answer_a_prompt_is_binomial():
    found = share([1, 0, 0, 1, 0])
    assert (found.q, found.n) == (0.4, 5)
    assert found.variance == pytest.approx(0.4 * 0.6 / 5)
    assert found.n_eff == pytest.approx(5)


def test_answers_to_one_prompt_are_worth_less():
    """Ten answers to each prompt, all alike: worth no more than the prompts."""
    assert share([10, 0, 0, 10, 0], 10).n_eff == pytest.approx(5)


def test_nothing_judged_has_no_share():
    assert apparent(np.full((1, 3, 1), -1, np.int8), all_prompts(3)) is None


def test_the_covariance_is_that_of_paired_verdicts():
    rng = np.random.default_rng(3)
    one, two = (rng.integers(0, 2, 40) for _ in range(2))
    found = float(np.sum(share(one).influence_P * share(two).influence_P))
    assert found == pytest.approx(np.cov(one, two, ddof=0)[0, 1] / 40)


def test_the_share_of_a_macro_average_is_the_mean_of_its_groups():
    member = np.array([[True, False]] * 4 + [[False, True]] * 16)
    scope = RateScope(member_PK=member, share_K=np.array([0.5, 0.5]), average="macro")
    unsafe_MPS = np.array([[[1]] * 4 + [[0]] * 12 + [[1]] * 4], dtype=np.int8)
    found = apparent(unsafe_MPS, scope)
    assert found.q == pytest.approx((1 + 0.25) / 2)
    assert found.variance == pytest.approx(0.25 * 0.25 * 0.75 / 16)
    lacking = unsafe_MPS.copy()
    lacking[0, :4] = -1
    assert apparent(lacking, scope) is None


def test_a_label_stands_for_the_answers_of_its_part_with_its_verdict():
    """Part 0: 2 unsafe, 3 safe; part 1: 1 unsafe, 1 safe, 1 without a verdict."""
    at = np.array([0, 2, 3, 5, 6, 7, 1])
    sample = Sample(
        unsafe_MPS=np.array([1, 1, 0, 0, 0, 1, 0, -1], dtype=np.int8)[np.newaxis, :, np.newaxis],
        model_I=0 * at, prompt_I=at, sample_I=0 * at, unsure_I=0 * at,
        human_I=np.array([1, 0, 0.5, 0, 0, 1, -1]), part_P=np.array([0] * 5 + [1] * 3),
    )  # fmt: skip
    weights, lacking = label_weights(sample)
    assert (weights.tolist(), lacking) == ([2, 1.5, 1.5, 1, 1, 0, 0], "")
    nobody = np.where(at < 5, -1.0, sample.human_I)
    assert label_weights(replace(sample, human_I=nobody))[1] == "judged safe"
