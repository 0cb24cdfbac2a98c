"""Earlier runs on the same prompts: how often each prompt was answered unsafely there.

A run keeps that with its prompts, so that whoever goes on with it needs no earlier run.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from safeglot.backends.files.rundir import RunDir
from safeglot.backends.store.stop import history_of
from safeglot.errors import UsageError
from safeglot.flow.run import session
from safeglot.flow.run.job import Job

if TYPE_CHECKING:
    from safeglot.score.arrays import Floats


def with_history(job: Job) -> Job:
    """Return a job with what its earlier runs tell: what the run here holds of them, else what they say now.

    Raises: UsageError for an earlier run that cannot be used.
    """
    if not job.config.history:
        return job
    texts = {p.id: p.text for p in job.prompts.prompts if p.kind == "harmful"}
    history, notes = _held(job), list[str]()
    if not history:
        history, notes = _read(job.config.history, texts)
    known = len(history.keys() & texts)
    rest = "; the others are taken for as hard as the mean of their category"
    notes.append(
        f"--history: earlier runs tell {known:,} of {len(texts):,} harmful prompts"
        f"{rest if known < len(texts) else ''}"
    )
    prompts = replace(job.prompts, notes=(*job.prompts.notes, *notes))
    return replace(job, history=history, prompts=prompts)


def _held(job: Job) -> dict[str, float]:
    """Return what the run here holds of the same earlier runs, nothing where it is of others."""
    run_dir = RunDir(job.path)
    if not (run_dir.exists() and run_dir.database.exists()):
        return {}
    if session.stored_config(run_dir).history != job.config.history:
        return {}
    with session.opened(run_dir, create=True) as store:
        return history_of(store)


def _read(paths: Sequence[str], texts: Mapping[str, str]) -> tuple[dict[str, float], list[str]]:
    """Return the share of unsafe verdicts of each prompt: the mean of the models, of all runs alike."""
    from safeglot.score.plans.history import pooled  # late: it brings the arrays

    rows, notes = [], list[str]()
    for path in paths:
        if not path.strip():
            raise UsageError("--history: got an empty text. Give the folder of an earlier run.")
        share_MP, other = _shares(RunDir(Path(path).expanduser()), texts)
        rows.append(share_MP)
        notes += [f"--history {path}: {other:,} prompts have another text there"] * bool(other)
    told = zip(texts, pooled(rows), strict=True)
    return {name: share for name, share in told if not math.isnan(share)}, notes


def _shares(run_dir: RunDir, texts: Mapping[str, str]) -> tuple[Floats, int]:
    """Return the shares of a run by model and prompt, nan where it tells none, and how many have another text.

    Raises: UsageError.
    """
    from safeglot.backends.store import arrays
    from safeglot.score.plans.history import shares

    about = run_dir.require().read_manifest()
    with session.opened(run_dir, read_only=True) as store:
        verdicts = arrays.read(store, about.rating, arms=False)
        there = {p.id: p.text for p in store.prompts()}
    strict_J = [not name.endswith(arrays.LOOSE) for name in verdicts.judges]
    place = {name: at for at, name in enumerate(verdicts.prompts.ids)}
    at_P = [place[name] if there.get(name) == text else -1 for name, text in texts.items()]
    share_MP = shares(verdicts.unsafe_JMLPS[strict_J], at_P)
    if about.guards is not None or not (share_MP >= 0).any():
        raise UsageError(
            f"--history {run_dir.path}: has no verdict on an answer to a prompt of this run, of the same "
            f"id and text. Leave it out, or see what it holds: safeglot show {run_dir.path}"
        )
    return share_MP, len(there.keys() & texts) - sum(at >= 0 for at in at_P)
