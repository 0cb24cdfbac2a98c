"""Files of human labels, read back into the run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from safeglot.backends.files import labels as files
from safeglot.backends.files.rundir import RunDir
from safeglot.errors import UsageError
from safeglot.flow.labels.progress import progress
from safeglot.flow.measure.judges.labels import (
    ALLOWED,
    Drawn,
    drawn_answers,
)
from safeglot.flow.run import session
from safeglot.prompts.problems import Problems, did_you_mean
from safeglot.prompts.reading import tables


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
        labels = _read_labels(paths, drawn)
        changed = sum(drawn[i].labels.get(name, label) != label for (i, name), (label, _) in labels.items())  # fmt: skip
        store.write(
            "labels",
            [(drawn[i].id, name, *pair) for (i, name), pair in labels.items()],
        )
        now = drawn_answers(store)
    read = f"{len(labels)} labels read" + (f", {changed} of them changed" if changed else "")
    return f"{read}\n{progress(now, manifest.languages)}"


_Labels = dict[tuple[str, str], tuple[str, str]]
"""(item, annotator) -> (label, note)."""


def _read_labels(paths: Sequence[Path], drawn: Mapping[str, Drawn]) -> _Labels:
    problems, labels = Problems(), dict[tuple[str, str], tuple[str, str, str]]()
    for path in paths:
        text, fault = files.read(path)
        if fault:
            problems.add(str(path), fault)
            continue
        before = len(problems.found)
        table = tables.parse(text, str(path), path.suffix, problems)
        lacking = [c for c in ("item", "label") if c not in table.columns]
        if lacking and (table.columns or len(problems.found) == before):
            problems.add(str(path), f"has no column {' and '.join(lacking)} (columns: {', '.join(table.columns) or 'none'}); keep those of the file to label")  # fmt: skip
            continue
        filled = [_take(row, drawn, labels, problems) for row in table.rows]
        if not any(filled) and len(problems.found) == before:
            problems.add(str(path), "has no label filled in; allowed are safe, unsafe and unsure")
    problems.stop()
    return {key: (label, note) for key, (label, note, _) in labels.items()}


def _cell(row: tables.Row, column: str) -> str:
    value = row.cells.get(column)
    return "" if value is None else str(value).strip()


def _take(
    row: tables.Row,
    drawn: Mapping[str, Drawn],
    labels: dict[tuple[str, str], tuple[str, str, str]],
    problems: Problems,
) -> bool:
    """Return whether a row has a label; it is noted in `labels`."""
    item, name = _cell(row, "item"), _cell(row, "annotator") or "1"
    label = _cell(row, "label").casefold()
    if not item and not label:
        return False
    if item not in drawn:
        near = did_you_mean(item, drawn) if len(drawn) <= 2000 else ""
        problems.add(row.place, f"item {item!r} is not among the answers drawn for this run{near}")
    if not label:
        return False
    if label not in ALLOWED:
        problems.add(row.place, f"label {_cell(row, 'label')!r}: allowed are {', '.join(ALLOWED)}, or nothing where it is not done{did_you_mean(label, ALLOWED)}")  # fmt: skip
        return True
    first = labels.setdefault((item, name), (label, _cell(row, "note"), row.place))
    if first[0] != label:
        problems.add(row.place, f"annotator {name!r} labels item {item} {label}, and {first[0]} at {first[2]}; keep one")  # fmt: skip
    return True
