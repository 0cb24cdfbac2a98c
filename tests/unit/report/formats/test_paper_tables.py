"""M-ALERT's tables of a run, and what LaTeX prints of texts of others."""

from __future__ import annotations

from dataclasses import replace

import pytest

from example import small
from safeglot.report.formats.paper_tables import MARK, escaped, latex, paper_tables


def tables(**more):
    return paper_tables(small.page(**more))


def judged(page):
    return replace(page, run=replace(page.run, refusals_only=()))


def test_models_by_languages_and_categories_by_languages():
    by_language, *_, by_category = paper_tables(judged(small.page()))
    names = [column.name for column in by_language.columns]
    assert (names[0], names[-1]) == ("model", "all")
    assert by_language.rows[0][0].text == small.MODEL
    assert by_category.columns[0].name == "category"
    assert {cell.value for row in by_category.rows for cell in row[1:]} & {
        e.value for e in small.estimates() if e.metric == "safety"
    }


def test_a_judge_of_refusals_gives_no_safety():
    page = small.page()
    only = replace(page, run=replace(page.run, refusals_only=page.run.judges))
    assert paper_tables(only) == []


def test_what_lacks_too_much_has_a_mark():
    page = judged(small.page())
    lost = [replace(e, missing=e.n) if e.metric == "safety" else e for e in page.estimates]
    *_, by_category = paper_tables(replace(page, estimates=lost))
    shown = [cell for row in by_category.rows for cell in row[1:] if cell.value is not None]
    assert {cell.text for cell in shown} == {MARK}
    assert r"$\dagger$" in latex([by_category])


def test_latex_has_intervals_and_the_signature():
    page = judged(small.page())
    text = latex(paper_tables(page))
    assert text.count(r"\begin{tabular}") == text.count(r"\end{table}") >= 2
    assert r"{\tiny [" in text
    assert escaped(page.run.signature) in text


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("a_b & c%", r"a\_b \& c\%"),
        ("\\input{x}\n$x$", r"\textbackslash{}input\{x\} \$x\$"),
        ("{~^#<>}", r"\{\textasciitilde{}\textasciicircum{}\#\textless{}\textgreater{}\}"),
    ],
)
def test_texts_of_others_are_printed_as_they_are(text, printed):
    assert escaped(text) == printed
