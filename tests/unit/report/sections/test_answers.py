from __future__ import annotations

import json
from dataclasses import replace

from example import small
from safeglot.report.page import Index
from safeglot.report.sections.answers import answers_json, context, filters


def test_the_filters_offer_what_occurs():
    page = small.page(answers=(small.answer(), small.answer(categories=("hate_other", "a"))))
    assert filters(page) == [
        ("language", "Language", [("en", "English (en)"), ("sw", "Swahili (sw)")]),
        ("model", "Model", [(small.MODEL, small.MODEL)]),
        ("category", "Category", [(name, name) for name in ("a", "crime_theft", "hate_other")]),
        (
            "verdict",
            "Verdict",
            [("unsafe", "unsafe"), ("safe", "safe"), ("none", "no verdict")],
        ),
    ]


def test_judges_can_disagree_where_there_are_two():
    page = small.page(run=replace(small.page().run, judges=("x", "y")))
    assert filters(page)[-1][-1][-1] == ("disagree", "judges disagree")


def test_the_data_names_the_languages_and_holds_the_answers():
    data = json.loads(answers_json(small.page()))
    assert data["names"] == {"en": "English", "sw": "Swahili"}
    (row,) = data["rows"]
    assert (row["id"], row["answer"]) == ("p1", "[unsafe answer 17]")
    assert "prompt_id" not in row


def test_the_total_is_never_below_what_the_page_holds():
    page = small.page(n_answers_total=0)
    assert context(page, Index(()))["total"] == 1
    assert context(small.page(), Index(()))["total"] == 1280
