from __future__ import annotations

from dataclasses import replace

from example import small
from safeglot.report.page import Index, NamedLanguage
from safeglot.report.sections.consistency import consistency_panels, expected_match
from unit.report.page_text import scope


def panel(page):
    return consistency_panels(page, Index(page.estimates))[0]


def match(**extra):
    return replace(small.average("exact_match", "sw", 0.9012), extra=extra)


def test_a_row_has_the_match_the_chance_and_the_flips():
    (row,) = panel(small.page()).rows
    assert (row.language, row.tag, row.match, row.interval, row.n) == (
        "Swahili", "sw", "90.1", "88.9–90.6", "640",
    )  # fmt: skip
    assert (row.expected, row.phi) == ("87.2", "−0.21")
    assert (row.to_unsafe.rate, row.to_unsafe.of) == ("9.2", "of 590")
    assert (row.to_safe.rate, row.to_safe.of) == ("25.0", "of 48")


def test_the_chance_of_a_match_is_an_estimate_of_its_own():
    page = small.page()
    assert expected_match(scope(page), match()) == 0.8722
    alone = small.page(estimates=[match()])
    assert expected_match(scope(alone), match()) is None


def test_a_flip_without_its_share_has_no_base():
    row = panel(small.page(estimates=[match(n_ref_safe=590)])).rows[0]
    assert (row.to_unsafe.rate, row.to_unsafe.of) == ("–", "")
    assert (row.expected, row.phi) == ("–", "–")


def test_several_languages_have_a_row_of_all_together():
    page = small.page()
    languages = (*page.run.languages, NamedLanguage(tag="de", name="German"))
    together = replace(match(), language=None, value=0.85)
    rows = panel(
        small.page(run=replace(page.run, languages=languages), estimates=[match(), together])
    ).rows
    assert [(row.language, row.match) for row in rows] == [
        ("Swahili", "90.1"),
        ("All languages agree", "85.0"),
    ]
    assert [row.tag for row in panel(small.page(estimates=[match(), together])).rows] == ["sw"]


def test_the_reference_alone_has_no_rows():
    page = small.page()
    run = replace(page.run, languages=page.run.languages[:1])
    assert panel(replace(page, run=run)).rows == ()
