"""The record of a section: its place in the list of parts, its template, and what that needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, ParamSpec

from markupsafe import Markup

from safeglot.report.environment import environment

P = ParamSpec("P")


@dataclass(frozen=True, slots=True, kw_only=True)
class Section(Generic[P]):
    """A section of a page.

    `context` returns what the template needs beyond what all sections share; None leaves the
    section and its place in the list of parts out.
    """

    id: str
    title: str
    template: str
    context: Callable[P, Mapping[str, Any] | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class FilledSection:
    """A section as it stands in one page; `title` is its name in the list of parts."""

    id: str
    title: str
    text: Markup


def fill(
    sections: Sequence[Section[P]], shared: Mapping[str, Any], *args: P.args, **kwargs: P.kwargs
) -> list[FilledSection]:
    """Return the sections that a page has, filled from what their contexts are computed from."""
    return [
        FilledSection(id=section.id, title=section.title, text=_text(section, shared, context))
        for section in sections
        if (context := section.context(*args, **kwargs)) is not None
    ]


def _text(section: Section[P], shared: Mapping[str, Any], context: Mapping[str, Any]) -> Markup:
    template = environment().get_template(section.template)
    text = template.render(section=section, **shared, **context)
    return Markup(text)  # noqa: S704  the template has escaped what was put in
