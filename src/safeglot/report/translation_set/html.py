"""The page of a translation set as one HTML file that opens offline and may load nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from safeglot.report.environment import environment, head
from safeglot.report.numbers.percent import DASH, NBSP, NONE, count, percent
from safeglot.report.section import Section, fill
from safeglot.report.translation_set import outcomes, quality, ratings, texts
from safeglot.report.translation_set.outcomes import by_frequency, kept_share
from safeglot.report.translation_set.view import Statistic, TranslationsView
from safeglot.text.surrogates import whole
from safeglot.types import OUTCOMES

MOST = 6
"""How many languages the top of the page names with what people say of them."""

STYLES = ("base.css", "style.css", "translation_set/style.css")
SCRIPTS = ("scripts/panels.js", "scripts/copy.js", "scripts/list.js", "translation_set/texts.js")


def _section(
    name: str, title: str, context: Callable[[TranslationsView], Mapping[str, Any]]
) -> Section[[TranslationsView]]:
    """Return the record of the section that `translation_set/NAME.html` shows."""
    return Section(id=name, title=title, template=f"translation_set/{name}.html", context=context)


def _nothing(_view: TranslationsView) -> dict[str, Any]:
    """Return nothing: the template needs only what all sections share."""
    return {}


SECTIONS = (
    _section("outcomes", "Outcomes", outcomes.context),
    _section("translators", "Translators", _nothing),
    _section("quality", "Estimates", quality.context),
    _section("ratings", "Ratings", ratings.context),
    _section("settings", "Settings", _nothing),
    _section("texts", "Texts", texts.context),
)
"""The sections in the order of the page: a new one is a row here."""


def render_translations(view: TranslationsView) -> str:
    """Return translations.html: the same view gives the same bytes."""
    shared = {"view": view, "dash": NONE, "by_frequency": by_frequency}
    template = environment().get_template("translation_set/frame.html")
    text = template.render(
        **head(STYLES, SCRIPTS),
        **shared,
        page_title=view.title,
        lead=lead(view),
        findings=findings(view),
        limits=limits(view),
        sections=fill(SECTIONS, shared, view),
    )
    return whole(text)


def lead(view: TranslationsView) -> str:
    """Return in one sentence what the page shows."""
    n, many = view.n_prompts, len(view.languages)
    prompts = f"{count(n)} {'prompt' if n == 1 else 'prompts'} in {view.reference.name}"
    by = "1 translator" if len(view.translators) == 1 else f"{len(view.translators)} translators"
    into = view.languages[0].language.name if many == 1 else f"{many} languages"
    return f"{prompts}, translated into {into} by {by}."


def findings(view: TranslationsView) -> Iterator[str]:
    """Yield the main findings in sentences: what is kept, and what people say of it."""
    totals = {name: sum(o.counts[name] for o in view.languages) for name in OUTCOMES}
    whole = sum(totals.values())
    share = f" ({percent(totals['kept'] / whole)}%)" if whole else ""
    yield (
        f"{count(totals['kept'])} of {count(whole)} texts are kept{share}, {count(totals['gated'])} "
        f"are gated, {count(totals['failed'])} failed."
    )
    if len(view.languages) > 1 and whole:
        ordered = sorted(view.languages, key=lambda o: o.shares["kept"])
        low, high = ordered[0], ordered[-1]
        if kept_share(low) != kept_share(high):
            least, most = (f"{kept_share(o)}% ({o.language.name})" for o in (low, high))
            yield f"The share that is kept goes from {least} to {most}."
    yield from _people(view)


def _people(view: TranslationsView) -> Iterator[str]:
    names = {o.language.tag: o.language.name for o in view.languages}
    shares = [
        f"{names[rated.language]} {_percent(rated.preserved)}, "
        f"n{NBSP}={NBSP}{count(rated.preserved.n)}"
        for rated in view.rated
        if rated.outcome == "kept" and rated.preserved.number is not None
    ]
    if shares:
        more = f"; {len(shares) - MOST} more languages below" if len(shares) > MOST else ""
        yield (
            "People find the meaning kept in this share of the kept texts that they rated: "
            f"{'; '.join(shares[:MOST])}{more}."
        )


def _percent(share: Statistic) -> str:
    interval = ""
    if share.low is not None:
        interval = f" ({percent(share.low)}{DASH}{percent(share.high)}%)"
    return f"{percent(share.number)}%{interval}"


def _screening(view: TranslationsView) -> Iterator[str]:
    """Yield what a gate by an estimator's own thresholds is worth, and where they are untested."""
    for estimator in view.estimators:
        if not estimator.screens:
            continue
        names = [o.language.name for o in view.languages if estimator.name in o.untested]
        untested = f" Its threshold is untested in {', '.join(names)}." if names else ""
        yield (
            f"{estimator.name} is a screening of meaning: it finds another text and half a text, sees "
            "no negation, and where its threshold was measured gates 1 in 20 translations by people."
            f"{untested}"
        )


def limits(view: TranslationsView) -> Iterator[str]:
    """Yield what a reader may miss on this page."""
    yield from view.notes
    if by_order := outcomes.chosen_by_order([o.name for o in view.by_order], view.translators):
        yield by_order
    proxies = [estimator.name for estimator in view.estimators if estimator.proxy]
    if not view.estimators:
        yield "No estimator was asked. The hard checks find gross faults, not wrong meaning."
    elif len(proxies) == len(view.estimators):
        yield (
            f"Every estimate here is a proxy ({', '.join(proxies)}): it was not trained on human "
            "judgements, says little of a single text, and ranks no translators."
        )
    yield from _screening(view)
    for language in view.languages:
        if language.total and not language.counts["kept"]:
            yield f"Nothing is kept in {language.language.name}: a run cannot ask in it."
    if any(o.counts["gated"] + o.counts["failed"] for o in view.languages):
        yield (
            "What is kept may be the easier part of the prompts, and another part in each language. "
            "Compare languages on the prompts that all of them kept."
        )
    if not any(rated.adequacy.n for rated in view.rated):
        yield "No person has rated these translations."
