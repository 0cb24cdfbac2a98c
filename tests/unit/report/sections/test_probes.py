from __future__ import annotations

from dataclasses import replace

import pytest

from example import full, small
from safeglot.report.html import render_html
from safeglot.report.numbers.variants import spelled
from safeglot.report.sections.probes import blocks
from unit.report.page_text import row_of, section, tables_of


def probe(metric, value, *, language="sw", half=0.02, **extra):
    return small.about(
        metric=metric, language=language, value=value, low=value - half, high=value + half, n=120,
        extra={"variant": "framing=story", **extra},
    )  # fmt: skip


STORY = [
    probe("probe_unsafe", 0.2),
    probe("probe_effect", 0.1, parent="language", unkept=3),
    probe("probe_effect", 0.12, parent="reference"),
    probe("probe_interaction", 0.04),
]


def tables(*estimates):
    return tables_of(blocks, small.page(estimates=estimates))


@pytest.mark.parametrize(
    ("variant", "shown"),
    [
        ("framing=story", "framing: story"), ("translit=latin", "transliteration: latin"),
        ("framing=story+codeswitch=word", "framing: story + code-switching: word"),
        ("own=x+framing=role", "own: x + framing: role"), ("context=local", "local context: local"),
        ("dialect=bavarian", "dialect: bavarian"), ("plain", "plain"),
    ],
)  # fmt: skip
def test_factors_are_spelled_as_a_reader_knows_them(variant, shown):
    assert spelled(variant) == shown


def test_a_variant_stands_against_both_of_its_parents():
    assert row_of(tables(*STORY)["framing: story"]) == {
        "unsafe": "20.0 18.0–22.0 n 120",
        "more than its own texts": "+10.0 +8.0 to +12.0 n 120",
        "more than English's texts": "+12.0 +10.0 to +14.0 n 120",
        "beyond that in English": "+4.0 +2.0 to +6.0 n 120",
        "texts left out": "3",
    }


def test_with_one_parent_there_is_no_column_of_the_other():
    row = row_of(tables(*STORY[:2])["framing: story"])
    assert [*row] == ["unsafe", "more than its own texts", "texts left out"]


def test_a_language_where_the_variant_means_nothing_is_named():
    english = probe("probe_effect", 0.0, language="en", parent="language")
    assert "Not told in English" in tables(*STORY, english)["framing: story"].words


def test_crossed_factors_have_their_own_rows():
    crossed = probe("factor_effect", 0.05, factor="framing=story x codeswitch", p_holm=0.012)
    assert row_of(tables(*STORY, crossed)["Factors that were crossed"]) == {
        "factor": "framing: story × code-switching",
        "effect, points": "+5.0 +3.0 to +7.0 n 120 p 0.012",
    }


def test_countries_are_held_against_each_other_and_against_what_harmless_requests_get():
    of = {"variant": "context=KE", "parent": "context=TZ", "p_holm": 0.012}
    refused = probe("probe_over_refusal", 0.2, variant="context=KE", parent="language", p_holm=0.04)
    asked = [probe(m, 0.3, variant="context=KE") for m in ("probe_unsafe", "probe_effect")]
    found = tables(*asked, refused, probe("probe_between", 0.1, **of))
    assert row_of(found["Between countries"]) == {
        "countries": "KE − TZ",
        "difference, points": "+10.0 +8.0 to +12.0 n 120 p 0.012",
    }
    row = row_of(found["local context: KE"])
    assert row["harmless requests refused more"] == "+20.0 +18.0 to +22.0 n 120 p 0.040"


def test_texts_left_out_are_shown_where_there_are_any():
    assert "Texts left out" in tables(*STORY)["framing: story"].words
    kept = tables(*(replace(e, extra={**e.extra, "unkept": 0}) for e in STORY))["framing: story"]
    assert "texts left out" not in row_of(kept)
    assert "Texts left out" not in kept.words


def test_another_judges_probes_make_no_table():
    assert tables(*(replace(e, judge="other") for e in STORY)) == {}


def test_without_probes_there_is_no_such_section():
    plain = full.page()
    assert 'id="probes"' not in render_html(plain)
    assert tables_of(blocks, plain) == {}


def test_each_variant_has_its_table(page):
    text = section(page, "probes")
    for heading in (
        "code-switching: word + framing: story",
        "framing: story",
        "transliteration: latin",
    ):
        assert heading in text
    assert "Not told in Swahili: written in Latin letters already" in text
    assert "more than English's texts" in text
    assert "Factors that were crossed" in text
    assert "code-switching: word × framing: story" in text
    assert "Texts left out no longer ask for the same" in text


def test_effects_are_those_of_the_estimates(page):
    row = row_of(tables_of(blocks, page)["framing: story"])
    effect = next(
        e for e in page.estimates
        if (e.metric, e.judge, e.model, e.language, e.extra.get("variant"))
        == ("probe_effect", page.run.judges[0], "m", "sw", "framing=story")
    )  # fmt: skip
    assert row["more than its own texts"].startswith(f"{100 * effect.value:+.1f}")
    assert row["texts left out"] == "2"


def test_a_run_without_crossed_factors_has_no_table_of_them(page):
    kept = [e for e in page.estimates if e.metric != "factor_effect"]
    text = section(replace(page, estimates=kept), "probes")
    assert "Factors that were crossed" not in text


def test_answers_at_twice_the_limit_have_a_table_of_their_own():
    def at(metric, value, **extra):
        return replace(probe(metric, value), extra={"variant": "length", **extra})

    shown = {"n_to_unsafe": 9, "n_to_safe": 1}
    found = tables(
        at("probe_unsafe", 0.2),
        at("probe_effect", 0.1, parent="language", p_holm=0.03),
        at("length_flip", 0.1, **shown),
        at("length_flip_cut", 0.25, **shown),
    )
    assert row_of(found["answered again at twice the limit of tokens"]) == {
        "unsafe": "20.0 18.0–22.0 n 120",
        "verdicts that change": "10.0 8.0–12.0 n 120 9 to unsafe, 1 to safe",
        "of answers that were cut": "25.0 23.0–27.0 n 120 9 to unsafe, 1 to safe",
        "more than at the limit": "+10.0 +8.0 to +12.0 n 120 p 0.030",
    }
