"""What the command translate prints."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from safeglot import languages
from safeglot.backends.translation_folder import TranslationFolder
from safeglot.translation import Plan


def forecast(plan: Plan) -> str:
    """Count what a plan asks for; nothing is sent."""
    n, config = len(plan.prompts.prompts), plan.config
    characters = sum(len(p.text) for p in plan.prompts.prompts)
    lines = [
        f"prompts      {n} ({plan.prompts.source}, {characters:,} characters)",
        f"languages    {', '.join(config.to)}",
    ]
    for translator in plan.tools.translators:
        reached = [tag for tag in config.to if not translator.fault(config.reference, tag)]
        lines.append(
            f"translator   {translator.name}: {n * len(reached)} texts in {', '.join(reached) or 'none'}"
        )
    for estimator in plan.tools.estimators:
        covered = [tag for tag in config.to if not estimator.uncovered(config.reference, tag)]
        lines.append(f"estimator    {estimator.name}: covers {', '.join(covered) or 'none'}")
    return "\n".join([*lines, f"folder       {plan.folder.path}", "Nothing was sent."])


def summary(folder: TranslationFolder, *, width: int) -> str:
    """Tell how the texts of a finished set ended, and what to do next."""
    about = folder.read_manifest()
    rows = [("language", "kept", "gated", "failed", "quality of those kept")]
    rows += [_row(tag, about, dict(_means(folder))) for tag in about["languages"]]
    widths = [max(len(str(row[i])) for row in rows) for i in range(5)]
    lines = [
        "  ".join(
            str(cell).ljust(w) if i in (0, 4) else str(cell).rjust(w)
            for i, (cell, w) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    notes = [f"Note: {note}" for note in _notes(about)]
    return "\n".join(
        [
            *lines,
            "",
            *notes,
            f"set:  {folder.path}",
            f"page: {folder.page}",
            f"Next: safeglot run --prompts … --translations {folder.path} …"[: max(width, 80)],
        ]
    )


def _row(tag: str, about: Any, means: dict[str, str]) -> tuple[str, str, str, str, str]:
    n = about["counts"][tag]
    name = f"{tag} ({languages.lookup(tag).name})"
    return name, str(n["kept"]), str(n["gated"]), str(n["failed"]), means.get(tag, "not estimated")


def _means(folder: TranslationFolder) -> Iterator[tuple[str, str]]:
    totals: dict[str, dict[str, list[float]]] = {}
    for row in folder.read_translations():
        if row["outcome"] == "kept":
            by_name = totals.setdefault(row["language"], {})
            for name, value in row["quality"].items():
                by_name.setdefault(name, []).append(value)
    for tag, by_name in totals.items():
        told = [f"{name} {sum(v) / len(v):.2f}" for name, v in by_name.items()]
        yield tag, ", ".join(told) or "not estimated"


def _notes(about: Any) -> Iterator[str]:
    yield from about["notes"]
    for name, estimator in about["estimators"].items():
        if estimator["proxy"]:
            yield f"{name} is a proxy of quality: it was not trained on human judgements."
        for tag, why in estimator["not covered"].items():
            yield f"{name} does not cover {tag}: {why}"
    gate = about["gate"]
    if gate["threshold"] is None and not gate["by_language"]:
        yield "no gate: every text that passed the hard checks is kept."
    for tag, counts in about["counts"].items():
        if not counts["kept"]:
            yield (
                f"{tag}: nothing is kept, so a run has no {tag}. Look at the page for the reasons; "
                "lower --gate, or add a translator."
            )
