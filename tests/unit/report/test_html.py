from __future__ import annotations

import json
import re
from dataclasses import replace
from html import unescape

import pytest

from example import full, small
from safeglot.report.environment import script_json
from safeglot.report.finding import qualifiers
from safeglot.report.html import render_html
from safeglot.report.page import AnswerVerdict, NamedLanguage, Note
from unit.report.page_text import everything, section, section_ids, text_of

HOSTILE = "</script><img src=x onerror=alert(1)>\"'&<!-- \u2028 {{ 7 * 7 }}"


def answers_in(html):
    found = re.search(
        r'<script type="application/json" id="answers-data">(.*?)</script>', html, re.DOTALL
    )
    return json.loads(found[1])["within"]["0"]


@pytest.fixture(scope="module")
def html():
    return render_html(small.page())


def test_the_same_page_gives_the_same_bytes(html):
    assert render_html(small.page()) == html


def test_nothing_points_outside(html):
    without_namespace = html.replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"(https?:)?//[a-z]", without_namespace)
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', html)[1]
    assert unescape(policy).startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert not re.search(r"\son\w+=|\sstyle=", html.split("<body>")[1].split("<script")[0])


@pytest.mark.parametrize(
    "shown",
    [
        "2.5%", "2.0–3.7", "2 missing n 640".replace("2 missing ", ""), "10.9%", "10.4–12.2", "6.7",
        "2.6", "2.4", "90.1", "88.9–90.6", "87.2", "54 of 590", "12 of 48",
        "+8.4", "+6.4 to +10.4", "<0.001",
    ],
)  # fmt: skip
def test_every_number_stands_in_the_page(html, shown):
    assert shown in text_of(html)


def test_none_is_no_data_and_never_a_number():
    none = [replace(e, value=None, low=None, high=None, n=0, extra={}) for e in small.estimates()]
    text = text_of(render_html(small.page(estimates=none)))
    assert "No answer to a harmful request has a verdict." in text
    assert "None" not in text
    assert "nan" not in text.lower().split()


def test_no_estimates_no_categories_one_language():
    run = replace(
        small.page().run, languages=(NamedLanguage(tag="en", name="English"),), macros={}, notes=()
    )
    html = render_html(small.page(run=run, estimates=[], missing=(), answers=(), n_answers_total=0))
    text = text_of(html)
    assert "No category has data in this run." in text
    assert not {"gaps", "causes", "flips"} & set(re.findall(r'<section id="(\w+)"', html))
    assert "Nothing is missing" in text
    assert "This page holds no answers." in text


def test_the_words_follow_holm_and_not_the_point(html):
    assert "less safe than English, beyond chance" in text_of(html)
    quiet = [
        replace(e, extra={"p_holm": 0.2}) if e.metric == "gap" else e for e in small.estimates()
    ]
    text = text_of(render_html(small.page(estimates=quiet)))
    assert "less safe than English, beyond chance" not in text
    assert "No language is told apart from English" in text


def test_a_gap_without_a_test_is_called_not_tested():
    untested = [replace(e, extra={}) if e.metric == "gap" else e for e in small.estimates()]
    text = text_of(render_html(small.page(estimates=untested)))
    assert "not tested" in text
    assert "told apart from English" not in text


def test_a_caveat_stands_once_on_the_page(html):
    text = text_of(html)
    assert text.count(small.CAVEAT) == text.count("A general caveat.") == 1


def test_another_judges_caveat_does_not_stand_beside_this_one():
    run = replace(small.page().run, notes=(Note(text="Of another judge.", judge="other"),))
    assert "Of another judge." not in render_html(small.page(run=run))


def test_hostile_text_stays_text():
    run = small.page().run
    hostile = replace(
        run,
        title=HOSTILE,
        languages=(*run.languages, NamedLanguage(tag=HOSTILE, name=HOSTILE)),
        models=(small.MODEL, HOSTILE),
        settings={HOSTILE: HOSTILE},
        signature=HOSTILE,
        notes=(Note(text=HOSTILE),),
    )
    row = small.answer(
        prompt_id=HOSTILE, prompt=HOSTILE, answer=HOSTILE, model=HOSTILE, categories=(HOSTILE,),
        verdicts=(AnswerVerdict(judge=HOSTILE, unsafe=None, reason=HOSTILE),),
    )  # fmt: skip
    html = render_html(small.page(run=hostile, answers=(row,)))
    assert "<img" not in html
    assert "49" not in re.findall(r'<span class="run">(.*?)</span>', html)[0]
    data = len(re.findall(r'<script type="application/json"', html))
    assert len(re.findall(r"</script", html)) == len(re.findall(r"<script", html)) == data + 1
    assert answers_in(html)[0]["answer"] == HOSTILE
    assert answers_in(html)[0]["verdicts"][0]["unsafe"] is None


def test_a_lone_surrogate_does_not_break_the_file():
    html = render_html(small.page(answers=(small.answer(answer="half \ud83d pair"),)))
    assert "half ? pair" in html


def test_answers_carry_what_the_list_needs(html):
    (row,) = answers_in(html)
    assert row["id"] == "p1"
    assert row["categories"] == ["crime_theft"]
    assert row["verdicts"] == [
        {
            "judge": small.JUDGE, "unsafe": True, "label": "no refusal", "p_unsafe": 0.93,
            "codes": [], "refusal": None, "reason": "",
        }
    ]  # fmt: skip
    assert "1 of 1,280 answers are in this page." in text_of(html)


def test_no_answer_stands_outside_the_data(html):
    outside = html.replace(re.search(r'id="answers-data">(.*?)</script>', html, re.DOTALL)[1], "")
    assert "[unsafe answer 17]" not in outside


def test_script_json_cannot_end_its_element():
    text = script_json({"a": HOSTILE})
    assert not set("<>&\u2028") & set(text)
    assert json.loads(text) == {"a": HOSTILE}


def test_missing_is_told(html):
    assert "4 of 1,284 verdicts (0.31%) are missing." in text_of(html)


def test_panels_for_each_judge_and_model():
    run = replace(small.page().run, models=("a", "b"), judges=("x", "y"))
    html = render_html(small.page(run=run))
    part = re.split(r'<section id="finding"[^>]*>', html)[1].split("</section>")[0]
    assert re.findall(r'data-judge="(\d)" data-model="(\d)"', part) == [
        ("0", "0"), ("0", "1"), ("1", "0"), ("1", "1"),
    ]  # fmt: skip


def test_without_their_data_sections_are_left_out_and_the_caveats_say_so():
    page = full.page()
    assert not {"judge", "responses", "plane", "causes", "noise"} & set(section_ids(page))
    text = section(page, "caveats")
    assert qualifiers.NO_CLASSES in text
    assert "No harmless request was asked" in text


def test_other_judges_numbers_do_not_stand_beside_this_one():
    rows = [replace(one, judge="other") for one in everything()]
    run = replace(small.page().run, notes=(Note(text="x"),))
    page = replace(full.page(*rows), run=run)
    for part in ("12.3 8.3–16.3", "12.4 10.2–14.5"):
        assert part not in text_of(render_html(page))


def test_nothing_anywhere_is_printed_as_none_or_nan():
    blank = [
        replace(one, value=None, low=None, high=None, method="no data", n=0, extra={})
        for one in [*small.estimates(), *everything()]
    ]
    text = text_of(render_html(small.page(estimates=blank)))
    assert "None" not in text
    assert "nan" not in text.lower().split()
