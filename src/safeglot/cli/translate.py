"""The command translate: prompts into other languages, as a set that runs can name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from safeglot.cli.help import GroupedCommand
from safeglot.cli.options import ALLOW, QUIET, config_of, options
from safeglot.report.layout import Grid

if TYPE_CHECKING:
    from safeglot.backends.files.manifest import SetManifest
    from safeglot.backends.files.translation_folder import TranslationFolder
    from safeglot.flow.translation.sets import Plan

_OPTIONS = (
    "to", "translator", "quality", "gate", "columns", "taxonomy", "reference", "categories", "kinds",
    "limit", "select_seed", "base_url", "key_env", "proxy", "http_client", "concurrency", "timeout_s", "patience_s",
    "retries", "budget_tokens", "budget_usd", "max_missing",
)  # fmt: skip
_FRONT = ("to", "translator", "quality", "gate", "limit", "base_url", "key_env", "budget_usd")


@click.command(cls=GroupedCommand)
@click.argument("what", metavar="PROMPTS|CONFIG")
@options(_OPTIONS, file=False, first=_FRONT)
@click.option("--out", required=True, help="folder of the translation set")
@ALLOW
@click.option("--dry-run", is_flag=True, help="count texts and requests; ask nothing")
@click.option(
    "--again", is_flag=True, help="choose anew from what is stored, e.g. with another gate"
)
@click.option("--retry-failed", is_flag=True, help="try again what failed for good")
@QUIET
def translate(
    what: str,
    out: str,
    *,
    dry_run: bool,
    again: bool,
    retry_failed: bool,
    quiet: bool,
    **flags: Any,
) -> None:
    """Translate and check prompts; write a translation set.

    PROMPTS is mini, a file or hf:owner/name, CONFIG a configuration file (.toml).

    \b
    safeglot translate mini --to es,ca --with apertium --quality roundtrip-chrf --out sets/mini
    safeglot run mini --translations sets/mini --target … --judge … --out runs/first
    """  # noqa: D301 - click reads the escape
    from safeglot import pipeline
    from safeglot.backends.console import Console
    from safeglot.flow.prompts import load
    from safeglot.flow.translation import sets

    allow = flags.pop("allow")
    flags["translations"] = out
    if not what.endswith(".toml"):
        flags["kinds"] = flags["kinds"] or "harmful,benign"
    config = config_of(what, flags, allow=allow)
    console = Console(quiet=quiet)
    if dry_run:
        console.show(forecast(sets.plan(config, *load(config))))
        return
    folder = pipeline.translate(config, console, again=again, retry_failed=retry_failed)
    console.show(summary(folder, width=console.width))
    sets.check_failed(folder, config.max_missing)


def forecast(plan: Plan) -> str:
    """Return what a plan would ask for; nothing is sent."""
    n, config = len(plan.prompts.prompts), plan.config
    characters = sum(len(p.text) for p in plan.prompts.prompts)
    lines = [
        f"prompts      {n} ({plan.prompts.source}, {characters:,} characters)",
        f"languages    {', '.join(config.to)}",
    ]
    for translator in plan.steps.translators:
        reached = [tag for tag in config.to if not translator.fault(config.reference, tag)]
        lines.append(
            f"translator   {translator.name}: {n * len(reached)} texts in {', '.join(reached) or 'none'}"
        )
    for estimator in plan.steps.estimators:
        covered = [tag for tag in config.to if not estimator.uncovered(config.reference, tag)]
        lines.append(f"estimator    {estimator.name}: covers {', '.join(covered) or 'none'}")
    return "\n".join([*lines, f"folder       {plan.folder.path}", "Nothing was sent."])


def summary(folder: TranslationFolder, *, width: int) -> str:
    """Return how the texts of a finished set ended, and what to do next."""
    about = folder.read_manifest()
    heads = ("language", "kept", "gated", "failed", "quality of those kept")
    means = dict(_means(folder))
    rows = [_row(tag, about, means) for tag in about.languages]
    left = (True, False, False, False, True)
    notes = [f"Note: {note}" for note in _notes(about)]
    return "\n".join(
        [
            *Grid(heads=heads, rows=rows, left=left, ruled=False).lines(max(width, 80)),
            "",
            *notes,
            f"set:  {folder.path}",
            f"page: {folder.page}",
            f"Next: safeglot run … --translations {folder.path} …"[: max(width, 80)],
        ]
    )


def _row(tag: str, about: SetManifest, means: dict[str, str]) -> tuple[str, str, str, str, str]:
    from safeglot.text import languages

    n = about.counts[tag]
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
        means = [f"{name} {sum(v) / len(v):.2f}" for name, v in by_name.items()]
        yield tag, ", ".join(means) or "not estimated"


def _notes(about: SetManifest) -> Iterator[str]:
    from safeglot.flow.translation.page import own_thresholds
    from safeglot.report.translation_set.outcomes import chosen_by_order

    yield from about.notes
    for name, estimator in about.estimators.items():
        if estimator.thresholds:
            yield (
                f"{name} screens meaning and ranks no translators; its thresholds: "
                f"{own_thresholds(estimator)}."
            )
        elif estimator.proxy:
            brought = ", gates no text that was brought" if estimator.machine_only else ""
            yield (
                f"{name} is a proxy of quality: it was not trained on human judgements, ranks no "
                f"translators{brought}."
            )
        for tag, why in estimator.uncovered.items():
            yield f"{name} does not cover {tag}: {why.removeprefix('not covered: ')}"
    by_order = [tag for tag in about.languages if tag in about.by_order]
    if told := chosen_by_order(by_order, tuple(about.translators)):
        yield told
    if about.gate.threshold is None and not about.gate.by_language:
        yield "no gate: every text that passed the hard checks is kept."
    for tag, counts in about.counts.items():
        if not counts["kept"]:
            yield (
                f"{tag}: nothing is kept, so a run has no {tag}. Look at the page for the reasons; "
                "lower --gate, or add a translator."
            )
