from safeglot.report.comparison.leaderboard import leaderboard, weakest
from safeglot.report.comparison.view import PublishedLayer
from unit.report.comparison.made import board, model, short, view


def table(*models, **more):
    one = board(*models)
    return leaderboard(view(one, **more), one, short(one))


def test_a_row_has_rank_rate_interval_and_the_weakest_language():
    one = model("a", 0.9, ranks=(1, 2), by_language={"sw": 0.71}, usable=(0.88, 0.8, 0.9))
    (row,) = table(one).rows
    assert (row.rank, row.safe, row.interval) == ("1–2", "90.0", "[88.0 to 92.0]")
    assert (row.usable, row.refused, row.weakest) == ("88.0", "–", "Swahili 71.0")
    assert weakest(one) == ("sw", 0.71)


def test_too_many_unusable_answers_leave_bounds_and_no_dot():
    shown = table(model("a", 0.9, unusable=0.18, bounds=(None, 0.5, 0.67)))
    (row,) = shown.rows
    assert (row.rank, row.safe, row.at, row.interval) == ("–", "50.0–67.0", "", "")
    assert (row.weakest, row.weak_at) == ("", "")
    assert "a 18.0% in the one with most" in shown.foot[0]
    assert shown.saved.rows[0][:5] == ["", "a", None, 0.5, 0.67]


def test_the_base_model_of_a_pair_is_marked():
    rows = table(model("x-instruct", 0.9), model("x", 0.6), model("y", 0.5)).rows
    assert [row.is_base for row in rows] == [False, True, False]


def test_an_average_of_fewer_categories_is_told():
    part = model("a", 0.9)
    part.safe.extra.update(categories=30, of=32)
    assert "The averages of a are of fewer categories" in table(part).foot[0]


def test_published_rows_lie_on_the_same_axis():
    layer = PublishedLayer(
        name="P", source="s", average="x", languages=("en",), means=(("old", 0.5),), tables=()
    )
    shown = table(model("a", 0.95), published=layer)
    assert shown.axis.low <= 0.5
    assert shown.published == (("old", "50.0", shown.axis.at(0.5)),)


def test_a_saved_row_has_all_numbers_and_no_formula():
    shown = table(model("=a", 0.9, ranks=(1, 1), refused=(0.1, 0.05, 0.15)))
    assert dict(zip(shown.saved.columns, shown.saved.rows[0], strict=True))["model"] == "'=a"
    assert "3 languages" in shown.saved.source
