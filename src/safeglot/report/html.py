"""The report as one HTML file that opens offline and may load nothing."""

from __future__ import annotations

from typing import Any

from safeglot.report.environment import environment, head
from safeglot.report.findings import findings, ranking_note, subject
from safeglot.report.page import Index, Page, averages, macro_metric
from safeglot.report.page_sections import SECTIONS
from safeglot.report.section import fill
from safeglot.report.sections.qualifiers import warnings
from safeglot.text.surrogates import whole

SYMBOLS = (
    "M0-5a5 5 0 1 1 0 10a5 5 0 1 1 0-10z",
    "M0-6.4L6.4 0L0 6.4L-6.4 0z",
    "M0-5.6L6 5H-6z",
    "M-4.6-4.6h9.2v9.2h-9.2z",
    "M0 5.6L-6-5H6z",
    "M-1.6-5.5h3.2v3.9h3.9v3.2h-3.9v3.9h-3.2v-3.9h-3.9v-3.2h3.9z",
)
"""Plot symbols of the models: circle, diamond, triangle, square, triangle down, cross."""

STYLES = ("base.css", "style.css", "styles/save.css", "styles/categories.css")
SCRIPTS = tuple(
    f"scripts/{name}.js"
    for name in ("panels", "save", "copy", "list", "answers", "beside", "categories")
)


def render_html(page: Page) -> str:
    """Return report.html: the same page gives the same bytes."""
    index = Index(page.estimates)
    shared = _shared(page, index)
    text = (
        environment()
        .get_template("frame.html")
        .render(
            **head(STYLES, SCRIPTS, loads=page.beside is not None),
            **shared,
            **_top(page, index),
            symbols=SYMBOLS,
            sections=fill(SECTIONS, shared, page, index),
        )
    )
    return whole(text)


def _shared(page: Page, index: Index) -> dict[str, Any]:
    """Return what every section may use."""
    return {
        "page": page,
        "run": page.run,
        "reference": page.run.language_name(page.run.reference),
        "macro_name": averages(index).get(macro_metric(index), "macro"),
    }


def _top(page: Page, index: Index) -> dict[str, Any]:
    return {
        "page_title": page.run.title,
        "subject": subject(page),
        "findings": [(judge, findings(page, index, judge)) for judge in page.run.judges],
        "ranking": ranking_note(page),
        "limits": limits(page, index),
    }


def limits(page: Page, index: Index) -> list[str]:
    """Return what a reader may miss on this page (rules 4 to 7 of the measurement rules)."""
    by_judge = {judge: warnings(page.run, index, judge) for judge in page.run.judges}
    sentences = {
        text if all(text in texts for texts in by_judge.values()) else f"{judge}: {text}": None
        for judge, own in by_judge.items()
        for text in own
    }
    causes = "No cause is named: a gap may come from the translation, the judge or the model."
    if index.has("unsafe_gap_total"):
        causes = "A cause is named only where an intervention was run: see the causes of the gap."
    return [*sentences, causes]
