"""The report as one HTML file that opens offline and may load nothing."""

from __future__ import annotations

from typing import Any

from safeglot.report.environment import environment, head
from safeglot.report.finding import commands
from safeglot.report.guards.finding import is_guard_test
from safeglot.report.names import short_names
from safeglot.report.page import Index, Page, averages, macro_metric
from safeglot.report.page_sections import GUARD_SECTIONS, SECTIONS
from safeglot.report.saved_figure import short_signature, version
from safeglot.report.section import fill
from safeglot.text.surrogates import whole

STYLES = ("base.css", "style.css", "styles/save.css", "styles/categories.css", "styles/flips.css")
SCRIPTS = tuple(
    f"scripts/{name}.js"
    for name in ("panels", "save", "copy", "list", "answers", "beside", "categories", "flips")
)


def render_html(page: Page) -> str:
    """Return report.html: the same page gives the same bytes."""
    index = Index(page.estimates)
    shared = _shared(page, index)
    is_of_guards = is_guard_test(page)
    picks = (("model", "Model", page.run.models), ("judge", "Judge", page.run.judges))
    text = (
        environment()
        .get_template("frame.html")
        .render(
            **head(STYLES, SCRIPTS, loads=page.beside is not None),
            **shared,
            page_title=page.run.title,
            short=short_names(page.run.models) | short_names(page.run.judges),
            picks=() if is_of_guards else picks,
            sections=fill(GUARD_SECTIONS if is_of_guards else SECTIONS, shared, page, index),
        )
    )
    return whole(text)


def _shared(page: Page, index: Index) -> dict[str, Any]:
    """Return what every section may use."""
    return {
        "page": page,
        "run": page.run,
        "view": commands.command("view", page.run.place),
        "reference": page.run.language_name(page.run.reference),
        "signature_line": f"{version(page.run)} \N{MIDDLE DOT} {short_signature(page.run)}",
        "macro_name": averages(index).get(macro_metric(index), "macro"),
    }
