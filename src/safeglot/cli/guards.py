"""The command guards: judges themselves under test, on labelled prompts or answers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import click

from safeglot.cli.help import FIRST, GroupedCommand, grouped
from safeglot.cli.judge import UNCHECKED
from safeglot.cli.options import ALLOW, QUIET, config_of, options

_SETTINGS = (
    "judge", "judge_base_url", "key_env", "languages", "reference", "columns", "read_as", "probes", "probe_share", "probe_seed", "out", "budget_usd",
    "budget_tokens", "prices", "proxy", "http_client", "concurrency", "timeout_s", "patience_s",
    "retries", "max_missing", "level", "engine", "ray_address",
    "replicas", "gpus_per_replica",
)  # fmt: skip
_SHOWN = (
    "judge", "judge_base_url", "key_env", "languages", "columns", "read_as", "probes", "budget_usd", "out",
)  # fmt: skip


@click.command(cls=GroupedCommand)
@click.argument("labelled", nargs=-1, required=True, metavar="LABELLED...")
@options(_SETTINGS, file=False, first=_SHOWN)
@grouped(
    FIRST,
    "--side",
    type=click.Choice(("prompts", "answers")),
    default=None,
    help="what is rated, where a file has labels of both",
)
@grouped(FIRST, "--dry-run", is_flag=True, help="count texts, requests and tokens; send nothing")
@grouped(FIRST, "--full", is_flag=True, help="all tables behind the finding")
@grouped(
    "Servers and limits",
    "--retry-failed",
    is_flag=True,
    help="try again what failed for good, and unread verdicts",
)
@grouped("Judging", "--unchecked-judge", is_flag=True, help=UNCHECKED)
@ALLOW
@QUIET
def guards(
    labelled: tuple[str, ...],
    *,
    side: str | None,
    dry_run: bool,
    full: bool,
    quiet: bool,
    **flags: Any,
) -> None:
    """Test guards: what each finds of labelled texts, by language.

    LABELLED is a file of prompts or answers with a label each (.csv, .tsv, .jsonl, .json,
    .parquet, hf:owner/name), or a run's folder: its answers, with the labels that people gave them.
    --languages are those that the guards are meant for: which of them were evaluated is told. Judges
    of --judge are the guards, of a run without them its own; more of them join a test that is there.
    """
    from safeglot import pipeline
    from safeglot.backends.console import Console
    from safeglot.cli.look import show_text
    from safeglot.flow.guards import trial as trials
    from safeglot.flow.run.session import check_missing
    from safeglot.prompts.reading.label_columns import LabelledOptions

    how = {"retry_failed": flags.pop("retry_failed"), "unchecked": flags.pop("unchecked_judge")}
    is_named = bool(flags["judge"])
    config = config_of(None, flags, allow=flags.pop("allow"), here=False)
    config = config if is_named else replace(config, judge=())  # none is a guard unless it is named
    chosen = LabelledOptions(columns=config.columns, side=side)
    trial = trials.plan(labelled, config, chosen)
    console = Console(quiet=quiet)
    if dry_run:
        console.show(trials.forecast_text(trial))
        return
    run_dir = trials.run(trial, console, **how)
    missing = pipeline.score(run_dir, console)
    console.show_coloured(pipeline.report(run_dir, console, answers=0))
    if full:
        console.show(show_text(run_dir, console, full=True))
    check_missing(run_dir, missing, config.max_missing)
