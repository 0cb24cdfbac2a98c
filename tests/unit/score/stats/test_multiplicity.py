import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from safeglot.score.stats.multiplicity import (
    benjamini_hochberg,
    benjamini_yekutieli,
    corrected_where,
    e_bh,
    holm,
)


def test_holm_by_hand():
    assert holm([0.03, 0.01, 0.04]).tolist() == pytest.approx([0.06, 0.03, 0.06])


def test_benjamini_hochberg_by_hand():
    assert benjamini_hochberg([0.03, 0.01, 0.04]).tolist() == pytest.approx([0.04, 0.03, 0.04])


def test_adjusted_values_stop_at_one():
    assert holm([0.6, 0.7]).tolist() == [1, 1]
    assert benjamini_hochberg([0.9, 1.0]).tolist() == [1, 1]


def test_e_bh_takes_the_greatest_k():
    # 2 / (0.1 k) is 20 and 10: the larger one alone fails, both together pass.
    assert e_bh([15, 11], alpha=0.1).tolist() == [True, True]
    assert e_bh([15, 9], alpha=0.1).tolist() == [False, False]


@pytest.mark.parametrize("correct", [holm, benjamini_hochberg])
def test_no_tests_give_no_values(correct):
    assert correct([]).tolist() == []
    assert e_bh([], alpha=0.1).tolist() == []


def test_benjamini_yekutieli_is_that_of_statsmodels():
    # statsmodels 0.15.0, multipletests(p, method="fdr_by")
    p = [0.001, 0.008, 0.039, 0.041, 0.6]
    told = [
        0.011416666666666667,
        0.04566666666666667,
        0.11702083333333334,
        0.11702083333333334,
        1.0,
    ]
    assert benjamini_yekutieli(p) == pytest.approx(told, abs=1e-15)


@given(p=st.lists(st.floats(0, 1), max_size=12))
def test_it_is_never_looser_than_benjamini_hochberg(p):
    found = benjamini_yekutieli(p)
    assert (found >= benjamini_hochberg(p) - 1e-15).all()
    assert ((found >= 0) & (found <= 1)).all()


def test_tests_that_were_not_made_do_not_count():
    p, tested = np.array([0.01, 1.0, 0.03, 0.02]), np.array([True, False, True, True])
    strict, loose, any_dependence = corrected_where(p, tested)
    assert strict[tested].tolist() == holm([0.01, 0.03, 0.02]).tolist()
    assert loose[tested].tolist() == benjamini_hochberg([0.01, 0.03, 0.02]).tolist()
    assert any_dependence[tested].tolist() == benjamini_yekutieli([0.01, 0.03, 0.02]).tolist()
    assert (strict[1], loose[1], any_dependence[1]) == (1, 1, 1)


def test_a_family_without_tests():
    strict, loose, any_dependence = corrected_where([1.0, 1.0], np.array([False, False]))
    assert strict.tolist() == loose.tolist() == any_dependence.tolist() == [1, 1]
