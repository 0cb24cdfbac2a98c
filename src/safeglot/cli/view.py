"""The commands view and label: the local app."""

from __future__ import annotations

from pathlib import Path

import click

from safeglot.cli.options import RUN

_PORT = click.option(
    "--port", type=click.IntRange(0, 65535), default=0, help="of the address; a free one by default"
)


@click.command()
@RUN
@_PORT
def view(run: Path, *, port: int) -> None:
    """Read the answers of a run in the browser, also while it goes on."""
    from safeglot.backends.console import Console
    from safeglot.flow.app.opening import view as opened

    opened(run, Console(), port=port)


@click.command()
@RUN
@_PORT
def label(run: Path, *, port: int) -> None:
    """Label answers of a run in the browser, one a screen; labels are those of `annotate`."""
    from safeglot.backends.console import Console
    from safeglot.flow.app.opening import view as opened

    opened(run, Console(), port=port, first="label")
