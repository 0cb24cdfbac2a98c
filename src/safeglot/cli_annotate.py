"""The commands annotate and plan: human labels for the judge."""

from __future__ import annotations

import click


@click.group()
def annotate() -> None:
    """Draw answers for human labels, and read the labels back."""


@click.group()
def plan() -> None:
    """Say what a wanted precision costs."""
