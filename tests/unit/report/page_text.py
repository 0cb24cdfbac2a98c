"""The text of a rendered page and of its sections, as a reader sees it."""

from __future__ import annotations

import re
from html import unescape

from example import full
from safeglot.report.html import render_html
from safeglot.report.page import Index, scopes


def text_of(html):
    body = re.sub(r"<(style|script)\b.*?</\1>", " ", html, flags=re.DOTALL)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", body)).replace("\xa0", " "))


def section_html(page, name):
    whole = render_html(page)
    return re.split(rf'<section id="{name}"[^>]*>', whole)[1].split("</section>")[0]


def section(page, name):
    return text_of(section_html(page, name)).strip()


def section_ids(page):
    return re.findall(r'<section id="(\w+)"', render_html(page))


def scope(page):
    """The first judge on the first model of a page."""
    return scopes(page.run, Index(page.estimates))[0]


def everything():
    return [
        *full.classes("en"), *full.classes(), *full.over_refusal("en", refused=0.05),
        *full.over_refusal(), *full.labels("en", passed=True), *full.labels(),
        *full.arms(), *full.noise(),
        full.cochran("crime_theft", 12.3, 0.0005, 0.001, 0.001),
        full.shrunk("en", "crime_theft", 0.9711, 0.9969),
    ]  # fmt: skip


def tables_of(build, page):
    """The tables with rows of the first judge and model, by title."""
    return {block.title: block for block in build(page, scope(page)) if block.rows}


def row_of(block, name="sw"):
    """A row of a table by its tag or name: head -> cell as it is read."""
    row = next(row for row in block.rows if name in (row.tag, row.name))
    return dict(zip(block.heads, map(_read, row.cells), strict=True))


def _read(cell):
    if isinstance(cell, str):
        return cell
    parts = (cell.text, cell.interval, f"n {cell.n}" if cell.n not in ("", "0") else "", cell.note)
    return " ".join(part for part in parts if part)
