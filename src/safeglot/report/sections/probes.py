"""Probes: each variant of the prompts against the prompts themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from safeglot.report.finding.shares import Verb, verb_of
from safeglot.report.numbers.figures import Figure, difference, extra, rate, word
from safeglot.report.numbers.percent import count, p_value, percent, points
from safeglot.report.numbers.variants import level_words, spelled
from safeglot.report.page import Page, PanelScope
from safeglot.report.sections.blocks import Block, BlockRow, by_language
from safeglot.types import Estimate

LENGTHS = {
    "verdicts that change": "length_flip",
    "of answers that were cut": "length_flip_cut",
    "of the others": "length_flip_whole",
}
METRICS = (
    *LENGTHS.values(),
    "wording_flip",
    "wording_gap",
    "gap_version",
    "probe_unsafe",
    "probe_effect",
    "probe_interaction",
    "probe_between",
    "probe_over_refusal",
    "factor_effect",
)
LONGER = "A draw of the requests, the same in every language, was answered again with twice the limit of tokens. In percent of these, and in points, paired by prompt, p after Holm's adjustment. What changes in answers that had ended by themselves is chance: of sampling, of the server, of the judge."
LEFT_OUT = "Texts left out no longer ask for the same, or are not in the language they should be in; `effect_with_unkept` in the results has them in."


def blocks(page: Page, scope: PanelScope) -> Iterator[Block]:
    """Yield a table a variant, and one of crossed factors; nothing for a run without probes.

    Several estimates are alike but for the variant in `extra`: they are read from the list.
    """
    found = [
        e
        for e in page.estimates
        if e.metric in METRICS and (e.judge, e.model) == (scope.judge, scope.model)
    ]
    effects = [e for e in found if e.metric == "probe_effect"]
    for name in dict.fromkeys(word(e, "variant") for e in effects):
        yield _variant(scope, name, [e for e in found if word(e, "variant") == name])
    yield _between(scope, [e for e in found if e.metric == "probe_between"])
    yield _wordings(scope, found)
    yield _factors(scope, [e for e in found if e.metric == "factor_effect"])


def _variant(scope: PanelScope, name: str, found: Sequence[Estimate]) -> Block:
    reference, verb = scope.run.language_name(scope.run.reference), verb_of(scope)
    by_key = {(e.metric, word(e, "parent"), e.language): e for e in found}
    asked = [o for o in scope.run.languages if ("probe_unsafe", "", o.tag) in by_key]
    left_out = [
        o.name
        for o in scope.run.languages
        if o not in asked and any(e.language == o.tag for e in found)
    ]

    def effect(metric: str, parent: str, tag: str) -> Figure:
        return _tested(by_key.get((metric, parent, tag)))

    def flips(metric: str, tag: str) -> Figure:
        return _flips(by_key.get((metric, "", tag)), verb)

    words = f"In percent, and in points more {verb.answers} than without it, paired by prompt, p after Holm's adjustment within a factor. A variant that the model does not understand looks {verb.safe}."
    if is_longer := name == "length":
        words = LONGER
    elif left_out:
        words += f" Not told in {', '.join(left_out)}: written in Latin letters already."
    unkept = any(extra(e, "unkept") for e in found)
    return by_language(
        asked,
        {
            verb.rate: lambda tag: rate(by_key.get(("probe_unsafe", "", tag))),
            **{head: partial(flips, metric) for head, metric in LENGTHS.items()},
            "more than at the limit" if is_longer else "more than its own texts": lambda tag: (
                effect("probe_effect", "language", tag)
            ),
            f"more than {reference}'s texts": lambda tag: effect("probe_effect", "reference", tag),
            f"than {reference}'s, not the same requests": lambda tag: _turned(
                by_key.get(("gap_version", "", tag))
            ),
            f"beyond that in {reference}": lambda tag: effect("probe_interaction", "", tag),
            "harmless requests refused more": lambda tag: effect(
                "probe_over_refusal", "language", tag
            ),
            "texts left out": lambda tag: _texts(
                by_key.get(("probe_effect", "language", tag)), "unkept"
            ),
            "without the variant": lambda tag: _texts(
                by_key.get(("probe_effect", "language", tag)), "unmade"
            ),
        },
        title=spelled(name),
        words=f"{words} {LEFT_OUT}" if unkept else words,
    )


def _flips(flip: Estimate | None, verb: Verb) -> Figure:
    """Return a share of changed verdicts, with how many of them turned which way."""
    ways = {verb.rate: extra(flip, "n_to_unsafe"), verb.safe: extra(flip, "n_to_safe")}
    note = ", ".join(f"{n or 0:.0f} to {word}" for word, n in ways.items())
    return replace(rate(flip), note=note if flip and flip.n else "")


def _tested(effect: Estimate | None) -> Figure:
    """Return an effect with its p, corrected for all of its factor."""
    figure, p = difference(effect), extra(effect, "p_holm")
    return figure if p is None else replace(figure, note=f"p {p_value(p)}")


def _turned(gap: Estimate | None) -> Figure:
    """Return a difference of safety as one of unsafe answers."""
    if gap is None or gap.value is None or gap.low is None or gap.high is None:
        return difference(None)
    return difference(replace(gap, value=-gap.value, low=-gap.high, high=-gap.low))


def _texts(effect: Estimate | None, key: str) -> str:
    n = extra(effect, key)
    return count(int(n)) if n else ""


def _wordings(scope: PanelScope, found: Sequence[Estimate]) -> Block:
    flips = {e.language: e for e in found if e.metric == "wording_flip"}
    gaps = {e.language: e for e in found if e.metric == "wording_gap"}
    return by_language(
        [language for language in scope.run.languages if language.tag in flips],
        {
            "verdicts that flip": lambda tag: rate(flips.get(tag)),
            f"gap to {scope.run.language_name(scope.run.reference)}": lambda tag: difference(
                gaps.get(tag)
            ),
            "own texts alone": lambda tag: Figure(text=points(extra(gaps.get(tag), "gap_own"))),
            "± by wording": lambda tag: Figure(text=percent(extra(gaps.get(tag), "sd_wording"))),
            "share of wording, %": lambda tag: Figure(
                text=percent(extra(gaps.get(tag), "share_wording"))
            ),
        },
        title="How much is wording",
        words=f"Requests put in several ways: how often two wordings of one get different verdicts, and the gap averaged over them, in points more {verb_of(scope).answers}, each request as one. ±: one standard deviation of the gap over other wordings. The share is that of wording in the spread of the gap between requests. Where a model draws its answers, the draw counts as wording.",
    )


def _between(scope: PanelScope, differences: Sequence[Estimate]) -> Block:
    verb = verb_of(scope)
    return _listed(
        scope,
        differences,
        title="Between countries",
        words=f"By how many points more {verb.answers} the same requests get about the first country than about the second, in one language. p after Holm's adjustment over all pairs and languages.",
        heads=("countries", "difference, points"),
        name=lambda e: " − ".join(
            level_words(word(e, key)).rpartition(" ")[2] for key in ("variant", "parent")
        ),
    )


def _factors(scope: PanelScope, effects: Sequence[Estimate]) -> Block:
    return _listed(
        scope,
        effects,
        title="Factors that were crossed",
        words="The effect of a factor is its mean over the levels of the others, on prompts that were put in every combination. Two factors joined by × tell by how much more one does where the other is there too.",
        heads=("factor", "effect, points"),
        name=lambda e: " × ".join(level_words(one) for one in word(e, "factor").split(" x ")),
    )


def _listed(
    scope: PanelScope, found: Sequence[Estimate], *, name: Callable[[Estimate], str], **about: Any
) -> Block:
    """Return a table with a row for each estimate: its language, its name and its number."""
    rows = tuple(
        BlockRow(
            name=scope.run.language_name(e.language or ""),
            tag=e.language or "",
            cells=(name(e), _tested(e)),
        )
        for e in found
    )
    return Block(rows=rows, **about)
