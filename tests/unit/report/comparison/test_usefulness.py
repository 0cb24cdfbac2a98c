import pytest

from safeglot.report.comparison.usefulness import front, model_plane
from unit.report.comparison.made import board, model, short, view


def placed(name, usable, refused):
    spans = ((x, x - 0.01, x + 0.01) for x in (usable, refused))
    return model(name, usable, usable=next(spans), refused=next(spans))


@pytest.mark.parametrize(
    ("places", "on"),
    [
        ([(0.9, 0.9), (0.8, 0.95), (0.8, 0.9)], {0, 1}),
        ([(0.5, 0.5), (0.5, 0.5)], {0, 1}),
        ([(0.5, 0.5), (0.5, 0.6)], {1}),
        ([], set()),
    ],
)
def test_on_the_front_no_other_is_better_in_both(places, on):
    assert front(places) == on


def test_the_plane_has_both_rates_and_who_is_on_the_front():
    one = board(placed("a", 0.95, 0.14), placed("b", 0.93, 0.08), placed("c", 0.9, 0.2))
    plane = model_plane(view(one), one, short(one))
    assert [row[-1] for row in plane.saved.rows] == ["yes", "yes", "no"]
    assert plane.saved.rows[0][1:4] == [0.86, 0.85, 0.87]
    assert plane.words.startswith("a: 86.0% of harmless requests answered, 95.0% of harmful")
    assert plane.front.startswith("M")


def test_one_model_or_no_harmless_requests_make_no_plane():
    for models in ([placed("a", 0.9, 0.1)], [model("a", 0.9), model("b", 0.9)]):
        one = board(*models)
        assert model_plane(view(one), one, short(one)) is None
