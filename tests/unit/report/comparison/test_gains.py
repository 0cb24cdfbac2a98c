import pytest

from safeglot.report.comparison.gains import gains
from unit.report.comparison.made import board, model, rate, short, view


def gap(value, **extra):
    return rate(value, metric="gap", extra=extra)


def told(base_gap, tuned_gap):
    one = board(
        model("x-instruct", 0.9, by_language={"en": 0.95, "sw": 0.85}, gaps={"sw": tuned_gap}),
        model("x", 0.6, by_language={"en": 0.7, "sw": 0.5}, gaps={"sw": base_gap}),
    )
    return gains(view(one), one, short(one))


def test_the_gains_of_the_weakest_language_and_of_the_reference_are_compared():
    shown = told(gap(-0.2), gap(-0.1))
    (pair,) = shown.panels
    assert pair.tuned == "x-instruct"
    assert pair.told == (
        "English +25.0 points, Swahili +35.0: Swahili gains more (+10.0 [+7.2 to +12.8])."
    )
    assert [tag for tag, _, _ in pair.rates] == ["en", "de", "sw"]
    assert pair.weakest == "sw"
    assert shown.saved.rows[0][:5] == ["x", "x-instruct", "en", 0.7, 0.95]
    assert shown.saved.rows[0][5] == pytest.approx(25)


def test_gains_within_chance_are_not_told_apart():
    assert "not told apart" in told(gap(-0.11), gap(-0.1)).panels[0].told


def test_a_language_that_may_not_be_interpreted_is_left_out():
    shown = told(gap(-0.2, gap_not_interpretable="invalid"), gap(-0.1))
    assert [tag for tag, _, _ in shown.panels[0].rates] == ["en", "de"]
    assert "Left out: languages where more than 5%" in shown.left_out


def test_models_without_a_partner_have_no_panel():
    one = board(model("x-instruct", 0.9), model("y", 0.6))
    assert gains(view(one), one, short(one)) is None
