from __future__ import annotations

from dataclasses import replace

from example.sets import make_set
from safeglot.flow.translation import ratings_text
from safeglot.flow.translation.page import view_of
from safeglot.flow.translation.ratings_summary import Rated, SuggestedThreshold
from safeglot.report.translation_set.view import RatedView, Statistic
from safeglot.translate.choice.ratings import Chosen, DrawnText, Rating


def text(n, language="sw", outcome="kept", raters=1, grades=()):
    chosen = Chosen(
        prompt=f"p{n}", language=language, outcome=outcome, source="", text="x", quality={}
    )
    drawn = DrawnText(
        item=chosen.item,
        prompt=chosen.prompt,
        language=language,
        outcome=outcome,
        chance=1.0,
        raters=raters,
        ratings={str(i): Rating(adequacy=grade) for i, grade in enumerate(grades)},
    )
    return chosen, drawn


def rated(*texts, **more):
    return Rated(drawn=tuple(d for _, d in texts), texts={c.item: c for c, _ in texts}, **more)


def suggestion(**more):
    about = {"language": "sw", "estimator": "e", "rank": Statistic(number=0.5, n=120), "bound": 0.6}
    return SuggestedThreshold(**(about | {"share": 0.93, "n": 80, "keeps": 700, "of": 900} | more))


def test_progress_counts_kept_gated_and_twice_rated_texts():
    draw = rated(
        text(0, raters=2, grades=(4, 5)),
        text(1, raters=2, grades=(3,)),
        text(2),
        text(3, outcome="gated", grades=(1,)),
    )
    line = ratings_text.progress(draw, ["sw"]).splitlines()[-1]
    assert line.split("  ")[0] == "sw (Swahili)"
    counts = [part for part in line.split("  ") if " of " in part]
    assert [c.strip() for c in counts] == ["2 of 3", "1 of 1", "1 of 2", "4 of 6"]


def test_lines_for_a_gate_are_given_only_where_a_threshold_is_suggested():
    assert ratings_text.gate_file([suggestion(bound=None, why="80 rated, needs 100")]) == ""
    lines = ratings_text.gate_file([suggestion()]).splitlines()
    assert lines[0].startswith("Lines for a gate file")
    assert lines[-2:] == ["[sw]", '"e" = 0.6']


def test_the_tables_have_people_beside_the_estimators(tmp_path):
    view = view_of(make_set(tmp_path / "set", 20, ("sw",)))
    human = RatedView(
        language="sw",
        outcome="kept",
        drawn=5,
        adequacy=Statistic(number=4.0, low=3.0, high=5.0, n=4),
        sd=0.8,
        preserved=Statistic(number=0.75, n=4),
        alpha=Statistic(number=None, n=2, why="too few"),
        correlation={},
    )
    view = replace(view, rated=(human,))
    ratings, quality, thresholds = ratings_text.tables(view, rated(text(0)), [suggestion()])
    assert [cell.text for cell in ratings.rows[0]][:3] == ["sw (Swahili)", "kept", "4 of 5"]
    assert [cell.text for cell in quality.rows[-1]] == ["Human", "0.75 ± 0.20", "0.75 ± 0.20"]
    assert [cell.text for cell in thresholds.rows[0]][4] == "0.6"
    assert [cell.text for cell in thresholds.rows[0]][-1] == "700 of 900"


def test_a_threshold_that_is_not_there_says_why():
    (row,) = ratings_text._thresholds([suggestion(bound=None, why="80 rated, needs 100")]).rows
    assert row[4].text == "80 rated, needs 100"


def test_what_no_longer_holds_of_a_draw_is_noted():
    assert list(ratings_text._notes(rated(text(0)))) == []
    stale, other = ratings_text._notes(rated(text(0), stale=3, other_set=True))
    assert stale.startswith("3 rated texts are not counted")
    assert "the set has changed" in other
