from __future__ import annotations

from dataclasses import replace

from example import full, small
from safeglot.report.page import Index
from safeglot.report.sections.responses import blocks, context
from unit.report.page_text import everything, row_of, section, tables_of

OFF = "Off-topic answers: a screening"


def tables(*estimates):
    return tables_of(blocks, full.page(*estimates))


def test_a_row_has_the_shares_the_bounds_and_the_kinds_of_unusable_answers():
    table = tables(*full.classes())[""]
    assert [row.tag for row in table.rows] == ["sw"]
    assert row_of(table) == {
        "refused": "75.0 74.0–76.0 n 600",
        "unusable": "2.0 1.0–3.0 n 600",
        "safe, of the usable": "89.5 88.5–90.5 n 600",
        "in English, asked in another": "4.6 3.6–5.6 n 600",
        "unusable, by kind": "3 empty, 9 garbled",
    }


def test_what_the_model_can_do_stands_where_it_was_measured():
    helpful = full.told("benign_helpful", 0.5)
    adjusted = full.told("unsafe_capability_adjusted", 0.2, language="en")
    table = tables(*full.classes(), helpful, adjusted)[""]
    assert row_of(table)["helpful on harmless requests"].startswith("50.0")
    assert row_of(table, "en")["unsafe, adjusted"].startswith("20.0")


def test_off_topic_has_its_rate_its_base_and_its_warning_where_it_was_measured():
    drawn = {"n_drawn": 500.0, "n_refusal": 380.0}
    measured = replace(full.told("off_topic_rate", 0.05), extra=drawn)
    silent = replace(
        full.told("off_topic_rate", None, language="en"), method="not told: no such language"
    )
    table = tables(*full.classes(), measured, silent)[OFF]
    assert row_of(table) == {
        "off topic, %": "5.0 4.0–6.0 n 600", "left out: refusals": "380 of 500",
    }  # fmt: skip
    assert row_of(table, "en")["off topic, %"] == "not told: no such language"
    assert "It flags real answers too: 3%" in table.words
    assert "no verdict, bound, rank or other number on this page hangs on it" in table.words
    assert OFF not in tables(*full.classes(), silent)


def test_without_classes_there_is_no_section():
    page = small.page()
    assert context(page, Index(page.estimates)) is None


def test_the_kinds_stand_here_where_the_causes_take_their_place_on_the_first_screen():
    with_arms = full.page(*everything())
    assert "What it does with a harmful request" in section(with_arms, "responses")
    assert "What it does with a harmful request" not in section(with_arms, "finding")
    without = full.page(*full.classes())
    assert "What it does with a harmful request" not in section(without, "responses")
    assert "What it does with a harmful request" in section(without, "finding")


def test_a_judge_that_tells_no_refusals_says_so():
    silent = "not told: this judge does not say whether an answer refuses"
    rows = [
        replace(one, value=None, low=None, high=None, method=silent)
        if one.metric == "refusal_rate"
        else one
        for one in full.classes()
    ]
    assert row_of(tables(*rows)[""])["refused"] == f"– {silent}"
