"""Outcomes by language: how many prompts are kept, gated and failed, and by what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from safeglot.report.numbers.percent import NONE, count, percent
from safeglot.report.numbers.segments import Segment, segments
from safeglot.report.page import NamedLanguage
from safeglot.report.translation_set.view import LanguageView, TranslationsView
from safeglot.types import OUTCOMES


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeRow:
    """One language."""

    language: NamedLanguage
    bar: tuple[Segment, ...]
    words: str
    kept: int
    gated: int
    failed: int
    share: str
    gated_by: str
    failed_by: str


def context(view: TranslationsView) -> dict[str, Any]:
    """Return what the template needs."""
    return {
        "outcomes": [_row(language) for language in view.languages],
        "by_order": chosen_by_order([o.name for o in view.by_order], view.translators),
    }


def kept_share(view: LanguageView) -> str:
    """Return the share of the prompts that is kept, in percent."""
    return percent(view.counts["kept"] / view.total) if view.total else NONE


def chosen_by_order(languages: Sequence[str], translators: Sequence[str]) -> str:
    """Return in which languages the order of the translators chose; "" for none."""
    if not languages:
        return ""
    return (
        f"No estimator that ranks translations covers {', '.join(languages)}: each prompt has the "
        f"first text that passed, in the order of the translators ({', '.join(translators)})."
    )


def by_frequency(counts: Mapping[str, int]) -> str:
    """Return counts by name, the most frequent first: "wrong language 12, empty 3"."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{name} {count(n)}" for name, n in ordered if n)


def _row(view: LanguageView) -> OutcomeRow:
    shares = {name: view.counts[name] / max(view.total, 1) for name in OUTCOMES}
    words = ", ".join(f"{name} {percent(share)}%" for name, share in shares.items())
    return OutcomeRow(
        language=view.language,
        bar=segments(shares),
        words=f"{view.language.name}: {words}",
        kept=view.counts["kept"],
        gated=view.counts["gated"],
        failed=view.counts["failed"],
        share=kept_share(view),
        gated_by=by_frequency(view.gated_by),
        failed_by=by_frequency(view.failed_by),
    )
