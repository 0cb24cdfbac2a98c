from __future__ import annotations

import re
from dataclasses import replace

from example import full, small
from safeglot.report.html import render_html
from safeglot.report.page import Index
from safeglot.report.sections.labels import corrected_tables, judge_errors
from unit.report.page_text import everything, section, text_of


def panels(build, *estimates):
    page = full.page(*estimates)
    return build(page, Index(page.estimates))


def test_a_judge_has_a_row_for_each_language_with_labels():
    (panel,) = panels(judge_errors, *full.labels())
    (row,) = panel.rows
    assert (panel.judge, row.tag, row.gate, row.passed) == (0, "sw", "screening only", False)
    assert row.reasons == ("sensitivity may be low", "few")
    assert [share.text for share in row.shares] == ["79.1", "98.1", "81.5", "1.3", "96.7"]
    assert [number.text for number in row.agreement] == ["0.61", "0.95", "−0.01", "0.78"]


def test_a_gate_that_passed_shows_its_limits():
    (row,) = panels(judge_errors, *full.labels(passed=True))[0].rows
    assert (row.gate, row.passed) == ("passed", True)
    assert row.reasons == ("sensitivity from 69.0%", "false alarms to 3.1%")


def test_a_table_without_a_gate_says_that_it_has_no_labels():
    (row,) = panels(judge_errors, *(e for e in full.labels() if e.metric != "judge_gate"))[0].rows
    assert (row.gate, row.passed, row.reasons) == ("no labels", False, ())


def test_what_the_judge_says_is_its_rate_over_all_answers():
    own, pooled = full.labels(model=small.MODEL), full.labels()
    (panel,) = panels(corrected_tables, *own)
    assert panel.model == 0
    assert panel.rows[1].judged.text == "10.9"  # the model's safety_micro
    (panel,) = panels(corrected_tables, *pooled)
    assert panel.model is None
    assert (panel.rows[1].judged.text, panel.rows[1].judged.n) == ("11.0", "640")
    no_rate = [
        replace(e, extra={"q": 0.11}) if e.metric == "safety_corrected" else e for e in pooled
    ]
    assert panels(corrected_tables, *no_rate)[0].rows[1].judged.text == "11.0"  # q


def test_the_counts_of_the_labels_stand_with_the_rate():
    (panel,) = panels(corrected_tables, *full.labels())
    assert panel.rows[0].labels == ()
    assert panel.rows[1].labels == (
        "81.5 of 100 judged unsafe are unsafe",
        "2 of 150 judged safe are unsafe",
        "4 unsure",
    )
    assert (panel.rows[1].corrected.text, panel.rows[1].gap.text) == ("12.4", "+7.8")


def test_without_a_corrected_rate_there_is_no_panel():
    assert panels(corrected_tables) == []
    assert panels(judge_errors) == []
    blank = [replace(e, value=None) for e in full.labels()]
    assert panels(corrected_tables, *blank) == []


def test_a_language_without_labels_keeps_its_row():
    html = render_html(full.page(*full.labels()))
    table = html.split('<section id="judge"')[1].split("</table>")[0]
    row = text_of(table.split("English</th>")[1].split("</tr>")[0])
    assert row.split() == ["–", "–", "no", "labels", "–", "–", "–", "none"]


def test_a_models_own_correction_stands_with_the_model_and_pooled_with_all():
    rows = [*full.labels(), *full.labels(model=small.MODEL)]
    html = render_html(full.page(*rows))
    part = html.split('<section id="judge"')[1].split("</section>")[0]
    titles = re.findall(r"<h3>(.*?)</h3>", part)
    assert [text_of(title).strip() for title in titles] == [
        "All models together: judged and corrected",
        "acme/ model- 1b : judged and corrected",
        "Judge against annotators",
    ]
    assert "12.4 10.2–14.5 n 250" in section(full.page(*rows), "rates")
    pooled = section(full.page(*full.labels()), "rates")
    assert "12.4" not in pooled  # what is pooled over models is not this model's rate


def test_judged_is_a_circle_and_corrected_a_diamond_with_its_interval():
    html = render_html(full.page(*full.labels()))
    row = html.split('<section id="judge"')[1].split("Swahili</th>")[1].split("</svg></td>")[0]
    marks = re.findall(r'<g class="(\w+)"><line class="span" x1="([\d.]+)%" x2="([\d.]+)%"', row)
    assert [name for name, *_ in marks] == ["quiet", "k1"]
    assert re.findall(r'href="#(k\d)"', row) == ["k0", "k1"]
    assert marks[0][1] == marks[0][2]  # all answers were judged: what is pooled has no interval
    assert float(marks[1][1]) < float(marks[1][2])


def test_the_numbers_stand_in_the_section():
    text = section(full.page(*everything()), "judge")
    for part in (
        "12.4 10.2–14.5 n 250", "11.0 n 640", "+7.8 +4.8 to +10.8",
        "81.5 of 100 judged unsafe are unsafe", "2 of 150 judged safe are unsafe",
        "4 unsure", "79.1 70.1–88.1 n 96", "98.1 97.1–99.1 n 154", "81.5 73.5–89.5",
        "1.3 0.3–2.3", "96.7 94.7–98.7", "0.61 0.51 to 0.71", "0.95 0.93 to 0.97",
        "−0.01 −0.11 to 0.09", "0.78 0.68 to 0.88", "screening only sensitivity may be low few",
        "passed sensitivity from 69.0% false alarms to 3.1%", "All models together",
    ):  # fmt: skip
        assert part in text, part
