from __future__ import annotations

import re
from dataclasses import replace

from example import small
from safeglot.report.html import render_html
from safeglot.report.saved_figure import short_signature
from safeglot.report.sections.cite import bibtex

KEYS = re.compile(r"^@\w+\{(\w+),", re.MULTILINE)


def test_the_program_the_benchmark_and_the_methods_used_have_entries():
    used = (("wilson", "Wilson 1927"), ("alert", "ALERT"), ("cohen", "Cohen 1960, {x} 20_3"))
    page = small.page(references=used)
    text = bibtex(page)
    assert KEYS.findall(text) == ["safeglot", "malert", "alert", "wilson", "cohen"]
    assert f"signature {short_signature(page.run)}" in text
    assert "eprint = {2412.15035}" in text
    assert "note = {Cohen 1960,  x  20 3}" in text
    assert "Probable Inference" in text
    assert "Holm" not in text


def test_braces_are_balanced_and_a_foreign_version_breaks_nothing():
    page = small.page()
    run = replace(page.run, versions={"safeglot": "1}\\x{%"})
    text = bibtex(replace(page, run=run))
    assert text.count("{") == text.count("}")
    assert "version = {1  x}" in text


def test_the_page_has_it_with_a_button():
    part = render_html(small.page()).split('<section id="cite">')[1].split("</section>")[0]
    assert 'data-copy="bibtex">Copy BibTeX</button>' in part
    assert "@software{safeglot," in part
