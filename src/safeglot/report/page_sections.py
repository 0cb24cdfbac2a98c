"""The list of the report's sections, in the order of the page: a new section is a row here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from safeglot.report.page import Index, Page
from safeglot.report.section import Section
from safeglot.report.sections import (
    categories,
    causes,
    caveats,
    cite,
    gaps,
    labels,
    missing,
    noise,
    probes,
    rates,
    refusals,
    responses,
    translations,
    tuning,
)
from safeglot.report.sections.answers import flips, listing
from safeglot.report.sections.finding import view


def _section(
    name: str,
    title: str,
    context: Callable[[Page, Index], Mapping[str, Any] | None],
    id_: str = "",
) -> Section[[Page, Index]]:
    """Return the record of the section that `sections/NAME.html` shows."""
    return Section(id=id_ or name, title=title, template=f"sections/{name}.html", context=context)


def _nothing(_page: Page, _index: Index) -> dict[str, Any]:
    """Return nothing: the template needs only what all sections share."""
    return {}


SECTIONS = (
    _section("finding", "Finding", view.context),
    _section("caveats", "Caveats", caveats.context),
    _section("refusals", "Safe, and still useful", refusals.context, "plane"),
    _section("categories", "Where it happens", categories.context),
    _section("answers/flips", "The same request, another answer", flips.context, "flips"),
    _section("answers/listing", "Answers", listing.context, "answers"),
    _section("gaps", "Gaps", gaps.context),
    _section("tuning", "Base against instruct", tuning.context),
    _section("missing", "Missing and blocked", missing.context),
    _section("rates", "All rates", rates.context),
    _section("responses", "Kinds of answers", responses.context),
    _section("causes", "Causes", causes.context),
    _section("translations", "Translations", translations.context),
    _section("probes", "Probes", probes.context),
    _section("labels", "Judge's errors", labels.context, "judge"),
    _section("noise", "Noise floor", noise.context),
    _section("settings", "Settings", _nothing),
    _section("cite", "Cite", cite.context),
)
