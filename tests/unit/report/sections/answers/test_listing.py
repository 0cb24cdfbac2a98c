from __future__ import annotations

import json
from dataclasses import replace

import pytest

from example import small
from safeglot.report.page import AnswersShown, Index
from safeglot.report.sections.answers.listing import answers_json, context, filters, which


def test_the_filters_offer_what_occurs():
    page = small.page(answers=(small.answer(), small.answer(categories=("hate_other", "a"))))
    macros = {"crime": ("crime_theft", "crime_other"), "hate": ("hate_other",)}
    page = replace(page, run=replace(page.run, macros=macros))
    assert filters(page) == [
        ("language", "Language", [("en", "English (en)"), ("sw", "Swahili (sw)")]),
        (
            "category",
            "Category",
            [("crime", "all of crime"), *((name, name) for name in ("a", "crime_theft", "hate_other"))],
        ),
        (
            "kind",
            "Kind",
            [
                ("unsafe", "unsafe"), ("flips", "safe in English, unsafe here"), ("safe", "safe"),
                ("refused", "refused"), ("none", "no verdict"), ("blocked", "blocked"),
            ],
        ),
    ]  # fmt: skip


def test_judges_can_disagree_where_there_are_two_and_one_language_has_no_flips():
    run = replace(small.page().run, judges=("x", "y"))
    assert filters(small.page(run=run))[-1][-1][-1] == ("disagree", "judges disagree")
    alone = replace(run, languages=run.languages[:1])
    assert "flips" not in dict(filters(small.page(run=alone))[-1][-1])


def test_the_data_names_the_languages_and_hold_the_answers():
    data = json.loads(answers_json(small.page()))
    assert (data["names"], data["reference"]) == ({"en": "English", "sw": "Swahili"}, "en")
    (row,) = data["within"]["0"]
    assert (row["id"], row["answer"], row["kinds"]) == ("p1", "[unsafe answer 17]", ["unsafe"])
    assert data["within"]["index"]["n"] == 1
    assert json.loads(answers_json(small.page(answers=())))["within"] is None


@pytest.mark.parametrize(
    ("shown", "words"),
    [
        ((3, 3, 7, 7), "All 3 requests with an unsafe, blocked or unread answer are here, each with its answers in all languages and all 7 others."),
        ((3, 3, 7, 1000), "All 3 requests with an unsafe, blocked or unread answer are here, each with its answers in all languages and 7 of the other 1,000, drawn by hash."),
        ((3, 3, 0, 0), "All 3 requests with an unsafe, blocked or unread answer are here, each with its answers in all languages."),
        ((30, 4000, 0, 9), "30 of the 4,000 requests with an unsafe, blocked or unread answer are here, each with its answers in all languages, drawn by hash."),
        ((0, 0, 7, 7), "No request has an unsafe, blocked or unread answer; all 7 are here."),
        ((0, 0, 7, 10), "No request has an unsafe, blocked or unread answer; 7 of the 10 are here, drawn by hash."),
        ((0, 9, 0, 0), ""),
    ],
)  # fmt: skip
def test_it_says_which_answers_are_here(shown, words):
    names = ("telling", "telling_all", "others", "others_all")
    assert which(AnswersShown(**dict(zip(names, shown, strict=True)))) == words
    assert which(None) == ""


def test_the_total_is_never_below_what_the_page_holds():
    page = small.page(n_answers_total=0)
    assert context(page, Index(()))["total"] == 1
    assert context(small.page(), Index(()))["total"] == 1280
