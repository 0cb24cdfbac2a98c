"""Judging of the answers that a run has stored."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Unpack

from safeglot.backends.console import Console
from safeglot.backends.files.manifest import Manifest
from safeglot.backends.files.rundir import RunDir
from safeglot.backends.store.store import Store
from safeglot.backends.store.texts import has_benign
from safeglot.config import naming, registry
from safeglot.config.endpoints import Named, endpoints_at, models_of
from safeglot.config.model_strings import JudgeConfig
from safeglot.config.norms import read_norms
from safeglot.config.settings import to_table
from safeglot.errors import UsageError
from safeglot.flow.collection import Work, collect
from safeglot.flow.judging.first_check import check
from safeglot.flow.judging.rereading import asks_the_same, read_again
from safeglot.flow.run import job as jobs
from safeglot.flow.run import manifest, models
from safeglot.flow.run.job import How
from safeglot.flow.run.refusals import refusal_notes, with_refusals
from safeglot.flow.run.session import no_judge, stored_config, textless
from safeglot.judge.guards.again import PASSES
from safeglot.prompts.reading.label_columns import PROMPTS
from safeglot.report.finding.commands import command


def answered(run_dir: RunDir) -> RunDir:
    """Return a run that holds answers to judge. Raises: UsageError where there is none, or a test of guards on prompts."""
    about = run_dir.require().read_manifest()
    if about.guards is not None and about.guards.side == PROMPTS:
        named = ("--judge", "FAMILY=PROVIDER/MODEL", "--out", str(run_dir.path))
        raise UsageError(
            f"{run_dir.path}: tests guards on prompts, and `safeglot judge` has answers rated. "
            f"A further guard joins the test as it was begun, with its --judge: {command('guards', about.source.name, *named)}"
        )
    return run_dir


def judge(
    run_dir: RunDir, named: Named, store: Store, console: Console, **how: Unpack[How]
) -> None:
    """Judge the stored answers; judges that are new to the run join it, its own only where they were named."""
    about = run_dir.read_manifest()
    old = stored_config(run_dir)
    given = {models.judge_name(j): j for j in named.judges}
    own = list(old.judge) if named.judges else _named_again(old.judge, named)
    stored = [j.model for j in own if j.model and models.judge_name(j) not in given]
    naming.check(run_dir, [model for model in stored if not named.again(model)], named)
    kept = tuple(given.pop(models.judge_name(j), j) for j in own)
    judges = _under_norms((*kept, *given.values()), named, about)
    told = old.refusal_judge if named.refusal_judge is None else named.refusal_judge
    batch = old.batch if named.batch is None else named.batch
    config = dataclasses.replace(
        old, judge=judges, proxy=named.proxy, http_client=named.http_client, refusal_judge=told,
        batch=batch, **named.cluster,
    )  # fmt: skip
    if not config.judge:
        raise UsageError(no_judge(run_dir))
    if named.judges or named.refusal_judge is not None:
        config = with_refusals(config, about.languages, has_benign=has_benign(store))
    job = jobs.prepare(config, textless(about), about.source, target_ids=about.model_ids)
    for note in (
        *job.setting_notes(),
        *(refusal_notes(config, about.languages) if len(config.judge) > len(judges) else ()),
        *models.unsent_notes(dataclasses.replace(config, target=())),
    ):
        console.say(f"note: {note}")
    work = Work(job=job, run_dir=run_dir, store=store, console=console, answers=False, **how)
    check(work)  # one that fails does not join the run
    about, ids = run_dir.read_manifest(), job.judge_ids()
    by_name = {judge.name: judge for judge in job.judges}
    for name, judge_id in about.judges.items():
        if ids.get(name) == judge_id:
            continue
        if name in ids and asks_the_same(judge_id, ids[name]):
            read_again(store, by_name[name], about.reference)
        else:
            store.drop_verdicts(name)
        for mark in PASSES:
            store.drop_verdicts(name + mark)
    run_dir.write(to_table(config), manifest.judged(about, job))
    naming.note(run_dir, models_of(config, ("judge",)))
    collect(work)


def _under_norms(
    judges: Sequence[JudgeConfig], named: Named, about: Manifest
) -> tuple[JudgeConfig, ...]:
    """Return the judges, and those that were named (the run's own where none was) under each of the norms.

    Raises: UsageError where a judge that was named can tell nothing under them, or none of the run's can.
    """
    if not named.norms:
        return tuple(judges)
    names = {models.judge_name(j) for j in named.judges}
    able, faults = [], []
    for norms in read_norms(named.norms, manifest.taxonomy_of(about.taxonomy)):
        for judge in judges:
            if judge.norms or (names and models.judge_name(judge) not in names):
                continue
            try:
                registry.reads_norms(judge.family, norms)
                able.append(dataclasses.replace(judge, norms=norms))
            except UsageError as error:
                faults.append(error)
    if faults and (names or not able):
        raise faults[0]
    return tuple({models.judge_name(j): j for j in (*judges, *able)}.values())


def _named_again(own: Sequence[JudgeConfig], named: Named) -> list[JudgeConfig]:
    """Return a run's judges at the address that was named for them. Raises: UsageError where none asks a server."""
    again = [named.over(judge) for judge in own]
    if (named.base_url or named.key_env) and not any(endpoints_at(j.model) for j in own if j.model):
        flag = "--judge-base-url" if named.base_url else "--key-env"
        raise UsageError(f"{flag}: goes with --judge; name the judge that it serves.")
    return again
