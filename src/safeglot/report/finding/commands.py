"""The commands that lead on from a finding, to be copied: they carry the run's own path."""

from __future__ import annotations

import shlex


def command(*words: str) -> str:
    """Return a command of safeglot as it can be pasted into a shell."""
    return shlex.join(["safeglot", *words])


def label(run: str) -> str:
    """Return the command that draws answers for people to label."""
    return command("annotate", "sample", run)


def go_on(run: str) -> str:
    """Return the command that asks for what is missing once more."""
    return command("run", f"{run}/run.toml", "--retry-failed")
