"""The command translate: prompts into other languages, as a set that runs can name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from safeglot.cli_options import config_of, options

_OPTIONS = (
    "to", "translator", "quality", "gate", "columns", "taxonomy", "reference", "categories", "kinds",
    "limit", "select_seed", "base_url", "concurrency", "timeout_s", "retries", "budget_tokens",
    "budget_usd", "max_missing",
)  # fmt: skip


@click.command()
@click.argument("prompts")
@options(_OPTIONS, file=False)
@click.option("--out", required=True, help="folder of the translation set")
@click.option("--dry-run", is_flag=True, help="count texts and requests; ask nothing")
@click.option(
    "--again", is_flag=True, help="choose anew from what is stored, e.g. with another gate"
)
@click.option("--retry-failed", is_flag=True, help="try again what failed for good")
@click.option("--quiet", is_flag=True, help="no progress, only the result")
def translate(
    prompts: str,
    out: str,
    *,
    dry_run: bool,
    again: bool,
    retry_failed: bool,
    quiet: bool,
    **flags: Any,
) -> None:
    """Translate PROMPTS, estimate the quality, check, choose and gate; write a translation set.

    PROMPTS is what --prompts of run takes, or a configuration file (.toml).

    \b
    safeglot translate mini --to es,ca --with apertium --quality roundtrip-chrf --out sets/mini
    safeglot run --prompts mini --translations sets/mini --target … --judge … --out runs/first
    """  # noqa: D301 - click reads the escape
    from safeglot import pipeline, sources, translation, translation_text
    from safeglot.backends.console import Console

    flags["translations"] = out
    file = Path(prompts) if prompts.endswith(".toml") else None
    if file is None:
        flags["prompts"] = prompts
        flags["kinds"] = flags["kinds"] or "harmful,benign"
    config = config_of(file, flags)
    console = Console(quiet=quiet)
    if dry_run:
        console.show(translation_text.forecast(translation.plan(config, *sources.load(config))))
        return
    folder = pipeline.translate(config, console, again=again, retry_failed=retry_failed)
    console.show(translation_text.summary(folder, width=console.width))
    translation.check_failed(folder, config.max_missing)
