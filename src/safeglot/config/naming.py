"""What a stored run would ask, against what its user named: nothing of somebody else's is believed."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from safeglot.backends.files import endpoints as record
from safeglot.backends.files.rundir import RunDir
from safeglot.config.endpoints import Named, check_named, endpoints_of
from safeglot.config.model_strings import ModelConfig
from safeglot.errors import UsageError

_OF_RUNS = ("safeglot.db", "replies.db", "results.json", "run.toml")


def run_of(path: Path) -> RunDir | None:
    """Return the run that a configuration file lies in; None for a file of the user's own."""
    for folder in (path.absolute().parent, path.resolve().parent):
        if any((folder / name).exists() for name in _OF_RUNS):
            as_given = path.parent  # shown as it was given where it is the same
            same = as_given.name and as_given.absolute() == folder
            return RunDir(as_given if same else folder)
    return None


def check(run_dir: RunDir, stored: Iterable[ModelConfig], named: Named) -> None:
    """Check that the user named where a run's own models are asked. Raises: UnnamedEndpoints."""
    try:
        known = record.endpoints(run_dir.read_manifest())
    except UsageError:  # not there or damaged: it speaks for nobody
        known = set()
    check_named(str(run_dir.config), stored, known | named.endpoints)


def note(run_dir: RunDir, models: Iterable[ModelConfig]) -> None:
    """Note for a run the endpoints of models that the user named, or that were checked."""
    record.note(run_dir.read_manifest(), endpoints_of(models))
