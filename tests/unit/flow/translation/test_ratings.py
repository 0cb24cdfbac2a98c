from __future__ import annotations

import csv

import pytest

from example.sets import ROUNDTRIP, make_set
from safeglot.errors import InputErrors, UsageError
from safeglot.flow.translation import ratings, ratings_summary
from safeglot.translate.choice.ratings import RatingPlan


@pytest.fixture
def folder(tmp_path):
    return make_set(tmp_path / "set", 30, ("sw", "yo"))


def read(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def write(path, rows):
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return path


def drawn(folder, tmp_path, **wanted):
    path = tmp_path / f"rate-{len(list(tmp_path.iterdir()))}.csv"
    return ratings.sample(folder, RatingPlan(**({"texts": 5, "overlap": 0} | wanted)), path), read(
        path
    )


def test_a_draw_has_a_row_for_each_rating_that_is_wanted(folder, tmp_path):
    said, rows = drawn(folder, tmp_path, overlap=1.0)
    assert len(rows) == 2 * 5 * 2  # languages, texts, raters
    assert {row["rater"] for row in rows} == {"1", "2"}
    assert all(row["adequacy"] == "" for row in rows)
    assert "(20 rows)" in said
    texts = {r["text"] for r in folder.read_translations() if r["outcome"] == "kept"}
    assert {row["translation"] for row in rows} <= texts


def test_ratings_are_read_back_and_changed_ones_are_counted(folder, tmp_path):
    _, rows = drawn(folder, tmp_path)
    done = write(
        tmp_path / "done.csv", [row | {"adequacy": "4", "comment": "fine"} for row in rows]
    )
    assert ratings.add(folder, [done]).startswith("10 ratings read\n")
    stored = ratings_summary.read_drawn(folder)
    assert {(r.adequacy, r.comment) for text in stored for r in text.ratings.values()} == {
        (4, "fine")
    }
    again = write(tmp_path / "again.csv", [rows[0] | {"adequacy": "2"}])
    assert ratings.add(folder, [again]).startswith("1 ratings read, 1 of them changed\n")


def test_a_draw_that_is_rated_through_says_so(folder, tmp_path):
    _, rows = drawn(folder, tmp_path)
    ratings.add(folder, [write(tmp_path / "done.csv", [row | {"adequacy": "3"} for row in rows])])
    with pytest.raises(UsageError, match="all 10 texts of this draw are rated already"):
        drawn(folder, tmp_path)


def test_a_draw_that_would_lose_texts_is_refused(folder, tmp_path):
    drawn(folder, tmp_path)
    with pytest.raises(UsageError, match=r"10 texts were drawn already \(seed 0\), 0 are rated"):
        drawn(folder, tmp_path, texts=3)


@pytest.mark.parametrize(
    ("wanted", "why"),
    [
        ({"texts": 0, "gated": 0}, "at least one of them above 0"),
        ({"overlap": 1.5}, "a share from 0 to 1"),
    ],
)
def test_a_draw_of_nothing_is_refused(folder, tmp_path, wanted, why):
    with pytest.raises(InputErrors, match=why):
        drawn(folder, tmp_path, **wanted)


def test_every_problem_of_the_files_is_named(folder, tmp_path):
    _, rows = drawn(folder, tmp_path)
    bad = [rows[0] | {"adequacy": "7"}, {**rows[1], "item": "nobody", "adequacy": "3"}]
    clash = [rows[2] | {"adequacy": "2"}, rows[2] | {"adequacy": "5"}]
    empty = write(tmp_path / "empty.csv", rows)
    with pytest.raises(InputErrors) as error:
        ratings.add(folder, [write(tmp_path / "bad.csv", bad + clash), empty])
    told = "\n".join(error.value.problems)
    for part in (
        "adequacy '7': allowed are",
        "item 'nobody' is not among",
        "keep one",
        "has no adequacy filled in",
    ):
        assert part in told
    assert not any(text.ratings for text in ratings_summary.read_drawn(folder))


def test_what_people_say_is_shown_with_lines_for_a_gate(tmp_path):
    folder = make_set(tmp_path / "set", 150, ("yo",))
    with pytest.raises(UsageError, match="no texts were drawn"):
        ratings.show(folder)
    good = {r["text"]: r["quality"].get(ROUNDTRIP, 0.0) for r in folder.read_translations()}
    _, rows = drawn(folder, tmp_path, texts=110, gated=20)
    rated = [row | {"adequacy": str(1 + round(4 * good[row["translation"]]))} for row in rows]
    ratings.add(folder, [write(tmp_path / "done.csv", rated)])
    tables, lines = ratings.show(folder)
    assert [table.title.split()[0] for table in tables] == ["Ratings", "Estimates", "Estimators"]
    assert f'[yo]\n"{ROUNDTRIP}" = 0.' in lines
