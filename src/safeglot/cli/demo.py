"""The command demo: what the tool finds, without a model and without a network."""

from __future__ import annotations

from pathlib import Path

import click

from safeglot.cli.options import PATH


@click.command()
@click.option(
    "--out", type=PATH, default=Path("runs"), show_default=True,
    help="the folder to write both into",
)  # fmt: skip
@click.option("--no-open", is_flag=True, help="do not open the browser")
def demo(*, out: Path, no_open: bool) -> None:
    """Show a finding in 10 seconds, without a model: M-ALERT's tables and a recorded run.

    The published tables are M-ALERT's own. The numbers of the recorded run are invented; every
    command works on it.
    """
    from safeglot import pipeline
    from safeglot.backends.browser import opened
    from safeglot.backends.console import Console
    from safeglot.experiments.demo import found, written
    from safeglot.flow.run.session import stored_config

    console = Console(quiet=True)
    page, run = written(out)
    pipeline.score(run, console)
    pipeline.report(run, console, answers=stored_config(run).answers)
    console.show(found(page, run, console.width))
    for one in () if no_open else (run.report, page):
        opened(one)
