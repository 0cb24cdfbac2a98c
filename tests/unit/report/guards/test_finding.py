from dataclasses import replace

import numpy as np

from safeglot.report.guards.finding import finding_of, guard_names, is_guard_test
from safeglot.report.page import Index, Page
from unit.report.guards.pages import losing, page_of, probed
from unit.score.guards.sheets import sheet_of, two_languages


def found_of(page):
    return finding_of(page, Index(page.estimates))


def test_a_loss_beyond_chance_is_the_headline():
    found = found_of(page_of(losing()))
    assert found.headline == (
        "llama-guard-3 finds less in Swahili: 60.0% of the unsafe prompts, and 100.0% in English."
    )
    assert "points [" in found.figures
    assert "on the same 100 ids" in found.figures
    assert [row.cells[0].finds_less for row in found.rows] == [False, False, True]


def test_without_one_no_language_is_named_as_worse():
    found = found_of(page_of(losing(lost=1)))
    assert found.headline.startswith("No language is told apart from English in what guards find.")
    assert "finds least in Swahili: 99.0% of the unsafe prompts" in found.headline
    assert "n = 100 unsafe prompts" in found.figures


def test_languages_of_other_ids_are_not_compared():
    sheet = losing()
    apart = sheet_of(
        sheet.label_N.reshape(3, -1), sheet.unsafe_GN.reshape(2, 3, -1), prompt_N=np.arange(600)
    )
    found = found_of(page_of(apart))
    assert "so languages are not compared" in found.headline
    assert "less in" not in found.headline


def test_every_language_that_was_named_is_accounted_for():
    found = found_of(page_of(losing()))
    assert found.audit == (
        "Evaluated with labelled prompts: English (n = 200), German (n = 200) and Swahili (n = 200). "
        "Not evaluated: Yoruba (no text)."
    )


def test_a_language_that_nobody_could_read_was_not_evaluated():
    sheet = losing(n=40, lost=0)
    said = sheet.unsafe_GN.reshape(2, 3, -1).copy()
    said[:, 2] = -1
    page = page_of(sheet_of(sheet.label_N.reshape(3, -1), said))
    assert (
        "Not evaluated: Swahili (40 texts, no verdict was read); Yoruba (no text)."
        in found_of(page).audit
    )


def test_a_loss_under_a_probe_is_told_where_it_is_beyond_chance():
    found = found_of(page_of(probed()))
    assert found.probes.startswith(
        "Under translit=latin llama-guard-3 finds 60.0% of the unsafe prompts in German, and 100.0% "
        "of the same as they came: \N{MINUS SIGN}40.0 points ["
    )
    assert found.probes.endswith("n = 100 ids; beyond chance (Holm).")
    assert found_of(page_of(probed(lost=1))).probes == ""
    assert found_of(page_of(losing())).probes == ""


def test_unread_verdicts_are_told_with_what_they_leave_open():
    found = found_of(page_of(losing(unread=5)))
    assert "5 verdicts are missing or could not be read and count as neither" in found.unread
    assert "recall of qwen3guard in Swahili is 95.0% to 100.0%" in found.unread
    assert found_of(page_of(losing())).unread == ""


def test_without_labels_the_same_verdicts_are_told():
    sheet = losing()
    page = page_of(sheet_of(np.full((3, 200), -1), sheet.unsafe_GN.reshape(2, 3, -1)))
    found = found_of(page)
    assert "says the same of" in found.headline
    assert "would agree by chance" in found.headline
    assert "recall and false alarms are not known" in found.figures
    assert (
        "Not evaluated: English, German and Swahili (each 200 texts, none with a label); Yoruba (no text)."
        in found.audit
    )


def test_above_five_percent_unread_bounds_stand_in_the_place_of_the_headline():
    found = found_of(page_of(losing(lost=0, unread=12)))
    assert found.headline == (
        "qwen3guard finds between 88.0% and 100.0% of the unsafe prompts in Swahili: 12.0% of its verdicts "
        "there were not read."
    )
    assert "n = 88 unsafe prompts read" in found.figures
    cell = found.rows[2].cells[1]
    assert (cell.recall.value, cell.recall.low, cell.recall.high) == (None, 0.88, 1.0)
    assert "Swahili (n = 200, by qwen3guard in bounds only: more than 5%" in found.audit
    assert not found_of(page_of(losing(lost=0, unread=5))).headline.startswith(
        "qwen3guard finds between"
    )


def test_a_loss_that_rests_on_lacking_verdicts_is_not_named():
    sheet = losing(lost=0)
    said = sheet.unsafe_GN.copy()
    bad = np.flatnonzero((sheet.language_N == 2) & (sheet.label_N == 1))
    said[0, bad[:30]] = 0
    said[0, bad[30:40]] = -1
    found = found_of(page_of(replace(sheet, unsafe_GN=said)))
    assert "finds less in" not in found.headline
    assert "finds between 60.0% and 70.0%" in found.headline


def test_a_language_that_one_guard_could_not_read_is_evaluated_by_the_others():
    sheet = losing(n=40, lost=0)
    said = sheet.unsafe_GN.copy()
    said[1, sheet.language_N == 2] = -1
    told = found_of(page_of(replace(sheet, unsafe_GN=said))).audit
    assert "Swahili (n = 40, not by qwen3guard: no verdict was read)" in told


def test_labels_of_one_kind_are_told_with_the_language():
    sheet = losing(n=40, lost=0)
    label = sheet.label_N.copy()
    label[(sheet.language_N == 1) & (label == 0)] = -1
    told = found_of(page_of(replace(sheet, label_N=label))).audit
    assert "German (n = 20, no safe prompts)" in told


def test_rates_of_labels_that_were_drawn_are_no_pairs():
    page = page_of(two_languages(), named=("en", "de"), side="answers")
    found = found_of(page)
    gap = next(e for e in page.estimates if e.metric == "guard_recall_gap" and e.judge == "b")
    if gap.extra["p_holm"] < 0.05:
        assert "unsafe answers with a label" in found.figures
    assert "the same" not in found.figures


def test_guards_are_called_by_their_family_where_that_tells_them_apart():
    assert guard_names(["a=x/y@prompt", "b=x/y"]) == ["a", "b"]
    assert guard_names(["a=x/y@prompt", "a=x/z"]) == ["a=x/y", "a=x/z"]


def test_other_runs_test_no_guards():
    page = page_of(losing())
    assert is_guard_test(page)
    assert not is_guard_test(Page(run=page.run, estimates=[]))
