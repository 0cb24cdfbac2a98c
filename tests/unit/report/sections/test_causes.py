from __future__ import annotations

from dataclasses import replace

from example import full, small
from safeglot.report.page import Index, NamedLanguage
from safeglot.report.sections.causes import blocks, context
from safeglot.score.catalogue.metrics import ASSUMPTIONS
from unit.report.page_text import row_of, section, section_ids, tables_of

TRANSLATORS, QUALITY = "Several translators", "Quality of the translation"
SELECTION = "What keeping only good translations selects"


def tables(*estimates):
    return tables_of(blocks, full.page(*estimates))


def extended(metric, **extra):
    return [
        replace(e, extra={**e.extra, **extra}) if e.metric == metric else e for e in full.arms()
    ]


def test_a_row_has_the_whole_gap_and_its_terms():
    row = row_of(tables(*full.arms())[""])
    assert [row[name] for name in ("total", "translation", "model", "judge")] == [
        "+8.4 +6.4 to +10.4 n 600", "+4.2 +2.2 to +6.2 n 600", "+6.3 +4.3 to +8.3 n 600",
        "−2.1 −4.1 to −0.1 n 600",
    ]  # fmt: skip
    assert row["by people's translations"] == "+3.0 +1.0 to +5.0 n 200"
    assert "model, if both ways err alike" not in row


def test_translation_and_model_are_shown_from_one_end_of_their_pair_to_the_other():
    ends = {"other_end": 0.0211, "cause": "the translation"}
    ends |= {"alike": 0.02, "alike_low": -0.01, "alike_high": 0.05, "alike_n": 50}
    row = row_of(tables(*extended("unsafe_gap_translation", **ends))[""])
    assert row["translation"].startswith("+2.1 to +4.2")
    assert row["causes that are named"] == "the translation (worse than English)"
    assert row["translation, if both ways err alike"] == "+2.0 −1.0 to +5.0 n 50"


def test_causes_that_are_held_back_say_why():
    why = "the gap is not interpreted: too much is missing or invalid (missing)"
    row = row_of(tables(*extended("unsafe_gap_model", cause=None, cause_reason=why))[""])
    assert row["causes that are named"] == f"none: {why}"
    row = row_of(tables(*full.arms())[""])
    assert row["causes that are named"] == "none: no sign holds over the whole interval"


def test_what_translators_quality_and_the_gate_say_stands_in_its_own_table():
    found = tables(*full.arms())
    assert row_of(found[TRANSLATORS]) == {
        "translators": "3 on 300 prompts",
        "spread of the rate": "2.00 points",
        "do they differ?": "p =\N{NO-BREAK SPACE}0.024",
        "gap, translators included": "+8.1 +5.0 to +11.2",
        "same sign by each": "yes",
    }
    assert row_of(found[QUALITY]) == {
        "estimator": "kiwi",
        "points by one unit of quality": "−5.1 −9.1 to −1.1 n 600",
        "log-odds": "−1.23 −2.50 to 0.03 n 87",
    }
    row = row_of(found[SELECTION])
    assert (row["dropped, %"], row["gap on the kept prompts"]) == ("22.2", "+5.2")


def test_what_was_not_computed_has_no_table():
    bare = [
        replace(e, value=None, extra={}) for e in full.arms() if e.metric == "translator_variance"
    ]
    assert tables(*bare) == {}


def test_log_odds_that_cannot_be_had_say_why():
    lacking = extended("quality_slope", log_odds=None, log_odds_why="no discordant prompts")
    assert row_of(tables(*lacking)[QUALITY])["log-odds"] == "– no discordant prompts"


def test_without_an_intervention_there_are_no_panels():
    page = small.page()
    assert context(page, Index(page.estimates)) is None
    run = replace(page.run, languages=(NamedLanguage(tag="en", name="English"),))
    assert "causes" not in section_ids(replace(full.page(), run=run))


def test_the_assumptions_stand_beside_the_terms():
    text = section(full.page(*full.arms()), "causes")
    for sentence in ASSUMPTIONS:
        assert sentence in text


def test_a_term_without_its_arm_says_which_arm_it_needs():
    lacking = "not identified: needs the arm backtranslate"
    rows = [
        replace(one, value=None, low=None, high=None, method=lacking)
        if one.metric == "unsafe_gap_judge"
        else one
        for one in full.arms()
    ]
    assert row_of(tables(*rows)[""])["judge"] == f"– {lacking}"


def test_of_a_gap_that_is_not_interpreted_no_term_or_cause_is_shown():
    why = {"gap_not_interpretable": "missing", "missing_share": 0.3, "missing_share_reference": 0.0}
    named = {"cause": "the translation", "cause_reason": None}
    rows = [replace(e, extra={**e.extra, **named, **why}) for e in full.arms()]
    found, note = tables(*rows), "not interpreted: too much missing"
    row = row_of(found[""])
    assert row.pop("causes that are named") == f"none: the gap is {note}"
    assert row == {"total": f"– {note}", "translation": "–", "model": "–", "judge": "–"}
    assert row_of(found[TRANSLATORS])["gap, translators included"] == f"– {note}"
    assert row_of(found[QUALITY])["points by one unit of quality"] == f"– {note}"
    assert "gap on the kept prompts" not in row_of(found[SELECTION])
    page = full.page(*rows)
    assert [curves for *_, curves in context(page, Index(page.estimates))["panels"]] == [None]
    assert "the translation (" not in section(page, "causes")
