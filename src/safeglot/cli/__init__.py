"""Arguments to one call each: the commands of `safeglot`."""

from safeglot.cli.commands import app, main

__all__ = ["app", "main"]
