"""Outcomes by language: how many prompts are kept, gated and failed, and by what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from safeglot.report.numbers.percent import NONE, count, percent
from safeglot.report.translation_set.view import LanguageView, TranslationsView


def context(view: TranslationsView) -> dict[str, Any]:
    """Return what the template needs."""
    return {
        "kept_share": kept_share,
        "by_order": chosen_by_order([o.name for o in view.by_order], view.translators),
    }


def kept_share(view: LanguageView) -> str:
    """Return the share of the prompts that is kept, in percent."""
    return percent(view.shares["kept"]) if view.total else NONE


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
