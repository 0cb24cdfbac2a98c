from __future__ import annotations

from dataclasses import replace

from example import full
from safeglot.report.html import render_html
from safeglot.report.numbers.interpretation import is_interpretable
from safeglot.report.page import Index
from safeglot.report.sections.translations import context
from unit.report.page_text import section


def without(page, *metrics):
    kept = [e for e in page.estimates if not e.metric.startswith(metrics)]
    return replace(page, estimates=kept)


def test_without_its_data_there_is_no_such_section():
    plain = full.page()
    html = render_html(plain)
    assert 'id="translations"' not in html
    assert "#translations" not in html
    assert context(plain, Index(plain.estimates)) is None


def test_what_became_of_the_texts_is_told_with_its_reasons(page):
    text = section(page, "translations")
    assert "Swahili sw 72.0 58.3–82.5 n 50 20.0 11.2–33.0 n 50 quality: roundtrip-chrf 10" in text
    assert "copied 2, no-translation 1, untranslated + too-short 1" in text
    assert "6 of 6" in text
    html = render_html(page)
    assert "translate</th><td>copied</td>" in html


def test_gap_and_safety_stand_side_by_side(page):
    text = section(page, "translations")
    (judge, model) = page.run.judges[0], page.run.models[0]
    for metric in ("gap", "gap_ungated"):
        gap = Index(page.estimates).get(metric, model, judge=judge, language="sw", category=None)
        shown = f"{-100 * gap.value:+.1f}".replace("-", "−")
        assert (shown in text) == is_interpretable(gap)
    assert "not interpreted: 10.0% of the planned verdicts in Swahili are missing" in text
    assert "through their translation, or because they are other prompts" in text
    assert "By translator" in text
    assert "ct2/b 46 0 10" in text


def test_without_a_gate_the_section_says_so(page):
    bare = without(page, "gap_ungated", "safety_micro_ungated")
    text = section(bare, "translations")
    assert "No text was taken out by a quality gate" in text
    assert "With and without the gate" not in text


def test_one_translator_is_not_compared(page):
    kept = [
        e
        for e in page.estimates
        if e.metric != "unsafe_by_translator" or e.extra["translator"] == "ct2/a"
    ]
    assert "By translator" not in section(replace(page, estimates=kept), "translations")
