"""The command merge: runs of one plan become one."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument(
    "runs", metavar="RUN RUN...", type=click.Path(path_type=Path), nargs=-1, required=True
)
@click.option(
    "--out", required=True, type=click.Path(path_type=Path), help="a new folder for the whole"
)
def merge(runs: tuple[Path, ...], out: Path) -> None:
    """Join shards, or runs of one plan with other prompts, languages, targets or judges, in a new folder.

    Nothing is asked, and nothing is written into the runs.
    """
    from safeglot.backends.console import Console
    from safeglot.flow.run.merge import merge as joined

    console = Console()
    run_dir = joined(runs, out, console)
    console.show(f"joined: {run_dir.path}. Next: safeglot score {run_dir.path}")
