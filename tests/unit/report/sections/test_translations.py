"""What the page says of translations and probes, and that it says nothing without them."""

from dataclasses import replace

import pytest

from example import full
from example.translated import page_of, translated
from safeglot.report.html import render_html
from safeglot.report.page import Index
from safeglot.report.sections.probes import probe_panels, spelled
from safeglot.report.sections.translations import translations
from unit.report.test_sections import section


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    store, manifest = translated(tmp_path_factory.mktemp("page") / "run.db")
    found = page_of(store, manifest)
    store.close()
    return found


def without(page, *metrics):
    kept = [e for e in page.estimates if not e.metric.startswith(metrics)]
    return replace(page, estimates=kept)


def test_without_their_data_there_are_no_such_sections():
    plain = full.page()
    html = render_html(plain)
    assert 'id="translations"' not in html
    assert 'id="probes"' not in html
    assert "#translations" not in html
    assert translations(plain, Index(plain.estimates)) is None
    assert probe_panels(plain, Index(plain.estimates)) == []


def test_what_became_of_the_texts_is_told_with_its_reasons(page):
    text = section(page, "translations")
    assert "Swahili sw 72.0 58.3–82.5 n 50 20.0 11.2–33.0 n 50 quality: roundtrip-chrf 10" in text
    assert "copied 2, no-translation 1, untranslated + too-short 1" in text
    assert "6 of 6" in text
    html = render_html(page)
    assert 'aria-label="Swahili: kept 72.0%; gated 20.0%; failed 8.0%"' in html
    assert "translate</th><td>copied</td>" in html


def test_gap_and_safety_stand_side_by_side(page):
    text = section(page, "translations")
    (judge, model) = page.run.judges[0], page.run.models[0]
    for metric in ("gap", "gap_ungated"):
        gap = Index(page.estimates).get(metric, model, judge=judge, language="sw", category=None)
        assert f"{100 * gap.value:.1f}".replace("-", "−") in text
    assert "The two together do not say which." in text
    assert "By translator" in text
    assert "ct2/ b 46 0 10" in text


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


def test_each_variant_has_its_table(page):
    text = section(page, "probes")
    for heading in (
        "code-switching: word + framing: story",
        "framing: story",
        "transliteration: latin",
    ):
        assert heading in text
    assert "Not told in Swahili: written in Latin letters already" in text
    assert "against the text in English" in text
    assert "Factors that were crossed" in text
    assert "code-switching: word × framing: story" in text
    assert "Texts left out did not pass the manipulation check" in text


def test_effects_are_those_of_the_estimates(page):
    panel = probe_panels(page, Index(page.estimates))[0]
    table = next(one for one in panel.variants if one.name == "framing: story")
    assert not table.both_parents
    row = next(one for one in table.rows if one.tag == "sw")
    effect = next(
        e for e in page.estimates
        if (e.metric, e.judge, e.model, e.language, e.extra.get("variant"))
        == ("probe_effect", page.run.judges[0], "m", "sw", "framing=story")
    )  # fmt: skip
    assert row.own.text == f"{100 * effect.value:+.1f}"
    assert (row.unkept, len(row.marks)) == ("2", 1)
    switched = next(one for one in panel.variants if one.name == "code-switching: word")
    assert [len(one.marks) for one in switched.rows] == [1, 2, 2]


def test_a_run_without_crossed_factors_has_no_table_of_them(page):
    text = section(without(page, "factor_effect"), "probes")
    assert "Factors that were crossed" not in text


@pytest.mark.parametrize(
    ("variant", "shown"),
    [
        ("context=local", "local context: local"),
        ("dialect=bavarian", "dialect: bavarian"),
        ("own=x+framing=role", "own: x + framing: role"),
        ("plain", "plain"),
    ],
)
def test_variants_are_spelled_for_readers(variant, shown):
    assert spelled(variant) == shown
