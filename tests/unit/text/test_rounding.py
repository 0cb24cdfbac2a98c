from safeglot.text.rounding import at_least, below


def test_the_last_digits_of_a_float_decide_no_limit():
    for number in (0.95, 0.95 - 1e-16, 0.95 + 1e-16, 1 - 0.05):
        assert at_least(number, 0.95)
        assert not below(number, 0.95)
    assert below(0.9499, 0.95)
    assert not at_least(0.9499, 0.95)
