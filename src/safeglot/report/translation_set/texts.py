"""The texts: the data of the list, which the page's script fills, and its filters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from markupsafe import Markup

from safeglot.report.environment import script_json
from safeglot.report.numbers.percent import count
from safeglot.report.translation_set.quality import NO_TEXT
from safeglot.report.translation_set.view import TextRow, TranslationsView
from safeglot.types import OUTCOMES, CandidateRow


def context(view: TranslationsView) -> dict[str, Any]:
    """Return what the template needs."""
    return {
        "held": _held(view),
        "filters": list(filters(view)),
        "texts_json": Markup(texts_json(view)),  # noqa: S704  escaped by script_json
    }


def filters(view: TranslationsView) -> Iterator[tuple[str, str, Sequence[tuple[str, str]]]]:
    """Yield (id, name, options) of each filter of the list; an option is (value, name)."""
    checks = {name for row in view.rows for c in row.candidates for name in c.faults}
    broken = any(c.broken for row in view.rows for c in row.candidates)
    languages = [o.language for o in view.languages]
    yield "language", "Language", [(o.tag, f"{o.name} ({o.tag})") for o in languages]
    yield "outcome", "Outcome", _same(OUTCOMES)
    yield "check", "A candidate failed at", _same([*sorted(checks), *([NO_TEXT] * broken)])
    yield "translator", "Translator chosen", _same(view.translators)
    yield "kind", "Kind", _same(sorted({row.kind for row in view.rows}))


def texts_json(view: TranslationsView) -> str:
    """Return the texts with their candidates as the JSON that the page's script reads."""
    languages = [o.language for o in view.languages]
    return script_json(
        {
            "names": {language.tag: language.name for language in languages},
            "directions": {language.tag: language.direction for language in languages},
            "reference": asdict(view.reference),
            "rows": [_text(row) for row in view.rows],
        }
    )


def _same(names: Sequence[str]) -> list[tuple[str, str]]:
    return [(name, name) for name in names]


def _held(view: TranslationsView) -> str:
    """Return how many of the texts the page holds, and how they were drawn."""
    total = sum(o.total for o in view.languages)
    if view.n_shown >= view.n_prompts:
        return f"This page holds all {count(total)} texts."
    return (
        f"This page holds {count(len(view.rows))} of {count(total)} texts: {count(view.n_shown)} of "
        f"{count(view.n_prompts)} prompts in all languages, drawn by the hash of their ids, so that "
        "they are a fair sample. The tables above are of all texts."
    )


def _text(row: TextRow) -> dict[str, Any]:
    return {
        "id": row.prompt_id,
        "language": row.language,
        "kind": row.kind,
        "categories": row.categories,
        "source": row.source,
        "outcome": row.outcome,
        "translator": row.translator,
        "reason": row.reason,
        "candidates": [_candidate(candidate) for candidate in row.candidates],
    }


def _candidate(candidate: CandidateRow) -> dict[str, Any]:
    fields: dict[str, Any] = {"translator": candidate.translator, "text": candidate.text}
    for name in ("broken", "faults", "quality", "untold"):
        if value := getattr(candidate, name):
            fields[name] = value if isinstance(value, str) else dict(value)
    return fields if candidate.rank is None else fields | {"rank": candidate.rank}
