"""Laws that a draw for raters keeps, and reading the same ratings twice."""

import csv
import io
import json
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from example.sets import KIWI, METRICX, ROUNDTRIP, TRANSLATORS, make_set
from safeglot.errors import InputErrors
from safeglot.flow.translation import ratings, ratings_summary
from safeglot.translate.choice.ratings import Chosen, Rating, RatingPlan, draw, joined

LAW = settings(max_examples=60)
SLOW = settings(max_examples=12)


@st.composite
def texts(draw_):
    n = draw_(st.integers(0, 40))
    ends = draw_(st.lists(st.sampled_from(["kept", "gated", "failed"]), min_size=n, max_size=n))
    tags = draw_(st.lists(st.sampled_from(["sw", "yo"]), min_size=n, max_size=n))
    return [
        Chosen(prompt=f"p{i}", language=tag, outcome=end, source="", text=f"[{i}]")
        for i, (tag, end) in enumerate(zip(tags, ends, strict=True))
    ]


wanted = st.builds(
    RatingPlan,
    texts=st.integers(0, 20),
    gated=st.integers(0, 20),
    overlap=st.floats(0, 1),
    seed=st.integers(0, 3),
)


@LAW
@given(texts(), wanted)
def test_a_draw_is_the_same_whatever_the_order_of_the_texts(found, asked):
    one, other = (draw(order, asked, of="")[0] for order in (found, found[::-1]))
    assert {d.item: d for d in one} == {d.item: d for d in other}


@LAW
@given(texts(), wanted, st.integers(0, 10), st.integers(0, 10))
def test_a_larger_draw_holds_the_smaller_one(found, asked, more, more_gated):
    larger = RatingPlan(texts=asked.texts + more, gated=asked.gated + more_gated, overlap=asked.overlap, seed=asked.seed)  # fmt: skip
    small, large = ({d.item: d for d in draw(found, w, of="")[0]} for w in (asked, larger))
    assert set(small) <= set(large)
    assert all(small[item].raters <= large[item].raters for item in small)


@LAW
@given(texts(), wanted)
def test_no_more_than_asked_each_once_and_with_its_chance(found, asked):
    drawn, shown = draw(found, asked, of="")
    assert len({d.item for d in drawn}) == len(drawn) == len(shown)
    for tag in ("sw", "yo"):
        for outcome, most in (("kept", asked.texts), ("gated", asked.gated)):
            own = [d for d in drawn if (d.language, d.outcome) == (tag, outcome)]
            there = sum((t.language, t.outcome) == (tag, outcome) for t in found)
            assert len(own) == min(most, there)
            assert all(d.chance == len(own) / there for d in own)
            assert sum(d.raters == 2 for d in own) == round(asked.overlap * len(own))
    assert {d.outcome for d in drawn} <= {"kept", "gated"}


@LAW
@given(texts(), wanted, wanted)
def test_no_rating_is_ever_lost(found, first, second):
    before = draw(found, first, of="")[0]
    told = [replace(d, ratings={"1": Rating(adequacy=4)}) for d in before]  # fmt: skip
    now = joined(draw(found, second, of="")[0], told)
    again = joined(draw(found, first, of="")[0], now)
    assert {d.item for d in again if d.ratings} == {d.item for d in told}
    assert all(d.drawn for d in again if d.item in {b.item for b in before})


def rows_of(path):
    text = path.read_bytes().decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


@SLOW
@given(st.lists(st.integers(1, 5), min_size=1, max_size=60), st.booleans())
def test_reading_twice_changes_nothing_and_raters_are_blind(grades, as_json):
    with tempfile.TemporaryDirectory() as name:
        folder = make_set(Path(name) / "set", 20, ("sw", "zh"))
        out = Path(name) / ("a.jsonl" if as_json else "a.csv")
        ratings.sample(folder, RatingPlan(texts=8, gated=4, overlap=0.5), out)
        given_ = [json.loads(line) for line in out.read_text("utf-8").splitlines()] if as_json else rows_of(out)  # fmt: skip
        assert {tuple(row) for row in given_} == {ratings.COLUMNS}
        text = json.dumps(given_, ensure_ascii=False)
        for told in (*TRANSLATORS, ROUNDTRIP, METRICX, KIWI, "kept", "gated"):
            assert told not in text
        for i, row in enumerate(given_):
            row["adequacy"] = str(grades[i]) if i < len(grades) else ""
        done = Path(name) / "done.jsonl"
        done.write_text("".join(json.dumps(row) + "\n" for row in given_), "utf-8")
        ratings.add(folder, [done])
        first, page = folder.ratings.read_bytes(), folder.page.read_bytes()
        ratings.add(folder, [done, done])
        assert (folder.ratings.read_bytes(), folder.page.read_bytes()) == (first, page)
        stored = sum(len(d.ratings) for d in ratings_summary.read_drawn(folder))
        assert stored == sum(bool(row["adequacy"]) for row in given_)


@SLOW
@given(st.sampled_from(["0", "6", "3.5", "good", "nan", "-1", "1e9", "4 5"]), st.integers(0, 5))
def test_one_bad_rating_stops_all_of_them(bad, at):
    with tempfile.TemporaryDirectory() as name:
        folder = make_set(Path(name) / "set", 12, ("sw",))
        out = Path(name) / "a.csv"
        ratings.sample(folder, RatingPlan(texts=6), out)
        before = folder.ratings.read_bytes()
        rows = [row | {"adequacy": "4"} for row in rows_of(out)]
        rows[at]["adequacy"] = bad
        done = Path(name) / "done.csv"
        with done.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        with pytest.raises(InputErrors) as caught:
            ratings.add(folder, [done])
        assert f"{done}:{at + 2}" in str(caught.value)
        assert folder.ratings.read_bytes() == before
