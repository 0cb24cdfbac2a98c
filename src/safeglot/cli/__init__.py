"""The commands of `safeglot`: each turns its arguments into one call."""

from safeglot.cli.commands import app, main

__all__ = ["app", "main"]
