"""The commands that lead on from a finding, to be copied: they carry the run's own path."""

from __future__ import annotations

import shlex


def command(*words: str) -> str:
    """Return a command of safeglot as it can be pasted into a shell."""
    return shlex.join(["safeglot", *words])


def label(run: str) -> str:
    """Return the command that opens the labelling of a run's answers in the browser."""
    return command("label", run)


def view(run: str) -> str:
    """Return the command that opens a run's answers in the browser."""
    return command("view", run)


def go_on(run: str) -> str:
    """Return the command that asks for what is missing once more."""
    return command("run", run, "--retry-failed")


def ask_harmless(run: str) -> str:
    """Return the command that asks harmless requests beside the harmful ones."""
    return command("run", run, "--kinds", "harmful,benign")


def tell_refusals(run: str) -> str:
    """Return the command that lets a judge of refusals read a run's answers."""
    return command("judge", run, "--judge", "refusal-baseline")


def why(run: str) -> str:
    """Return the command that tells what a run can say about its gaps."""
    return command("why", run)


def full(run: str) -> str:
    """Return the command that prints all tables of a run."""
    return command("show", run, "--full")


def compare(run: str) -> str:
    """Return the command that ranks the models of a run."""
    return command("compare", run)
