"""A guide as Markdown, or as one HTML page: one text, whose parts each form sets in its own way."""

from __future__ import annotations

import re
from typing import Any, Literal, TypeAlias

from jinja2 import Environment
from markupsafe import Markup

from safeglot.report.environment import environment, head
from safeglot.report.finding.shares import gap_span, rate_and_span
from safeglot.report.guide.view import GuideSource, context, costs, why_not
from safeglot.report.numbers.direction import worse_by
from safeglot.report.numbers.percent import n_of, number, p_equals, percent, points, shortfalls
from safeglot.report.page_sections import SECTIONS
from safeglot.report.policy.view import name_of, sentence
from safeglot.report.sections.norms import view
from safeglot.text.cells import code_span, markdown_text
from safeglot.text.control import one_line
from safeglot.text.surrogates import whole

Form: TypeAlias = Literal["markdown", "page"]
FILTERS = (
    costs, gap_span, n_of, name_of, number, one_line, p_equals, percent, points, rate_and_span, sentence, shortfalls, why_not, worse_by,
)  # fmt: skip


def render(source: GuideSource, form: Form) -> str:
    """Return the guide: the same run gives the same bytes, and nothing in it is marked up by others."""
    html = environment()
    jinja = html.overlay() if form == "page" else html.overlay(finalize=_in_markdown)
    ours = {"code": _code, "flat": _flat, "bare": _bare, "of_norms": view.sentence}
    jinja.filters = html.filters | ours | {of.__name__: of for of in FILTERS}
    jinja.tests = html.tests | {"told_by_norms": view.is_told}
    titles = {section.id: section.title for section in SECTIONS}
    text = _filled(jinja, f"guide/{form}.html", titles=titles, **context(source))
    if form == "page":
        more = head(("base.css", "guide/style.css"), ())
        text = _filled(html, "guide/frame.html", text=text, page_title=source.scope.model, **more)
    return whole(re.sub(r"\n{3,}", "\n\n", f"{text.strip()}\n"))


def _filled(jinja: Environment, name: str, **known: Any) -> Markup:
    return Markup(jinja.get_template(name).render(**known))  # noqa: S704  the template has escaped it


def _in_markdown(value: Any) -> Any:
    """Return a text of others such that Markdown marks nothing up in it."""
    return Markup(markdown_text(value)) if type(value) is str else value  # noqa: S704  escaped


def _code(text: str) -> Markup:
    return Markup(code_span(text))  # noqa: S704  nothing ends a span of code


def _flat(text: Markup) -> Markup:
    """Return what a template has in several lines on one."""
    return Markup(re.sub(r"[ \n]+", " ", text).strip())  # noqa: S704  as it came


def _bare(text: str) -> Markup:
    """Return a command as it stands in a block of code, whose one line nothing ends."""
    return Markup(one_line(text))  # noqa: S704  a block of code marks nothing up
