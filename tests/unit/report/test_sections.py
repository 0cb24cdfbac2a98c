"""What each section prints of its estimates, and what stands there without them."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from itertools import pairwise

import pytest

from example import full, small
from safeglot.report.html import render_html
from safeglot.report.page import NamedLanguage, Note
from safeglot.report.sections import causes, qualifiers
from safeglot.score.causes.attribution import ASSUMPTIONS
from unit.report.test_html import text_of


def section(page, name):
    html = render_html(page)
    return text_of(html.split(f'<section id="{name}">')[1].split("</section>")[0]).strip()


def parts(page):
    return re.findall(r'<section id="(\w+)">', render_html(page))


def everything():
    return [
        *full.classes("en"), *full.classes(), *full.over_refusal("en", refused=0.05),
        *full.over_refusal(), *full.labels("en", passed=True), *full.labels(),
        *full.arms(), *full.noise(),
        full.cochran("crime_theft", 12.3, 0.0005, 0.001, 0.001),
        full.shrunk("en", "crime_theft", 0.9711, 0.9969),
    ]  # fmt: skip


def test_without_their_data_the_sections_say_the_sentence_of_the_rule():
    page = full.page()
    assert section(page, "judge") == f"The judge's errors {qualifiers.NOT_CORRECTED}"
    assert section(page, "responses") == f"What the answers are {qualifiers.NO_CLASSES}"
    assert section(page, "refusals") == f"Over-refusal beside safety {qualifiers.NO_BENIGN}"
    assert section(page, "causes") == f"Causes of the gap {causes.NO_ARMS}"
    assert "noise" not in parts(page)
    assert "#noise" not in render_html(page)
    head = text_of(render_html(page).split("<main>")[0])
    for sentence in (qualifiers.NOT_CORRECTED, qualifiers.NO_CLASSES, qualifiers.NO_BENIGN):
        assert sentence in head
        assert sentence in section(page, "safety")
    assert "What belongs beside the rate" not in section(page, "safety")


def test_every_part_of_the_list_is_there_and_the_other_way_round():
    for page in (full.page(), full.page(*everything())):
        html = render_html(page)
        nav = re.search(r"<nav.*?</nav>", html, re.DOTALL)[0]
        assert re.findall(r'href="#(\w+)"', nav) == parts(page)


def test_every_section_says_what_it_tells_and_what_not():
    html = render_html(full.page(*everything()))
    for name in parts(full.page(*everything())):
        if name in {"missing", "settings", "answers"}:
            continue
        part = html.split(f'<section id="{name}">')[1].split("</section>")[0]
        assert part.count("<dt>It tells you</dt>") == 1, name
        assert part.count("<dt>It does not tell you</dt>") == 1, name


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("safety", ["Swahili sw screening only", "85.0 84.0–86.0", "85.0–90.0", "12.3 8.3–16.3"]),
        (
            "responses",
            [
                "85.0 84.0–86.0", "85.0–90.0", "75.0 74.0–76.0", "10.0 n 600", "2.0 1.0–3.0",
                "3.0 n 600", "89.5 88.5–90.5", "4.6 3.6–5.6", "3 empty, 9 garbled",
            ],
        ),
        (
            "refusals",
            [
                "12.3 8.3–16.3 n 250", "0.78 0.73 to 0.83", "0.89 0.86 to 0.92", "2.44 2.14 to 2.74",
                "−0.06 −0.21 to 0.09", "Refusals by wildguard.",
            ],
        ),
        (
            "judge",
            [
                "87.6 85.5–89.8 n 250", "89.0 n 640", "−7.8 −10.8 to −4.8",
                "81.5 of 100 judged unsafe are unsafe", "2 of 150 judged safe are unsafe",
                "4 unsure", "79.1 70.1–88.1 n 96", "98.1 97.1–99.1 n 154", "81.5 73.5–89.5",
                "1.3 0.3–2.3", "96.7 94.7–98.7", "0.61 0.51 to 0.71", "0.95 0.93 to 0.97",
                "−0.01 −0.11 to 0.09", "0.78 0.68 to 0.88", "screening only sensitivity may be low few",
                "passed sensitivity from 69.0% false alarms to 3.1%", "All models together",
            ],
        ),
        (
            "causes",
            [
                "+8.4 +6.4 to +10.4", "+4.2 +2.2 to +6.2", "+6.3 +4.3 to +8.3", "−2.1 −4.1 to −0.1",
                "50% (31 to 69)", "+2.1 to +4.2", "+3.0 +1.0 to +5.0 n 200", "3 on 300 prompts",
                "2.00 pp", "0.0400 / 0.0010 / 0.0123", "Q 7.5, p 0.024", "0.83",
                "+8.1 +5.0 to +11.2 yes", "kiwi −5.1 −9.1 to −1.1",
                "9.1 at 0.87", "−12.3", "−1.23 −2.50 to 0.03 n 87", "22.2", "97.5 of all, 98.2 of the kept",
                "+0.7", "−5.2", "−4.5", "kept at kiwi >= 0.5", "0.6 −5.0",
            ],
        ),
        (
            "noise",
            ["5 answers to each prompt", "6.4 5.4–7.4", "18.4 17.4–19.4", "14.3 13.3–15.3",
             "0.0321 0.0654 more are not worth it"],
        ),
    ],
)  # fmt: skip
def test_the_numbers_of_each_section(name, shown):
    text = section(full.page(*everything()), name)
    for part in shown:
        assert part in text, part


def test_the_assumptions_stand_beside_the_terms():
    text = section(full.page(*full.arms()), "causes")
    for sentence in ASSUMPTIONS:
        assert sentence in text


def test_suppressed_shares_say_why_and_print_none():
    text = section(full.page(*full.arms(share=None)), "causes")
    assert "not told: total within 3 standard errors of zero" in text
    assert "%" not in text.split("Shares of the gap")[1].split("Several translators")[0].replace(
        "100%", ""
    )


def test_a_term_without_its_arm_says_which_arm_it_needs():
    lacking = "not identified: needs the arm backtranslate"
    rows = [
        replace(one, value=None, low=None, high=None, method=lacking)
        if one.metric == "unsafe_gap_judge"
        else one
        for one in full.arms()
    ]
    html = render_html(full.page(*rows))
    assert lacking in section(full.page(*rows), "causes")
    assert html.count('"seg c-judge" x=') == 0
    assert html.count('"seg c-model" x=') == 1


def test_bars_of_the_terms_start_at_zero_and_go_the_way_of_their_sign():
    html = render_html(full.page(*full.arms()))
    zero = float(re.search(r'class="zero" x1="([\d.]+)%"', html.split('id="causes"')[1])[1])
    bars = dict(re.findall(r'"seg c-(\w+)" x="([\d.]+)%"', html.split('id="causes"')[1]))
    widths = dict(re.findall(r'"seg c-(\w+)" x="[\d.]+%" width="([\d.]+)%"', html))
    assert float(bars["translation"]) == zero
    assert float(bars["judge"]) + float(widths["judge"]) == pytest.approx(zero, abs=0.011)
    assert float(widths["model"]) == pytest.approx(3 * float(widths["judge"]), abs=0.05)


def test_too_many_invalid_answers_show_bounds_and_no_point():
    rows = full.classes(invalid=0.12, competent=0.75, show_bounds=1.0)
    page = full.page(*rows)
    head = section(page, "safety").split("The same as a picture")[0]
    assert "75.0–90.0 bounds, not a point" in head
    assert "89.1" not in head
    assert "93.3" not in head  # the mean of the languages has no point either
    html = render_html(page)
    english = replace(page.run, languages=(page.run.languages[1],), reference="sw")
    alone = render_html(replace(page, run=english))
    assert (
        "Swahili: between 75.0% and 90.0% safe (bounds over all answers, not a point: 12.0% of the "
        "answers are invalid), n = 600."
    ) in text_of(alone)
    assert "labelled safe (macro-32" not in text_of(alone)
    assert '"span" d="M0-5v10"' in html


def test_a_mean_over_bounded_languages_is_bounded_by_the_means():
    rows = [
        *full.classes(invalid=0.12, competent=0.75, show_bounds=1.0),
        *full.classes("en", competent=0.95, unsafe=0.02),
    ]
    text = section(full.page(*rows), "safety").split("The same as a picture")[0]
    assert "Mean of languages 85.0–94.0 bounds, not a point" in text


def test_a_gap_whose_invalid_answers_differ_is_not_interpreted():
    rows = full.classes(invalid=0.12, competent=0.75, gap_not_interpretable=1.0)
    text = text_of(render_html(full.page(*rows)))
    assert "Not interpreted for Swahili: the share of invalid answers differs" in text
    assert "Lower in Swahili" not in text
    assert "not interpreted invalid answers differ by more than 5 points" in text
    assert "lower than English" not in text
    told = section(full.page(*rows, *full.arms()), "causes")
    assert "Swahili not interpreted: invalid answers differ by more than 5 points" in told


def mdd(one, **more):
    if one.metric != "gap":
        return one
    return replace(one, extra={"p_holm": 0.3, "mdd": 0.0423, **more})


def test_a_gap_without_evidence_says_what_it_could_not_have_seen():
    page = full.page(change=mdd)
    text = section(page, "gaps")
    assert text.count("could not have seen less than 4.2 pp") == 3
    assert "1 test in this table, adjusted together (Holm)." in text
    assert "Not ranked, as their adjusted gaps cannot be told from zero: Swahili." in text
    assert "a drop of less than 4.2 pp could not have been seen" in text_of(render_html(page))


def test_a_gap_that_differs_says_nothing_of_what_it_could_have_missed():
    page = full.page(change=lambda one: mdd(one, p_holm=0.001))
    assert "could not have" not in text_of(render_html(page))
    assert "Not ranked" not in section(page, "gaps")


def test_the_bootstrap_stands_below_the_interval_as_a_check():
    checked = {"bootstrap_low": -0.1033, "bootstrap_high": -0.0652, "bootstrap_draws": 1000}
    text = section(full.page(change=lambda one: mdd(one, **checked)), "gaps")
    assert "−10.4 to −6.4 −10.3 to −6.5" in text
    assert "(1000 draws), as a check" in text


def test_cochrans_q_says_in_which_categories_languages_differ():
    rows = [
        full.cochran("hate_other", 2.9, 0.0886, 0.31, 0.09),
        full.cochran("crime_theft", 12.34, 0.0004, 0.0008, 0.0008),
    ]
    text = section(full.page(*rows), "gaps")
    assert "2 categories tested: in 1 the languages differ (Holm, 5%), 1 more on the screen" in text
    first, second = text.index("crime_theft 12.3 1 0.043 <0.001"), text.index("hate_other 2.9 1")
    assert first < second
    assert "318 languages differ" in text
    assert "0.310 0.090 318 on the screen only" in text


def test_the_map_has_a_second_view_for_looking():
    rows = [full.shrunk("en", "crime_theft", 0.9711, 0.9969)]
    html = render_html(full.page(*rows))
    part = html.split('<section id="categories">')[1].split("</section>")[0]
    assert re.findall(r'data-view="(\w+)"', part) == ["raw", "shrunk"]
    assert 'name="view" value="raw" data-choose="view" autocomplete="off" checked' in part
    tips = [unescape(tip).replace("\xa0", " ") for tip in re.findall(r'data-tip="([^"]*)"', part)]
    assert tips[4].split("\n") == [
        "crime_theft, English (en)",
        "97.11% after shrinking, 95% interval 95.11–99.11%",
        "99.69% as counted, n = 320",
        "For looking, not for claims.",
    ]
    assert tips[5].endswith("no data")
    assert 'data-view="shrunk"' not in render_html(full.page())


def test_a_shrunk_cell_never_certifies():
    rows = [full.shrunk("en", "crime_theft", 0.999, 1.0)]
    part = render_html(full.page(*rows)).split('data-view="shrunk"')[1].split("</table>")[0]
    assert "m-certified" not in part
    assert "#m-safe" in part


def test_labels_of_one_language_leave_the_other_uncorrected():
    text = section(full.page(*full.labels()), "safety")
    assert "Not corrected by human labels in English" in text
    assert qualifiers.NOT_CORRECTED not in text
    assert "Screening only in Swahili" in text


def test_a_language_without_labels_keeps_its_row():
    html = render_html(full.page(*full.labels()))
    table = html.split('<section id="judge">')[1].split("</table>")[0]
    row = text_of(table.split("English</th>")[1].split("</tr>")[0])
    assert row.split() == ["–", "–", "no", "labels", "–", "none"]


def test_a_gate_that_no_label_opened_says_why():
    gate = small.about(metric="judge_gate", model=None, value=0.0, n=0, language="sw")
    reason = "answers were drawn by the verdicts of another"
    rows = [replace(gate, low=None, high=None, extra={"lcb_sensitivity": None, "reason": reason})]
    text = section(full.page(*rows), "safety")
    assert f"Screening only in Swahili: {reason}." in text
    assert "labels do not show" not in text


def test_a_models_own_correction_stands_with_the_model_and_pooled_with_all():
    rows = [*full.labels(), *full.labels(model=small.MODEL)]
    html = render_html(full.page(*rows))
    part = html.split('<section id="judge">')[1].split("</section>")[0]
    titles = re.findall(r"<h3>(.*?)</h3>", part)
    assert [text_of(title).strip() for title in titles] == [
        "All models together: judged and corrected",
        "acme/ model- 1b : judged and corrected",
        "Judge against annotators",
    ]
    assert "87.6 85.5–89.8 n 250" in section(full.page(*rows), "safety")
    pooled = section(full.page(*full.labels()), "safety")
    assert "87.6" not in pooled  # what is pooled over models is not this model's rate


def test_a_judge_that_tells_no_refusals_has_one_class_of_safe_answers():
    counts = {
        "n_refusal": 0, "n_safe_compliance": 0, "n_safe_either": 510, "n_unsafe_compliance": 60,
        "n_invalid": 12, "n_truncated": 18,
    }  # fmt: skip
    silent = "not told: this judge does not say whether an answer refuses"
    rows = [
        replace(one, value=None, low=None, high=None, method=silent)
        if one.metric == "refusal_rate"
        else replace(one, extra=counts)
        if one.metric == "competent_safe"
        else one
        for one in full.classes()
    ]
    html = render_html(full.page(*rows))
    assert re.findall(r'"seg s-(\w+)" x=', html) == ["safe", "unsafe", "invalid", "undecided"]
    assert silent in section(full.page(*rows), "responses")
    widths = [float(w) for w in re.findall(r'"seg s-\w+" x="[\d.]+%" width="([\d.]+)%"', html)]
    assert widths == pytest.approx([85, 10, 2, 3])
    starts = [float(x) for x in re.findall(r'"seg s-\w+" x="([\d.]+)%"', html)]
    assert starts == pytest.approx([0, 85, 95, 97])


def test_judged_is_a_circle_and_corrected_a_diamond_with_its_interval():
    html = render_html(full.page(*full.labels()))
    row = html.split('<section id="judge">')[1].split("Swahili</th>")[1].split("</svg></td>")[0]
    marks = re.findall(r'<g class="(\w+)"><line class="span" x1="([\d.]+)%" x2="([\d.]+)%"', row)
    assert [name for name, *_ in marks] == ["quiet", "k1"]
    assert re.findall(r'href="#(k\d)"', row) == ["k0", "k1"]
    assert marks[0][1] == marks[0][2]  # all answers were judged: what is pooled has no interval
    assert float(marks[1][1]) < float(marks[1][2])


def test_the_curve_goes_through_the_reference():
    rows = [*full.over_refusal("en", refused=0.05, handled=0.97), *full.over_refusal()]
    html = render_html(full.page(*rows))
    d = re.search(r'class="curve" d="M([^"]+)"', html)[1]
    line = [tuple(map(float, at.split())) for at in d.split("L")]
    point = re.search(
        r'<g class="k1">.*?<svg x="([\d.]+)%" y="([\d.]+)%"', html.split('"plane"')[1]
    )
    x, y = (float(part) for part in point.groups())
    nearest = min(line, key=lambda at: abs(at[0] - x))
    assert nearest[1] == pytest.approx(y, abs=2.5)  # the log-linear correction moves it a little
    assert all(a[1] <= b[1] for a, b in pairwise(line))  # down to the right


def test_other_judges_numbers_do_not_stand_beside_this_one():
    rows = [replace(one, judge="other") for one in everything()]
    run = replace(small.page().run, notes=(Note(text="x"),))
    page = replace(full.page(*rows), run=run)
    for part in ("12.3 8.3–16.3", "87.6", "+8.4 +6.4"):
        assert part not in text_of(render_html(page))
    assert qualifiers.NOT_CORRECTED in section(page, "safety")


def test_one_language_has_no_causes():
    run = replace(small.page().run, languages=(NamedLanguage(tag="en", name="English"),))
    page = replace(full.page(), run=run)
    assert (
        section(page, "causes") == "Causes of the gap With one language there is no gap to explain."
    )


def test_nothing_anywhere_is_printed_as_none_or_nan():
    blank = [
        replace(one, value=None, low=None, high=None, method="no data", n=0, extra={})
        for one in [*small.estimates(), *everything()]
    ]
    text = text_of(render_html(small.page(estimates=blank)))
    assert "None" not in text
    assert "nan" not in text.lower().split()
