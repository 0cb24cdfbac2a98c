"""Files of human labels, read back into the run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from safeglot.backends.files import labels as files
from safeglot.backends.files.rundir import RunDir
from safeglot.errors import UsageError
from safeglot.flow.labels.progress import progress
from safeglot.flow.measure.judges.labels import (
    ALLOWED,
    drawn_answers,
)
from safeglot.flow.run import session
from safeglot.prompts.filled_tables import FilledForm, read_filled

_LABELS = {word: word for word in ALLOWED}
FORM = FilledForm(
    "label",
    "annotator",
    "note",
    lambda t: _LABELS.get(t.casefold()),
    ", ".join(_LABELS),
    tuple(_LABELS),
)


def add(run_dir: RunDir, paths: Sequence[Path]) -> str:
    """Return what is labelled after storing the labels of the files. Raises: InputErrors with every problem."""
    manifest = run_dir.require().read_manifest()
    with run_dir.locked(), session.opened(run_dir) as store:
        drawn = {f"r{d.response}": d for d in drawn_answers(store)}
        if not drawn:
            raise UsageError(
                f"{run_dir.path}: no answers were drawn for labels yet. "
                f"Draw some: safeglot annotate sample {run_dir.path}."
            )
        labels = read_filled(((str(p), *files.read(p)) for p in paths), FORM, drawn)
        changed = sum(drawn[i].labels.get(name, own.value) != own.value for (i, name), own in labels.items())  # fmt: skip
        rows = ((drawn[i].id, name, own.value, own.note) for (i, name), own in labels.items())
        store.write("labels", rows)
        now = drawn_answers(store)
    read = f"{len(labels)} labels read" + (f", {changed} of them changed" if changed else "")
    return f"{read}\n{progress(now, manifest.languages)}"
