"""The commands experiment and compare: questions to runs that are there."""

from __future__ import annotations

import click


@click.group()
def experiment() -> None:
    """Answer one of the questions that M-ALERT leaves open."""


@click.command()
def compare() -> None:
    """Set models and runs side by side."""
