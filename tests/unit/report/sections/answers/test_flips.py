from __future__ import annotations

from dataclasses import replace

import pytest

from example import small
from example.large import example_page
from safeglot.report.html import render_html
from safeglot.report.page import Index, NamedLanguage, scopes
from safeglot.report.sections.answers.flips import FlipRow, context, flips


def panel_of(page):
    (scope,) = scopes(page.run, Index(page.estimates))
    return flips(scope)


def part_of(page):
    return render_html(page).split('<section id="flips">')[1].split("</section>")[0]


def test_the_counts_are_those_of_the_pairs():
    panel = panel_of(small.page())
    assert panel.rows == (
        FlipRow(language="Swahili", tag="sw", of=590, unsafe=54, share=0.0915, back=12, note=""),
    )
    text = part_of(small.page())
    assert "Of the 590 requests that are safe in English" in text
    assert "<b>54 are unsafe in Swahili</b> (9.2%); 12 go the other way." in text
    assert panel.saved.columns[:5] == (
        "language", "safe_in_reference", "unsafe_here", "share", "other_way",
    )  # fmt: skip
    assert panel.saved.rows == [["sw", 590, 54, 0.0915, 12]]
    assert "590 answers safe in English" in panel.saved.source


def test_the_language_with_the_largest_share_stands_first():
    page = example_page(scale=0.05)
    (first, *_) = scopes(page.run, Index(page.estimates))
    shares = [row.share for row in flips(first).rows]
    assert shares == sorted(shares, reverse=True)
    assert len(shares) == len(page.run.languages) - 1


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.2158, "22%"), (0.0915, "9.2%"), (0.0004, "<0.1%"), (0.0, "0%"), (None, "")],
)
def test_a_share_is_never_rounded_to_nothing(share, text):
    row = FlipRow(language="Swahili", tag="sw", of=590, unsafe=1, share=share, back=0, note="")
    assert row.percent == text


def test_with_several_samples_answers_are_counted():
    page = small.page()
    run = replace(page.run, settings={"samples": "3"})
    assert "Of the 590 answers that are safe" in part_of(replace(page, run=run))


def test_too_much_missing_is_said():
    more = {"match_not_interpretable": "missing", "missing_share": 0.2}
    rows = [
        replace(one, extra={**one.extra, **more}) if one.metric == "exact_match" else one
        for one in small.estimates()
    ]
    assert "This is not interpreted: 20.0% of the planned verdicts in Swahili are missing." in (
        part_of(small.page(estimates=rows))
    )


def test_one_language_has_no_section_and_a_page_without_answers_no_cards():
    page = small.page()
    alone = replace(page.run, languages=(NamedLanguage(tag="en", name="English"),))
    assert context(replace(page, run=alone), Index(page.estimates)) is None
    assert "flips-fold" not in part_of(small.page(answers=()))
    assert "flips-fold" in part_of(page)
