"""The command arms: texts that the arms of a run still need."""

from __future__ import annotations

import click


@click.command()
def arms() -> None:
    """Write the answers that have to be translated for the arms of a run."""
