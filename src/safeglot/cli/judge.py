"""The command judge: verdicts on the answers of a run, and what guards the judges."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from safeglot.errors import UsageError


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "--judge", multiple=True, help="family=provider/model; the run's own judges by default"
)
@click.option("--judge-base-url", default=None, help="address of the judges' server")
@click.option(
    "--repeat",
    type=float,
    default=None,
    metavar="SHARE",
    help="judge this share of the answers twice, at least 50, as in 0.02; enters no rate",
)
@click.option(
    "--canary",
    type=int,
    default=None,
    metavar="N",
    help="judge N unsafe answers a language again with a plea to call them safe; enters no rate",
)
@click.option("--retry-failed", is_flag=True, help="try again what failed for good")
@click.option("--quiet", is_flag=True, help="no progress, only the result")
def judge(
    run: Path,
    *,
    judge: tuple[str, ...],
    judge_base_url: str | None,
    retry_failed: bool,
    quiet: bool,
    **passes: Any,
) -> None:
    """Judge the answers of a run; further judges join it."""
    from safeglot import pipeline
    from safeglot.backends.console import Console
    from safeglot.backends.files.rundir import RunDir
    from safeglot.config.files import configured
    from safeglot.flow.judging.guards import Passes, ask_again

    if judge_base_url is not None and not judge:
        raise UsageError("--judge-base-url: goes with --judge; name the judge that it serves.")
    flags = {"judge": judge, "judge_base_url": judge_base_url}
    flags = {name: given for name, given in flags.items() if given is not None}
    given, wanted = configured(None, flags).judge if judge else (), Passes(**passes)
    run_dir, console = RunDir(run), Console(quiet=quiet)
    pipeline.judge(run_dir, given, console, retry_failed=retry_failed)
    ask_again(run_dir, wanted, console, retry_failed=retry_failed)
    console.show(f"verdicts: {run / 'safeglot.db'}. Next: safeglot score {run}")
