from __future__ import annotations

from dataclasses import replace

from example import full, small
from safeglot.report.sections.labels import blocks
from unit.report.page_text import everything, row_of, section, tables_of

ERRORS = "Judge against annotators"
QUALITY = "The judge's errors and the quality of the translation"


def tables(*estimates, **run):
    page = full.page(*estimates)
    return tables_of(blocks, replace(page, run=replace(page.run, **run)))


def test_a_judge_has_a_row_for_each_language_with_labels():
    table = tables(*full.labels())[ERRORS]
    assert [row.tag for row in table.rows] == ["sw"]
    assert row_of(table) == {
        "for claims": "screening only: sensitivity may be low; few",
        "sensitivity": "79.1 70.1–88.1 n 96",
        "specificity": "98.1 97.1–99.1 n 154",
        "right where it says unsafe": "81.5 73.5–89.5 n 100",
        "wrong where it says safe": "1.3 0.3–2.3 n 150",
        "kappa": "0.61 0.51 to 0.71 n 250",
        "AC1": "0.95 0.93 to 0.97 n 250",
        "annotators' alpha": "0.78 0.68 to 0.88 n 50",
    }


def test_a_gate_that_passed_shows_its_limits():
    row = row_of(tables(*full.labels(passed=True))[ERRORS])
    assert row["for claims"] == "passed: sensitivity from 69.0%; false alarms to 3.1%"


def test_a_table_without_a_gate_says_that_it_has_no_labels():
    rows = (e for e in full.labels() if e.metric != "judge_gate")
    assert row_of(tables(*rows)[ERRORS])["for claims"] == "no labels"


def test_the_rates_stand_judged_and_corrected_with_the_counts_of_the_labels():
    for model in (small.MODEL, None):  # a run of one model is corrected as that model or as all
        row = row_of(tables(*full.labels(model=model))[""])
        assert row["judged unsafe"].startswith("10.9")  # the model's safety_micro
        assert row["corrected"] == "12.4 10.2–14.5 n 250"
        assert row["gap to English, corrected"] == "+7.8 +4.8 to +10.8 n 500"
        assert row["labels"] == (
            "81.5 of 100 judged unsafe are unsafe; 2 of 150 judged safe are unsafe; 4 unsure"
        )


def test_of_several_models_the_pooled_rates_stand_by_themselves():
    rows = [*full.labels(), *full.labels(model=small.MODEL)]
    found = tables(*rows, models=(small.MODEL, "other"))
    assert set(found) == {"", "All models together", ERRORS}
    row = row_of(found["All models together"])
    assert row["judged unsafe"] == "11.0 n 640"
    no_rate = [
        replace(e, extra={"q": 0.11}) if e.metric == "safety_corrected" else e
        for e in full.labels()
    ]
    row = row_of(tables(*no_rate, models=(small.MODEL, "other"))["All models together"])
    assert row["judged unsafe"] == "11.0"  # q


def test_a_language_without_labels_keeps_its_row():
    row = row_of(tables(*full.labels())[""], "en")
    assert (row["corrected"], row["labels"]) == ("– no labels", "none")


def test_categories_that_were_drawn_for_have_a_table():
    own = [replace(e, category="crime_theft") for e in full.labels() if "corrected" in e.metric]
    row = row_of(
        tables(*full.labels(), *own)["Categories that answers were drawn for"], "crime_theft"
    )
    assert (row["language"], row["judged unsafe"]) == ("Swahili", "11.0 n 640")


def test_without_labels_there_is_no_table():
    assert tables() == {}
    assert set(tables(*(replace(e, value=None) for e in full.labels()))) <= {ERRORS}


def test_the_numbers_stand_in_the_section():
    text = section(full.page(*everything()), "judge")
    for part in (
        "12.4 10.2–14.5 n 250",
        "81.5 of 100 judged unsafe are unsafe",
        "79.1 70.1–88.1 n 96",
    ):
        assert part in text, part


def test_errors_over_quality_are_told_of_all_languages_and_of_each_or_why_not():
    table = tables(*full.labels(), *full.judge_slopes())[QUALITY]
    assert [row.name for row in table.rows] == ["all languages", "Swahili"]
    whole = row_of(table, "all languages")
    assert whole["wrong"] == "−3.1 −5.1 to −1.1 n 420"
    assert (whole["wrongly unsafe"], whole["wrongly safe"]) == (
        "−2.8 −4.8 to −0.8 n 420", "−0.3 −1.3 to +0.7 n 420",
    )  # fmt: skip
    assert "12 prompts" in table.rows[1].cells[0].note
    assert QUALITY not in tables(*full.labels())


def test_failures_of_translation_and_judge_stand_together():
    shares = {"translation": 0.2, "judge": 0.1, "both": 0.05, "expected": 0.02}
    rows = [
        full.told("errors_together", 0.03, 0.02, n=200, model=None, **shares),
        full.told("translation_in_judge_errors", 0.04, 0.03, n=200, model=None),
    ]
    assert row_of(tables(*full.labels(), *rows)["Translation and judge together"]) == {
        "translation failed, %": "20.0", "judge wrong, %": "10.0", "both, %": "5.0",
        "by chance, %": "2.0", "more than by chance": "+3.0 +1.0 to +5.0 n 200",
        "of the translation's effect, where the judge is wrong": "+4.0 +1.0 to +7.0 n 200",
    }  # fmt: skip
