import numpy as np

from safeglot.score.stats.multiplicity import (
    benjamini_hochberg,
    benjamini_yekutieli,
    corrected_where,
    holm,
)


def test_tests_that_were_not_made_do_not_count():
    p, tested = np.array([0.01, 1.0, 0.03, 0.02]), np.array([True, False, True, True])
    strict, loose, any_dependence = corrected_where(p, tested)
    assert strict[tested].tolist() == holm([0.01, 0.03, 0.02]).tolist()
    assert loose[tested].tolist() == benjamini_hochberg([0.01, 0.03, 0.02]).tolist()
    assert any_dependence[tested].tolist() == benjamini_yekutieli([0.01, 0.03, 0.02]).tolist()
    assert (strict[1], loose[1], any_dependence[1]) == (1, 1, 1)


def test_no_tests_at_all():
    strict, loose, any_dependence = corrected_where([1.0, 1.0], np.array([False, False]))
    assert strict.tolist() == loose.tolist() == any_dependence.tolist() == [1, 1]
