from __future__ import annotations

import numpy as np
import pytest

from example.sets import make_set
from safeglot.errors import UsageError
from safeglot.flow.translation import ratings_summary
from safeglot.flow.translation.gate import read_gate
from safeglot.translate.base import Scale
from safeglot.translate.choice.ratings import Chosen, DrawnText, Rating

UP, DOWN = Scale(worst=0.0, best=1.0), Scale(worst=25.0, best=0.0)


def world(grades, *, quality=None, outcomes=None, chances=None, language="sw"):
    """Texts rated by one or more people; a grade of None is not rated."""
    texts, drawn = {}, []
    for i, given in enumerate(grades):
        told = given if isinstance(given, tuple) else () if given is None else (given,)
        one = Chosen(
            prompt=f"p{i}",
            language=language,
            outcome=outcomes[i] if outcomes else "kept",
            source="",
            text=f"[{i}]",
            quality={} if quality is None else {"e": float(quality[i])},
        )
        texts[one.item] = one
        drawn.append(
            DrawnText(
                item=one.item,
                prompt=one.prompt,
                language=language,
                outcome=one.outcome,
                chance=chances[i] if chances else 1.0,
                raters=2,
                ratings={str(a): Rating(adequacy=g) for a, g in enumerate(told)},
            )
        )
    return ratings_summary.Rated(drawn=tuple(drawn), texts=texts)


def rows(found, scales=None):
    return ratings_summary.table(found, ["sw"], scales or {})


def test_a_text_is_the_mean_of_its_raters_and_then_texts_are_averaged():
    (row,) = rows(world([(5, 3), 4, 1, None]))
    assert row.adequacy.number == pytest.approx((4 + 4 + 1) / 3)
    assert (row.adequacy.n, row.drawn) == (3, 4)
    # Student's t with 2 degrees: 4.3027 * sqrt(3) / sqrt(3), cut off at the ends of the scale
    assert (row.adequacy.low, row.adequacy.high) == (1.0, 5.0)
    assert row.sd == pytest.approx(3**0.5)
    assert row.preserved.number == pytest.approx(2 / 3)
    assert row.preserved.low < 2 / 3 < row.preserved.high


def test_kept_and_gated_texts_are_told_apart():
    found = rows(world([5, 5, 1], outcomes=["kept", "kept", "gated"]))
    assert [(r.outcome, r.adequacy.number) for r in found] == [("kept", 5.0), ("gated", 1.0)]
    assert found[0].adequacy.low is None  # all alike: no spread is no certainty


def test_what_nobody_rated_has_no_number():
    (row,) = rows(world([None, None]))
    assert (row.adequacy.number, row.preserved.number, row.alpha.number) == (None, None, None)


def test_correlation_is_told_from_ten_texts_on_and_turned_to_what_is_better():
    quality, grades = np.arange(10) / 10, [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    (row,) = rows(world(grades, quality=quality), {"e": UP})
    assert row.correlation["e"].number == pytest.approx(0.985, abs=0.01)
    (row,) = rows(world(grades, quality=25 - quality), {"e": DOWN})
    assert row.correlation["e"].number > 0.98
    (row,) = rows(world(grades[:9], quality=quality), {"e": UP})
    assert row.correlation["e"].number is None
    assert "9 texts" in row.correlation["e"].why


def test_alpha_is_told_from_ten_texts_on():
    (row,) = rows(world([(4, 4), (2, 2)] * 5))
    assert (row.alpha.number, row.alpha.n) == (1.0, 10)
    (row,) = rows(world([(4, 4), (2, 2)] * 4))
    assert row.alpha.number is None
    assert "8 texts rated twice" in row.alpha.why


def suggest(found, scale=UP):
    values = np.array([one.quality["e"] for one in found.texts.values()])
    (one,) = ratings_summary.thresholds(found, {"e": scale}, {("sw", "e"): values})
    return one


def test_the_threshold_is_the_lowest_at_which_nine_in_ten_keep_their_meaning():
    # 200 texts by rising estimate; the first 60 are bad, then all are good: 14 bad of 140 + 14
    quality, grades = np.arange(200) / 200, [2] * 60 + [5] * 140
    one = suggest(world(grades, quality=quality))
    worst = 60 - 15  # 15 bad ones of 155 are 9.7%, 16 of 156 are 10.3%
    assert one.bound == pytest.approx(worst / 200, abs=1e-9)
    assert one.share == pytest.approx(140 / 155)
    assert (one.n, one.keeps, one.of) == (155, 155, 200)
    down = suggest(world(grades, quality=25 - quality), DOWN)
    assert down.bound == pytest.approx(25 - worst / 200, abs=1e-9)
    assert down.keeps == 155


def test_no_threshold_below_a_hundred_ratings_or_where_none_reaches_it():
    few = suggest(world([5] * 99, quality=np.arange(99) / 99))
    assert few.bound is None
    assert "99 rated, needs 100" in few.why
    poor = suggest(world([5, 1] * 60, quality=np.arange(120) / 120))
    assert poor.bound is None
    assert "0.9" in poor.why
    # a few good ones at the top are too few to say so
    lucky = suggest(world([1] * 110 + [5] * 20, quality=np.arange(130) / 130))
    assert lucky.bound is None


def test_texts_that_were_less_likely_to_be_drawn_weigh_more():
    quality, grades = np.arange(200) / 200, [2] * 20 + [5] * 180
    even = suggest(world(grades, quality=quality))
    assert even.bound == 0.0
    rare = suggest(world(grades, quality=quality, chances=[0.1] * 20 + [1.0] * 180))
    assert rare.bound == pytest.approx((20 - 2) / 200)  # two bad ones stand for 20, three for 30


def test_the_lines_can_be_read_as_a_gate(tmp_path):
    rank = ratings_summary.Statistic(number=0.5)
    found = [
        ratings_summary.SuggestedThreshold(
            language=tag, estimator=name, rank=rank, bound=bound, keeps=keeps
        )
        for tag, name, bound, keeps in (
            ("sw", "cometkiwi=Unbabel/wmt22-cometkiwi-da", 0.71, 80),
            ("sw", "roundtrip-chrf", 0.4, 70),
            ("zh-Hant", "metricx=a/b", 7.5, 3),
            ("yo", "roundtrip-chrf", None, 0),
        )
    ]
    lines = ratings_summary.gate_lines(found)
    (tmp_path / "gate.toml").write_text("default = 0.5\n" + "\n".join(lines), "utf-8")
    gate = read_gate(str(tmp_path / "gate.toml"))
    assert dict(gate.by_language) == {
        "sw": {"cometkiwi=Unbabel/wmt22-cometkiwi-da": 0.71},
        "zh-Hant": {"metricx=a/b": 7.5},
    }
    assert ratings_summary.gate_lines(found[3:]) == []


def test_the_file_is_read_as_it_was_written(tmp_path):
    folder = make_set(tmp_path / "set", 4, ("sw",))
    assert ratings_summary.read_drawn(folder) == []
    drawn = list(world([(5, 4), None]).drawn)
    ratings_summary.write_drawn(folder, drawn)
    assert ratings_summary.read_drawn(folder) == drawn


@pytest.mark.parametrize("text", ["{", "[]\n", '{"item": "t1"}\n', '{"ratings": 3}\n'])
def test_a_damaged_file_is_refused(tmp_path, text):
    folder = make_set(tmp_path / "set", 4, ("sw",))
    folder.ratings.write_text(text, "utf-8")
    with pytest.raises(UsageError, match=r"ratings\.jsonl"):
        ratings_summary.read_drawn(folder)
