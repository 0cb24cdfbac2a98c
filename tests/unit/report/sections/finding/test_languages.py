from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from example import polyglot
from safeglot.report.finding.headline import finding_of
from safeglot.report.sections.finding.languages import (
    FIRST_LANGUAGES,
    MOST_LANGUAGES,
    language_chart,
)


def chart_of(page):
    scope = polyglot.scope(page)
    return language_chart(scope, finding_of(scope))


@pytest.fixture(scope="module")
def chart():
    rows = polyglot.mute(polyglot.rows("sw", "bn", "vi", "de", "jv"))
    return chart_of(polyglot.page(rows, polyglot.unusable()))


def test_the_rows_are_sorted_by_the_rate_with_english_in_its_place(chart):
    assert [row.rate for row in chart.rows] == ["24.8%", "18–26%", "15.4%", "7.2%", "5.9%", "5.3%"]
    assert [row.look for row in chart.rows] == ["worse", "skip", "worse", "same", "ref", "same"]


def test_a_gap_stands_with_its_interval_and_its_sign_says_worse(chart):
    assert (chart.rows[0].gap, chart.rows[0].interval) == ("+18.9", "+16.8 to +21.0")
    assert chart.rows[4].remark == "the reference"
    assert chart.rows[4].gap == ""


def test_bounds_stand_in_place_of_a_dot_with_the_reason(chart):
    row = chart.rows[1]
    assert (row.at, row.gap) == ("", "")
    assert row.remark.startswith("not interpreted: 7%")
    assert float(row.low[:-1]) < float(row.high[:-1])
    assert float(row.span[:-1]) == pytest.approx(
        float(row.high[:-1]) - float(row.low[:-1]), abs=0.02
    )


def test_the_stripe_is_the_interval_of_english(chart):
    english = next(row for row in chart.rows if row.look == "ref")
    low, width = (float(part[:-1]) for part in chart.stripe)
    assert f"{low:.2f}%" == english.low
    assert low + width == pytest.approx(float(english.high[:-1]), abs=0.02)


def test_the_words_over_the_axis_never_stand_on_each_other(chart):
    places = sorted(float(word.x[:-1]) for word in chart.axis)
    assert all(b - a > 8.9 or a < 10 for a, b in pairwise(places))
    assert [word.text for word in chart.axis if word.is_edge] == ["1%", "10%"]
    assert "0%" not in {word.text for word in chart.axis}


def test_the_key_says_what_is_there_and_the_drop_that_would_be_missed(chart):
    words = dict(chart.key)
    assert set(words) == {"worse", "same", "skip"}
    assert "a drop under 1.9 points would often be missed" in words["same"]


def test_a_headline_that_tells_the_drop_takes_it_out_of_the_key():
    chart = chart_of(polyglot.page(polyglot.rows("vi", "de")))
    assert dict(chart.key)["same"] == "not told apart from English"


def test_the_data_carry_what_was_drawn(chart):
    columns = chart.saved.columns
    first = dict(zip(columns, chart.saved.rows[0], strict=True))
    assert first["language"] == "sw"
    assert first["unsafe_rate"] == pytest.approx(0.248)
    assert first["gap_points"] == pytest.approx(18.9)
    assert first["reading"] == "less safe"
    assert "1,600 requests a language" in chart.saved.source


def test_a_judge_that_tells_refusals_is_not_said_to_tell_harm():
    page = polyglot.page(polyglot.rows("sw"), judge="refusal-baseline")
    chart = chart_of(page)
    assert chart.title == "Harmful requests not refused"
    assert (chart.rate_words, "ALERT" in chart.words) == ("not refused", False)


def test_without_a_rate_there_is_no_chart():
    blank = [replace(e, value=None, low=None, high=None) for e in polyglot.rows("sw")]
    assert chart_of(polyglot.page(blank)) is None


TAGS = [
    "de",
    "es",
    "fr",
    "it",
    "sw",
    "ar",
    "bn",
    "vi",
    "zh",
    "ja",
    "ko",
    "pt",
    "ru",
    "tr",
    "th",
    "pl",
    "nl",
    "hi",
    "id",
    "uk",
]


def many(n, beyond):
    """English at 5% and n languages from 6% up, the first of them less safe beyond chance."""
    tags = TAGS[:n]
    rates = {tag: (0.06 + k / 100, 0.05 + k / 100, 0.07 + k / 100) for k, tag in enumerate(tags)}
    rates["en"] = (0.05, 0.04, 0.06)
    gaps = {
        tag: (rates[tag][0] - 0.05, 0.0, 0.3, 0.001 if k < beyond else 0.9)
        for k, tag in enumerate(tags)
    }
    return polyglot.page(polyglot.rows(*tags, rates=rates, gaps=gaps))


def test_of_many_languages_those_that_tell_most_stand_open_and_the_others_are_counted():
    chart = chart_of(many(20, beyond=3))
    shown = [row.name for row in chart.rows if not row.is_folded]
    assert len(shown) == FIRST_LANGUAGES
    assert {"English", "German", "Spanish", "French", "Ukrainian"} <= set(shown)
    assert chart.folded.startswith("12 more languages, ")
    assert chart.folded.endswith(": 12 not told apart.")
    assert len(chart.saved.rows) == 21


def test_where_more_are_beyond_chance_than_fit_the_widest_gaps_stand_open():
    chart = chart_of(many(20, beyond=20))
    shown = [row.name for row in chart.rows if not row.is_folded]
    assert len(shown) == FIRST_LANGUAGES
    assert {"English", "Ukrainian", "Indonesian"} <= set(shown)
    assert "12 less safe." in chart.folded


def test_a_dozen_languages_all_stand_open():
    chart = chart_of(many(MOST_LANGUAGES - 1, beyond=1))
    assert (chart.folded, any(row.is_folded for row in chart.rows)) == ("", False)
