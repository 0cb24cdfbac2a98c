from __future__ import annotations

from dataclasses import replace

import pytest

from safeglot.translate.choice.ratings import (
    GRADES,
    Chosen,
    Rating,
    RatingPlan,
    draw,
    grade_of,
    instructions,
    joined,
)


def chosen(n, *, language="sw", outcome="kept", start=0):
    return [
        Chosen(prompt=f"p{i}", language=language, outcome=outcome, source=f"[{i}]", text=f"[t{i}]")
        for i in range(start, start + n)
    ]


def test_the_wanted_number_of_each_language_and_outcome_is_drawn_with_its_chance():
    texts = [*chosen(200), *chosen(40, outcome="gated", start=200), *chosen(10, language="yo")]
    found, shown = draw(texts, RatingPlan(texts=50, gated=10, overlap=0.2), of="d")
    sizes = {(lang, end): 0 for lang in ("sw", "yo") for end in ("kept", "gated")}
    for one in found:
        sizes[one.language, one.outcome] += 1
        assert one.chance == {("sw", "kept"): 0.25, ("sw", "gated"): 0.25, ("yo", "kept"): 1.0}[one.language, one.outcome]  # fmt: skip
        assert shown[one.item].prompt == one.prompt
    assert sizes == {("sw", "kept"): 50, ("sw", "gated"): 10, ("yo", "kept"): 10, ("yo", "gated"): 0}  # fmt: skip
    assert sum(one.raters == 2 for one in found if one.language == "sw") == 10 + 2
    assert {one.digest for one in found} == {"d"}


def test_gated_and_kept_texts_are_mixed():
    texts = [*chosen(60), *chosen(60, outcome="gated", start=60)]
    found, _ = draw(texts, RatingPlan(texts=50, gated=50), of="")
    halves = [sum(one.outcome == "gated" for one in part) for part in (found[:50], found[50:])]
    assert min(halves) > 10


def test_what_failed_is_never_drawn():
    found, _ = draw(chosen(5, outcome="failed"), RatingPlan(gated=5), of="")
    assert found == []


def test_languages_are_drawn_independently():
    texts = [*chosen(200), *chosen(200, language="yo")]
    found, _ = draw(texts, RatingPlan(texts=50), of="")
    both = {o.prompt for o in found if o.language == "sw"} & {o.prompt for o in found if o.language == "yo"}  # fmt: skip
    assert 2 < len(both) < 30


def test_an_item_is_of_the_text_and_not_of_who_made_it():
    one = chosen(1)[0]
    other = Chosen(prompt="p0", language="sw", outcome="gated", source="[0]", text="[t0]")
    assert one.item == other.item
    for change in ({"prompt": "p1"}, {"language": "yo"}, {"text": "[t1]"}):
        fields = {"prompt": "p0", "language": "sw", "text": "[t0]"} | change
        assert Chosen(outcome="kept", source="[0]", **fields).item != one.item


def test_a_new_draw_keeps_the_ratings_of_what_is_drawn_again():
    before, _ = draw(chosen(100), RatingPlan(texts=20, seed=1), of="a")
    before = [replace(one, ratings={"1": Rating(adequacy=3)}) for one in before]  # fmt: skip
    now, _ = draw(chosen(100), RatingPlan(texts=60, seed=2), of="a")
    whole = joined(now, before)
    items = {one.item for one in now}
    assert [one.item for one in whole if one.drawn] == [one.item for one in now]
    assert all(bool(one.ratings) == (one.item in {b.item for b in before}) for one in whole)
    assert {one.item for one in whole if not one.drawn} == {b.item for b in before} - items


@pytest.mark.parametrize(
    ("text", "grade"),
    [("1", 1), ("5", 5), (" 4 ", 4), ("4.0", 4), ("٤", 4), ("0", None), ("6", None), ("3.5", None),
     ("four", None), ("", None), ("nan", None), ("inf", None), ("-4", None)],
)  # fmt: skip
def test_a_grade_is_a_whole_number_from_1_to_5(text, grade):
    assert grade_of(text) == grade


def test_raters_are_told_every_grade_and_that_texts_may_be_unpleasant():
    told = instructions(["Swahili", "Yoruba"], "English")
    for part in (*GRADES.values(), "Swahili, Yoruba", "text in English", "unpleasant", "stop"):
        assert part in told
