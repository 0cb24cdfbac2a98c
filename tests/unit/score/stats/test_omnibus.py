import numpy as np
import pytest
from scipy.stats import chi2

from safeglot.score.stats.gaps import mcnemar_chi2
from safeglot.score.stats.linear import Layout
from safeglot.score.stats.omnibus import cochran_q

RNG = np.random.default_rng(8)


def layout_of(category_P, n_strata):
    category_P = np.array(category_P, dtype=np.int64)
    n = category_P.size
    return Layout(
        prompt_E=np.arange(n, dtype=np.int64), stratum_E=category_P, n_prompts=n, n_strata=n_strata
    )


def textbook(x_PL):
    """Cochran's formula as it is printed."""
    n_L = x_PL.shape[1]
    column, row, total = x_PL.sum(axis=0), x_PL.sum(axis=1), x_PL.sum()
    return (n_L - 1) * (n_L * (column**2).sum() - total**2) / (n_L * total - (row**2).sum())


def box(x_PL):
    """Box's epsilon as it is printed, D = J V J."""
    n_L = x_PL.shape[1]
    j = np.eye(n_L) - 1 / n_L
    d = j @ np.cov(x_PL.T) @ j
    return np.trace(d) ** 2 / ((n_L - 1) * (d**2).sum())


def verdicts(n_L=4, n_P=90, n_S=1):
    rate = RNG.beta(1, 3, (n_P, 1)) * np.linspace(0.7, 1.3, n_L)
    return (RNG.random((n_S, n_P, n_L)) < rate).astype(np.int8).transpose(2, 1, 0)


def test_all_categories_at_once_are_as_each_alone():
    unsafe, category = verdicts(), RNG.integers(0, 3, 90)
    unsafe[RNG.random(unsafe.shape) < 0.1] = -1
    found = cochran_q(unsafe, layout_of(category, 3))
    for h in range(3):
        rows = unsafe[:, category == h, 0].T
        rows = rows[(rows >= 0).all(axis=1)].astype(float)
        assert found.q_H[h] == pytest.approx(textbook(rows))
        assert found.n_H[h] == len(rows)
        assert found.p_chi2_H[h] == pytest.approx(chi2.sf(found.q_H[h], 3))
        assert found.epsilon_H[h] == pytest.approx(box(rows))
        df = 3 * found.epsilon_H[h]
        assert found.df_H[h] == pytest.approx(df)
        assert found.p_H[h] == pytest.approx(chi2.sf(found.q_H[h] * found.epsilon_H[h], df))
        assert found.eta2_H[h] == pytest.approx(found.q_H[h] / (3 * len(rows)))


def test_with_two_languages_it_is_mcnemar():
    unsafe = verdicts(n_L=2)
    a, b = unsafe[:, :, 0]
    expected = mcnemar_chi2(((a == 0) & (b == 1)).sum(), ((a == 1) & (b == 0)).sum())
    found = cochran_q(unsafe, layout_of([0] * 90, 1))
    assert (found.q_H[0], found.p_H[0]) == tuple(map(pytest.approx, expected))


def test_no_variation_is_no_difference():
    unsafe = np.zeros((3, 4, 1), dtype=np.int8)
    unsafe[:, 1] = 1
    found = cochran_q(unsafe, layout_of([0, 0, 1, 1], 3))
    assert found.q_H.tolist() == [0, 0, 0]
    assert found.p_H.tolist() == [1, 1, 1]
    assert found.n_H.tolist() == [2, 2, 0]


def test_a_language_without_verdicts_in_a_category_is_left_out_there():
    unsafe = verdicts(n_L=3)
    category = np.repeat([0, 1], 45)
    unsafe[2, category == 1] = -1
    found = cochran_q(unsafe, layout_of(category, 2))
    assert found.languages_H.tolist() == [3, 2]
    assert found.epsilon_H[1] == 1.0
    assert found.n_H.tolist() == [45, 45]
    assert found.q_H[1] == pytest.approx(textbook(unsafe[:2, category == 1, 0].T.astype(float)))
    unsafe[1, category == 1] = -1
    alone = cochran_q(unsafe, layout_of(category, 2))
    assert (alone.q_H[1], alone.p_H[1], alone.n_H[1], alone.df_H[1]) == (0, 1, 0, 0)


def test_languages_that_go_together_are_worth_less():
    """en, de and fr alike, sw on its own: one contrast, not three."""
    alike, alone = RNG.random((2, 400)) < 0.2
    unsafe = np.stack([alike, alike, alike, alone]).astype(np.int8)[:, :, None]
    found = cochran_q(unsafe, layout_of([0] * 400, 1))
    assert found.epsilon_H[0] == pytest.approx(1 / 3)
    b, c = (alike & ~alone).sum(), (alone & ~alike).sum()
    assert found.p_H[0] == pytest.approx(mcnemar_chi2(b, c)[1])


def test_prompts_that_all_differ_alike_have_the_least_epsilon():
    unsafe = np.zeros((3, 40, 1), dtype=np.int8)
    unsafe[2] = 1
    found = cochran_q(unsafe, layout_of([0] * 40, 1))
    assert (found.q_H[0], found.epsilon_H[0], found.df_H[0]) == (80, 0.5, 1)
    assert found.p_H[0] == pytest.approx(chi2.sf(40, 1))


def test_samples_count_by_their_mean():
    unsafe = verdicts(n_S=1)
    once, often = (cochran_q(np.repeat(unsafe, k, axis=2), layout_of([0] * 90, 1)) for k in (1, 3))
    assert often.q_H[0] == pytest.approx(once.q_H[0])
    assert often.n_H[0] == once.n_H[0]


def test_with_samples_it_keeps_its_size():
    """Equal languages: about one test in twenty has p < 0.05."""
    p = RNG.beta(0.5, 1, (40, 1, 1, 300))
    unsafe = (RNG.random((40, 4, 3, 300)) < p).astype(np.int8)
    layout = layout_of(np.repeat(np.arange(300), 40), 300)
    found = cochran_q(unsafe.transpose(1, 3, 0, 2).reshape(4, -1, 3), layout)
    assert 0.02 < (found.p_H < 0.05).mean() < 0.09
