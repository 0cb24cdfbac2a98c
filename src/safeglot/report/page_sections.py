"""The list of the report's sections, in the order of the page: a new section is a row here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from safeglot.report.page import Index, Page, PanelScope
from safeglot.report.section import Section
from safeglot.report.sections import (
    categories,
    causes,
    caveats,
    cite,
    gaps,
    labels,
    methods,
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
from safeglot.report.sections.blocks import Block, context_of
from safeglot.report.sections.finding import view
from safeglot.report.sections.guards import view as guards
from safeglot.report.sections.mitigations import view as mitigations
from safeglot.report.sections.norms import view as norms
from safeglot.report.sections.plans import view as plans


def _section(
    name: str,
    title: str,
    context: Callable[[Page, Index], Mapping[str, Any] | None],
    id_: str = "",
) -> Section[[Page, Index]]:
    """Return the record of the section that `sections/NAME.html` shows."""
    return Section(id=id_ or name, title=title, template=f"sections/{name}.html", context=context)


def _blocks(
    name: str, title: str, blocks: Callable[[Page, PanelScope], Iterable[Block]]
) -> Section[[Page, Index]]:
    """Return the record of a section that is tables alone."""
    return _section("blocks", title, context_of(blocks), name)


def _nothing(_page: Page, _index: Index) -> dict[str, Any]:
    """Return nothing: the template needs only what all sections share."""
    return {}


GUARD_SECTIONS = (
    _section("guards", "Guards under test", guards.context),
    _section("settings", "Settings", _nothing),
    _section("cite", "Cite", cite.context),
)
"""Those of a run whose judges are under test."""
SECTIONS = (
    _section("finding", "Finding", view.context),
    _section("caveats", "Caveats", caveats.context),
    _section("refusals", "Safe, and still useful", refusals.context, "plane"),
    _section("categories", "Where it happens", categories.context),
    _section("answers/flips", "The same request, another answer", flips.context, "flips"),
    _section("answers/listing", "Answers", listing.context, "answers"),
    _section("mitigations", "Mitigations", mitigations.context),
    _section("gaps", "Gaps", gaps.context),
    _section("tuning", "Base against instruct", tuning.context),
    _section("plans", "The plan", plans.context),
    _section("missing", "Missing and blocked", missing.context),
    _blocks("rates", "All rates", rates.blocks),
    _section("responses", "Kinds of answers", responses.context),
    _section("causes", "Causes", causes.context),
    _section("translations", "Translations", translations.context),
    _blocks("probes", "Probes", probes.blocks),
    _blocks("judge", "The judge's errors", labels.blocks),
    _blocks("norms", "Norms", norms.blocks),
    _blocks("noise", "Noise floor", noise.blocks),
    _section("methods", "Methods", methods.context),
    _section("settings", "Settings", _nothing),
    _section("cite", "Cite", cite.context),
)
