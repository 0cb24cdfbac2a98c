import numpy as np
import pytest

from reference.averages import macro, macro_of_macros, macro_se, micro
from safeglot.score.stats.weights import weights_macro, weights_macro_of_macros


def test_weights():
    assert weights_macro([True, False, True]).tolist() == [0.5, 0, 0.5]
    has, macros = [True, True, False, True], ["B", "A", "A", "B"]
    assert weights_macro_of_macros(has, macros).tolist() == [0.25, 0.5, 0, 0.25]


@pytest.mark.parametrize("n", [[10, 2, 2], [10, 0, 2], [5, 5, 0]])
def test_weighted_rates_are_the_averages_of_the_reference(n):
    macros, n = ["A", "A", "B"], np.array(n)
    safe = np.array([9, 1, 0]).clip(max=n)
    rate = safe / np.maximum(n, 1)
    assert weights_macro(n > 0) @ rate == pytest.approx(macro(safe, n))
    assert weights_macro_of_macros(n > 0, macros) @ rate == pytest.approx(
        macro_of_macros(safe, n, macros)
    )


def test_nothing_weighs_nothing():
    assert weights_macro([0, 0]).tolist() == [0, 0]
    assert weights_macro_of_macros([0, 0], ["A", "B"]).tolist() == [0, 0]


def test_the_reference_is_the_arithmetic():
    safe, n, macros = [9, 1, 0], [10, 2, 2], ["A", "A", "B"]
    assert micro(safe, n) == pytest.approx(10 / 14)
    assert macro(safe, n) == pytest.approx((0.9 + 0.5 + 0) / 3)
    assert macro_of_macros(safe, n, macros) == pytest.approx(((0.9 + 0.5) / 2 + 0) / 2)
    # (1/2)^2 (0.25 / 3 + 0.1875 / 3)
    assert macro_se([2, 3], [4, 4]) == pytest.approx((0.25 * 0.4375 / 3) ** 0.5)
