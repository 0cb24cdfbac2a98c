from __future__ import annotations

from dataclasses import replace

import pytest

from example import small
from example.large import example_page
from safeglot.report.html import render_html
from safeglot.report.page import Index, NamedLanguage, scopes
from safeglot.report.sections.answers.flips import FlipRow, context, flips
from unit.report.page_text import section


def panel_of(page):
    (scope,) = scopes(page.run, Index(page.estimates))
    return flips(scope)


def part_of(page):
    return render_html(page).split('<section id="flips">')[1].split("</section>")[0]


def test_the_counts_are_those_of_the_pairs():
    panel = panel_of(small.page())
    (row,) = panel.rows
    assert (row.of, row.unsafe, row.of_back, row.back, row.share) == (590, 54, 48, 12, 0.0915)
    assert (row.same.text, row.same.interval, row.expected) == ("90.1", "88.9–90.6", "87.2")
    text = part_of(small.page())
    assert "Of the 590 requests that are safe in English" in text
    assert "<b>54 are unsafe in Swahili</b> (9.2%). 12 of 48 go the other way." in text
    told = dict(zip(panel.saved.columns, panel.saved.rows[0], strict=True))
    assert (told["language"], told["unsafe_here"], told["same_if_unrelated"]) == ("sw", 54, 0.8722)
    assert told["phi"] == -0.21
    assert "590 answers safe in English" in panel.saved.source


def with_extra(**more):
    rows = [
        replace(one, extra={**one.extra, **more}) if one.metric == "exact_match" else one
        for one in small.estimates()
    ]
    return small.page(estimates=rows)


def test_a_share_stands_with_its_interval():
    page = with_extra(flip_low=0.07, flip_high=0.118)
    assert panel_of(page).rows[0].span == "7.0 to 11.8"
    text = part_of(page)
    assert "(9.2%, 95% interval 7.0 to 11.8)" in text
    assert "9.2% [7.0 to 11.8]" in text


def test_of_a_judge_that_tells_refusals_nothing_is_called_unsafe():
    page = small.page()
    text = section(replace(page, run=replace(page.run, refusals_only=page.run.judges)), "flips")
    assert "that are refused in English, 54 are not refused in Swahili" in text
    assert "unsafe" not in text.lower()


def test_all_languages_alike_have_a_row_where_there_are_several():
    page = small.page()
    languages = (*page.run.languages, NamedLanguage(tag="de", name="German"))
    (match,) = [one for one in page.estimates if one.metric == "exact_match"]
    more = (replace(match, language="de"), replace(match, language=None, value=0.85))
    panel = panel_of(
        replace(
            page, run=replace(page.run, languages=languages), estimates=[*page.estimates, *more]
        )
    )
    assert (panel.together.language, panel.together.same.text) == ("All languages alike", "85.0")
    assert panel_of(page).together is None


def test_the_language_with_the_largest_share_stands_first():
    page = example_page(scale=0.05)
    (first, *_) = scopes(page.run, Index(page.estimates))
    shares = [row.share for row in flips(first).rows]
    assert shares == sorted(shares, reverse=True)
    assert len(shares) == len(page.run.languages) - 1


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.2158, "21.6%"), (0.0915, "9.2%"), (0.0004, "<0.1%"), (0.0, "0.0%"), (None, "")],
)
def test_a_share_is_never_rounded_to_nothing(share, text):
    assert FlipRow(language="Swahili", share=share).percent == text


def test_with_several_samples_answers_are_counted():
    page = small.page()
    run = replace(page.run, settings={"samples": "3"})
    assert "Of the 590 answers that are safe" in part_of(replace(page, run=run))


def test_too_much_missing_is_said():
    more = {"match_not_interpretable": "missing", "missing_share": 0.2}
    assert "This is not interpreted: 20.0% of the planned verdicts in Swahili are missing." in (
        part_of(with_extra(**more))
    )


def test_one_language_has_no_section_and_a_page_without_answers_no_cards():
    page = small.page()
    alone = replace(page.run, languages=(NamedLanguage(tag="en", name="English"),))
    assert context(replace(page, run=alone), Index(page.estimates)) is None
    assert "flips-fold" not in part_of(small.page(answers=()))
    assert "flips-fold" in part_of(page)
