"""A run that goes on with the inputs that it holds: they are compared by the file's hash, and not read again."""

from __future__ import annotations

import contextlib
import dataclasses
import sqlite3
from pathlib import Path

from safeglot.backends.files.manifest import Manifest
from safeglot.backends.files.rundir import RunDir
from safeglot.backends.store.store import Store
from safeglot.backends.store.texts import count_prompts, has_benign
from safeglot.config.model_strings import JudgeConfig, ModelConfig
from safeglot.config.settings import OF_MACHINE, Config
from safeglot.errors import UsageError
from safeglot.flow.prompt_files import load_all
from safeglot.flow.run import job as jobs
from safeglot.flow.run import session
from safeglot.flow.run.job import Job
from safeglot.flow.run.refusals import with_refusals
from safeglot.keys import RESULT_VERSION

_MADE = (
    "arms", "arm_texts", "to", "translator", "translations", "probes", "quality", "taxonomy", "history",
    "mitigations",
)  # fmt: skip
"""Settings by which a run has more than its prompt file says."""
_FREE = (
    *OF_MACHINE, "out", "base_url", "judge_base_url", "key_env", "concurrency", "timeout_s",
    "patience_s", "retries", "budget_tokens", "budget_usd", "max_missing", "answers",
    "judge_thoughts", "batch",
)  # fmt: skip
"""Settings that change nothing of what is asked."""
_PARTS = ("reference", "targets", "decoding", "generate")


def held_job(config: Config) -> Job | None:
    """Return the job of the run here where its inputs and settings are the ones given; None where they are to be read.

    It has no prompts: they are in the run. Raises: InputErrors as `jobs.prepare`.
    """
    run_dir = RunDir(Path(config.out or jobs.default_out(config)).expanduser())
    is_plain = not any(getattr(config, name) for name in _MADE)
    if (
        not is_plain
        or any(name.startswith("hf:") for name in config.prompts)
        or not _is_whole(run_dir)
    ):
        return None
    try:
        about, stored = run_dir.read_manifest(), session.stored_config(run_dir)
        config = _with_refusals(config, run_dir, about)
        same = _asking(stored) == _asking(config) and _holds_all(run_dir, about)
    except (UsageError, sqlite3.DatabaseError):  # whoever reads everything says what is wrong
        return None
    if not same or about.identity["results"] != str(RESULT_VERSION):
        return None
    if load_all(config).sha256 != about.source.sha256:
        return None
    job = jobs.prepare(config, session.textless(about), about.source)
    identity = job.identity()
    if any(identity[part] != about.identity[part] for part in _PARTS):
        return None
    return dataclasses.replace(job, held=True) if job.judge_ids() == dict(about.judges) else None


def _is_whole(run_dir: RunDir) -> bool:
    return run_dir.exists() and run_dir.config.exists() and run_dir.database.exists()


def _asking(config: Config) -> Config:
    """Return a configuration with its free settings as they are by default."""
    plain = Config()
    defaults = {name: getattr(plain, name) for name in _FREE}
    return dataclasses.replace(
        config,
        **defaults,
        target=tuple(map(_bare, config.target)),
        judge=tuple(_bare_judge(judge) for judge in config.judge),
    )


def _bare(model: ModelConfig) -> ModelConfig:
    """Return a model without where and at what price it is asked."""
    kept = ("model", "revision", "raw", "system", "settings")
    return ModelConfig(**{name: getattr(model, name) for name in kept})


def _bare_judge(judge: JudgeConfig) -> JudgeConfig:
    return dataclasses.replace(judge, model=_bare(judge.model) if judge.model else None)


def _holds_all(run_dir: RunDir, about: Manifest) -> bool:
    """Return whether the prompts were written to the end; texts come in the same transaction."""
    try:
        with contextlib.closing(Store(run_dir.database, read_only=True)) as store:
            return count_prompts(store) == int(about.identity["n"])
    except (sqlite3.DatabaseError, ValueError):
        return False


def _with_refusals(config: Config, run_dir: RunDir, about: Manifest) -> Config:
    """Return the configuration with the embedded judge of refusals that the run's prompts call for."""
    with contextlib.closing(Store(run_dir.database, read_only=True)) as store:
        return with_refusals(config, about.languages, has_benign=has_benign(store))
