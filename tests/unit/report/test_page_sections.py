from __future__ import annotations

import re

import pytest

from example import full
from safeglot.report import html as report_html
from safeglot.report.environment import file_text
from safeglot.report.html import render_html
from safeglot.report.page import Index
from safeglot.report.page_sections import SECTIONS
from safeglot.report.section import Section
from unit.report.page_text import everything, section_ids


def test_ids_and_titles_are_told_apart():
    assert len({section.id for section in SECTIONS}) == len(SECTIONS)
    assert len({section.title for section in SECTIONS}) == len(SECTIONS)


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.id)
def test_a_template_is_one_section_with_the_id_of_its_record(section):
    text = file_text(section.template)
    assert text.count('<section id="{{ section.id }}"') == text.count("</section>") == 1
    context = section.context(page := full.page(*everything()), Index(page.estimates))
    assert context is None or not {"page", "run", "reference", "macro_name", "section"} & set(
        context
    )


def test_every_part_of_the_list_is_there_and_the_other_way_round():
    for page in (full.page(), full.page(*everything())):
        html = render_html(page)
        nav = re.search(r"<nav.*?</nav>", html, re.DOTALL)[0]
        assert re.findall(r'href="#(\w+)"', nav) == section_ids(page)


def test_the_page_keeps_the_order_of_the_list():
    ids = [section.id for section in SECTIONS]
    shown = section_ids(full.page(*everything()))
    assert shown == [name for name in ids if name in shown]
    silent = {"plans", "translations", "probes", "norms", "mitigations", "tuning"}
    assert set(ids) - set(shown) == silent


def test_a_row_is_all_that_the_page_needs_of_a_new_section(monkeypatch):
    row = Section(
        id="new",
        title="New",
        template="facts.html",
        context=lambda page, index: {
            "fact_tables": ((page.run.title, {"has": str(index.has("gap"))}),)
        },
    )
    monkeypatch.setattr(report_html, "SECTIONS", (SECTIONS[0], row, *SECTIONS[1:]))
    html = render_html(full.page())
    top, main = html.split("<main>")
    assert '<a href="#finding">Finding</a></li>\n<li><a href="#new">New</a></li>' in top
    assert "<td>True</td>" in main.split('<section id="caveats"')[0]
