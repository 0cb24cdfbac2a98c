from __future__ import annotations

import re

import pytest

from example.sets import make_set
from safeglot.backends.app.server import Call
from safeglot.errors import UsageError
from safeglot.flow.app.rating import KEYS, SetRating
from safeglot.flow.translation import ratings
from safeglot.flow.translation.ratings_summary import read_drawn, write_drawn
from safeglot.translate.choice.ratings import GRADES, Rating, RatingPlan


@pytest.fixture
def folder(tmp_path):
    made = make_set(tmp_path / "set", 30, ("ar", "sw"))
    ratings.sample(made, RatingPlan(texts=5, overlap=0.4), tmp_path / "to-rate.csv")
    return made


@pytest.fixture
def rating(folder):
    return SetRating(folder)


def page(rating, query="language=ar", **sent):
    return rating.page(Call(base="/t/", path="label", query=query, sent=sent or None))


def item(text):
    found = re.search(r'name="item" value="([^"]+)"', text)
    return found[1] if found else ""


def rate(rating, grade, query="language=ar"):
    shown = item(page(rating, query).text)
    page(rating, query, item=shown, label=str(grade))
    return shown


def stored(folder):
    return {(t.item, who): r.adequacy for t in read_drawn(folder) for who, r in t.ratings.items()}


def test_each_rating_is_in_the_file_before_the_next_text_comes(rating, folder):
    given = {(rate(rating, grade), "1"): grade for grade in GRADES}
    assert stored(folder) == given
    ended = page(rating).text
    assert "All are done" in ended
    assert "safeglot ratings show" in ended
    assert "5 of 5" in ended


def test_the_second_rater_has_a_part_in_another_order(rating, folder):
    second = []
    while item(page(rating, "language=sw&who=2").text):
        second.append(rate(rating, 3, "language=sw&who=2"))
    assert len(second) == 2
    assert {who for _, who in stored(folder)} == {"2"}
    first = [rate(rating, 4, "language=sw") for _ in range(5)]
    assert set(second) < set(first)
    assert {r for (i, who), r in stored(folder).items() if who == "2"} == {3}


def test_undo_and_what_is_not_to_be_rated(rating, folder):
    page(rating, undo="1")
    first, second = rate(rating, 1), rate(rating, 2)
    page(rating, undo="1")
    assert stored(folder) == {(first, "1"): 1}
    assert item(page(rating).text) == second
    other = item(page(rating, "language=sw").text)
    for sent in ({"item": second, "label": "6"}, {"item": other, "label": "3"}, {"label": "3"}):
        with pytest.raises(UsageError, match="Nothing was saved"):
            page(rating, **sent)
    assert len(stored(folder)) == 1


def test_ratings_of_others_stay(rating, folder):
    drawn = read_drawn(folder)
    write_drawn(folder, [
        type(t)(**{n: getattr(t, n) for n in t.__slots__} | {"ratings": {"ann": Rating(adequacy=2, comment="so")}})
        if t.raters > 1 else t for t in drawn
    ])  # fmt: skip
    given = [rate(rating, 5) for _ in range(5)]
    assert sum(r == 2 for r in stored(folder).values()) == 4
    assert {r for (i, who), r in stored(folder).items() if i in given and who == "1"} == {5}


def test_the_page_says_nothing_of_translators_and_estimates(rating):
    text = page(rating).text
    main = text[text.index("<main>") :]
    assert 'dir="rtl"' in main
    assert not re.search(r"ct2|roundtrip|quality|estimat", main)
    assert [key.key for key in KEYS] == ["1", "2", "3", "4", "5"]


def test_a_set_without_a_draw_offers_one(tmp_path):
    made = make_set(tmp_path / "set", 30, ("ar", "sw"))
    rating = SetRating(made)
    assert "Draw translations to rate" in page(rating).text
    assert page(rating, draw="1", n="4", overlap="0").place == "label"
    assert "0 of 4" in page(rating).text


def test_the_file_is_read_by_ratings_add(rating, folder, tmp_path):
    rate(rating, 4)
    (tmp_path / "ratings.csv").write_text(rating.file().text, "utf-8", newline="")
    before = stored(folder)
    write_drawn(folder, [type(t)(**{n: getattr(t, n) for n in t.__slots__} | {"ratings": {}}) for t in read_drawn(folder)])  # fmt: skip
    ratings.add(folder, [tmp_path / "ratings.csv"])
    assert stored(folder) == before
