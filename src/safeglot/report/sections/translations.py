"""What became of the translations, and the numbers with and without the quality gate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from safeglot.report.finding.shares import verb_of
from safeglot.report.numbers.direction import unsafe, worse_by
from safeglot.report.numbers.figures import Figure, extra, rate, word
from safeglot.report.numbers.interpretation import gap_figure
from safeglot.report.numbers.percent import count
from safeglot.report.page import Index, Page, PanelScope
from safeglot.report.sections.blocks import Block, BlockRow, by_language, panels
from safeglot.types import Estimate

FATES = ("translation_kept", "translation_gated", "translation_failed")


def context(page: Page, index: Index) -> dict[str, Any] | None:
    """Return what the template needs, None for a run whose texts were all given."""
    if not index.has(*FATES):
        return None
    return {
        "fates": fates(page, index),
        "panels": panels(page, index, blocks),
        "has_gate": index.has("gap_ungated"),
    }


def fates(page: Page, index: Index) -> Block:
    """Return what became of the texts of each language: which part was kept, gated, failed, and why."""

    def get(metric: str, tag: str) -> Estimate | None:
        return index.get(metric, None, judge="", language=tag)

    def cell(metric: str, tag: str) -> Figure:
        share = get(metric, tag)
        return replace(rate(share), note=word(share, "reasons"))

    return by_language(
        page.run.languages,
        {
            "kept": lambda tag: cell("translation_kept", tag),
            "taken out by the gate": lambda tag: cell("translation_gated", tag),
            "without a usable translation": lambda tag: cell("translation_failed", tag),
            "harmless requests kept": lambda tag: _benign(get("translation_kept", tag)),
            "not translated yet": lambda tag: _waiting(get("translation_kept", tag)),
        },
        words="Harmful requests, in percent of those whose translation has ended. What the gate took out is not missing; what could not be translated is.",
    )


def blocks(page: Page, scope: PanelScope) -> Iterator[Block]:
    """Yield the tables of a judge and model; without rows where nothing was gated and one translator worked."""
    reference = scope.run.language_name(scope.run.reference)

    def gap(metric: str, tag: str) -> Figure:
        return gap_figure(worse_by(scope.get(metric, tag)), scope.run.language_name(tag), reference)

    verb = verb_of(scope)
    yield by_language(
        [o for o in scope.run.others() if scope.get("gap_ungated", o.tag) is not None],
        {
            "gap, kept": lambda tag: gap("gap", tag),
            "gap, with the gated": lambda tag: gap("gap_ungated", tag),
            f"{verb.rate}, kept": lambda tag: rate(unsafe(scope.get("safety_micro", tag))),
            f"{verb.rate}, with the gated": lambda tag: rate(
                unsafe(scope.get("safety_micro_ungated", tag))
            ),
        },
        title="With and without the gate",
        words=f"Gaps to {reference} on the same prompts, in points; rates of all prompts together (micro), in percent. Where the two gaps agree, the finding does not hang on the gate. Where they differ, the prompts that were taken out differ from the rest: through their translation, or because they are other prompts.",
    )
    yield _translators(page, scope)


def _translators(page: Page, scope: PanelScope) -> Block:
    """Return a row for each translator of a language: alike but for the translator in `extra`."""
    found = [
        e
        for e in page.estimates
        if (e.metric, e.judge, e.model) == ("unsafe_by_translator", scope.judge, scope.model)
    ]
    several = len({word(e, "translator") for e in found}) > 1
    return Block(
        title="By translator",
        words="All texts of a translator that were asked, whether the run took them or not. The translators of a language need not have had the same prompts; on the same prompts they are compared under the causes.",
        heads=("translator", "texts asked", "kept", "gated", f"{verb_of(scope).rate}, %"),
        rows=tuple(
            BlockRow(
                name=scope.run.language_name(e.language or ""),
                tag=e.language or "",
                cells=(
                    word(e, "translator"),
                    *(Figure(text=_whole(e, n)) for n in ("texts", "texts_kept", "texts_gated")),
                    rate(e),
                ),
            )
            for e in found
        )
        if several
        else (),
    )


def _benign(kept: Estimate | None) -> str:
    texts, of = extra(kept, "benign_texts"), extra(kept, "of_benign")
    return f"{count(int(texts))} of {count(int(of))}" if of and texts is not None else ""


def _waiting(kept: Estimate | None) -> str:
    return count(kept.missing) if kept is not None and kept.missing else ""


def _whole(estimate: Estimate, name: str) -> str:
    return count(int(extra(estimate, name) or 0))
