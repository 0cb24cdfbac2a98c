import re

from safeglot.report.comparison.html import render_comparison
from safeglot.report.comparison.leaderboard import leaderboard
from safeglot.report.comparison.view import PublishedLayer
from unit.report.comparison.made import board, model, short, view
from unit.report.page_text import text_of


def table(*models, **more):
    one = board(*models)
    return leaderboard(view(one, **more), one, short(one))


def page(*models, **more):
    return render_comparison(view(board(*models), **more))


def row_of(one):
    """The row of a model as it is read."""
    (row,) = re.findall(r'<tr class="[bi]">(.*?)</tr>', page(one), re.DOTALL)
    return text_of(row).strip()


def test_a_row_has_rank_rate_interval_and_the_weakest_language():
    one = model("a", 0.9, ranks=(1, 2), by_language={"sw": 0.71}, usable=(0.88, 0.8, 0.9))
    assert row_of(one) == "1–2 a 90.0 [88.0 to 92.0] 88.0 – Swahili 71.0"
    assert (one.weakest, one.rates["sw"]) == ("sw", 0.71)


def test_too_many_unusable_answers_leave_bounds_and_no_dot():
    one = model("a", 0.9, unusable=0.18, bounds=(None, 0.5, 0.67))
    shown = table(one)
    assert row_of(one) == "– a 50.0–67.0 – –"
    assert 'class="ci open"' in page(one)
    assert 'class="dot"' not in page(one)
    assert (one.weakest, one.rates) == ("", {})
    assert "a 18.0% in the one with most" in shown.foot[0]
    assert shown.saved.rows[0][:5] == ["", "a", None, 0.5, 0.67]


def test_the_base_model_of_a_pair_is_marked():
    models = model("x-instruct", 0.9), model("x", 0.6), model("y", 0.5)
    assert table(*models).bases == {"x"}
    assert re.findall(r'<th scope="row" class="model">(.*?)</th>', page(*models)) == [
        "x-<wbr>instruct<wbr>", 'x<wbr> <span class="tag">base</span>', "y<wbr>",
    ]  # fmt: skip


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
    assert "old 50.0 published" in text_of(page(model("a", 0.95), published=layer))


def test_a_saved_row_has_all_numbers_and_no_formula():
    shown = table(model("=a", 0.9, ranks=(1, 1), refused=(0.1, 0.05, 0.15)))
    assert dict(zip(shown.saved.columns, shown.saved.rows[0], strict=True))["model"] == "'=a"
    assert "3 languages" in shown.saved.source
