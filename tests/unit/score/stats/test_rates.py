import pytest

from safeglot.score.stats.rates import (
    macro,
    macro_of_macros,
    micro,
    stratified_se,
    weights_macro,
    weights_macro_of_macros,
)


def test_the_three_averages_differ():
    safe, n, macros = [9, 1, 0], [10, 2, 2], ["A", "A", "B"]
    assert micro(safe, n) == pytest.approx(10 / 14)
    assert macro(safe, n).value == pytest.approx((0.9 + 0.5 + 0) / 3)
    assert macro_of_macros(safe, n, macros).value == pytest.approx(((0.9 + 0.5) / 2 + 0) / 2)


def test_a_category_without_data_is_left_out_and_told():
    mean = macro([9, 0, 1], [10, 0, 2])
    assert (mean.value, mean.groups, mean.of) == (pytest.approx(0.7), 2, 3)
    six = macro_of_macros([9, 0, 1], [10, 0, 2], ["A", "B", "A"])
    assert (six.value, six.groups, six.of) == (pytest.approx(0.7), 1, 2)


def test_nothing_gives_nothing():
    assert micro([0, 0], [0, 0]) is None
    assert macro([0, 0], [0, 0]).value is None
    assert macro_of_macros([0, 0], [0, 0], ["A", "B"]).value is None


def test_all_safe_is_exactly_one():
    sizes = [3, 7, 11, 13, 17, 19, 23]
    assert macro(sizes, sizes).value == 1.0


def test_weights():
    assert weights_macro([True, False, True]).tolist() == [0.5, 0, 0.5]
    has, macros = [True, True, False, True], ["B", "A", "A", "B"]
    assert weights_macro_of_macros(has, macros).tolist() == [0.25, 0.5, 0, 0.25]


def test_stratified_se():
    # (1/2)^2 (0.25 / 3 + 0.1875 / 3)
    assert stratified_se([2, 3], [4, 4], [0.5, 0.5]) == pytest.approx((0.25 * 0.4375 / 3) ** 0.5)


def test_a_category_of_one_prompt_has_no_variance_of_its_own():
    with pytest.raises(ValueError, match="fewer than two"):
        stratified_se([1, 3], [1, 4], [0.5, 0.5])
