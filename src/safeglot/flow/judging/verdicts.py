"""Judging of the answers that a run has stored."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from safeglot.backends.console import Console
from safeglot.backends.files.rundir import RunDir
from safeglot.backends.store.store import Store
from safeglot.config.model_strings import JudgeConfig
from safeglot.config.settings import to_table
from safeglot.errors import UsageError
from safeglot.flow.collection import Work, collect
from safeglot.flow.run import job as jobs
from safeglot.flow.run import manifest, models
from safeglot.flow.run.session import _no_judge, stored_config, stored_prompts
from safeglot.judge.guards.again import PASSES


def judge(
    run_dir: RunDir,
    judges: Sequence[JudgeConfig],
    store: Store,
    console: Console,
    *,
    retry_failed: bool,
) -> None:
    """Judge the stored answers; judges that are new to the run join it."""
    about = run_dir.read_manifest()
    old = stored_config(run_dir)
    given = {models.judge_name(j): j for j in judges}
    kept = tuple(given.pop(models.judge_name(j), j) for j in old.judge)
    config = dataclasses.replace(old, judge=(*kept, *given.values()))
    if not config.judge:
        raise UsageError(_no_judge(run_dir))
    prompts = stored_prompts(store, about)
    job = jobs.prepare(config, prompts, about.source, target_ids=about.model_ids)
    for note in job.setting_notes():
        console.say(f"note: {note}")
    ids = job.judge_ids()
    for name, judge_id in about.judges.items():
        if ids.get(name) != judge_id:
            for mark in ("", *PASSES):
                store.drop_verdicts(name + mark)
    run_dir.write(to_table(config), manifest.judged(about, job))
    collect(
        Work(
            job=job,
            run_dir=run_dir,
            store=store,
            console=console,
            retry_failed=retry_failed,
            answers=False,
        )
    )
