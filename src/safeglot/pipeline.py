"""READ FIRST: a whole run, top to bottom.

prompts -> translate -> generate -> judge -> score -> report
"""

from __future__ import annotations

import dataclasses
from typing import Unpack

from safeglot.backends.console import Console
from safeglot.backends.files.rundir import RunDir, write_text
from safeglot.backends.files.translation_folder import TranslationFolder
from safeglot.config.endpoints import Named
from safeglot.config.settings import Config
from safeglot.flow import prompts
from safeglot.flow.judging.beforehand import FirstCheck
from safeglot.flow.mitigations import texts
from safeglot.flow.run import job as jobs
from safeglot.flow.run import same_inputs, session
from safeglot.flow.run.history import with_history
from safeglot.flow.run.job import How, Job


def run(config: Config, console: Console, **how: Unpack[How]) -> RunDir:
    """Return the run after all stages; in a folder that holds it, only what is missing is done. Raises: SafeglotError."""
    run_dir = generate(config, console, judged=True, **how)
    from safeglot.flow.judging.guards import Passes, ask_again

    ask_again(run_dir, Passes.of(config), console, **how)
    missing = score(run_dir, console)
    console.show_coloured(report(run_dir, console, answers=config.answers))
    session.check_missing(run_dir, missing, config.max_missing)
    return run_dir


def translate(config: Config, console: Console, **how: bool) -> TranslationFolder:
    """Return a translation set, made where it is not finished; `how` as in `sets.make`."""
    from safeglot.flow.translation import sets

    planned = sets.plan(config, *prompts.load(config))
    return sets.make(planned, console, **how)


def plan(config: Config, console: Console | None = None, before: texts.Before = None) -> Job:
    """Return the job, checked; with a console, what it lacks is translated, after `before`. Else nothing is sent."""
    loaded, origin = prompts.load(config)
    prompts.check_reference(config, loaded)
    whole = texts.ready(config, loaded, origin, console, before=before)
    return with_history(jobs.prepare(config, whole, origin))


def generate(
    config: Config, console: Console, *, judged: bool = False, **how: Unpack[How]
) -> RunDir:
    """Return the run after asking its targets; with `judged`, each answer is judged once it is there."""
    first = FirstCheck(console, unchecked=how.get("unchecked", False))
    wanted = config if judged else dataclasses.replace(config, judge=())
    job = same_inputs.held_job(wanted) or plan(wanted, console, first.before)
    from safeglot.flow.mitigations.pivots import Work, collect  # late: what they load takes time

    with session.begun(run_dir := RunDir(job.path), job, console) as store:
        work = Work(job=job, run_dir=run_dir, store=store, console=console, judged=judged, **how)
        first.on_beginning(work)
        collect(work)
    return run_dir


def judge(run_dir: RunDir, named: Named, console: Console, **how: Unpack[How]) -> None:
    """Judge the answers of a run; judges that are new to it join those it has."""
    from safeglot.flow.judging import verdicts

    with verdicts.answered(run_dir).locked(), session.opened(run_dir) as store:
        verdicts.judge(run_dir, named, store, console, **how)


def score(run_dir: RunDir, console: Console) -> float:
    """Return the share of planned verdicts that are missing, after writing results.json. Raises: Stopped."""
    from safeglot.flow.measure import estimates
    from safeglot.report.results_json import to_json

    manifest = run_dir.read_manifest()
    with session.opened(run_dir) as store:
        results, missing = estimates.measure(store, manifest, console)
        line = estimates.signature(store, manifest)
    write_text(run_dir.results, to_json(results, line))
    return missing


def report(run_dir: RunDir, console: Console, *, answers: int) -> str:
    """Return the finding on a few lines for the terminal, after writing report.html."""
    from safeglot.flow.page import page_of
    from safeglot.report.html import render_html
    from safeglot.report.terminal.brief import RunPlace, brief

    shown = page_of(run_dir, answers, run_dir.report_answers)
    write_text(run_dir.report, render_html(shown))
    place = RunPlace(run=str(run_dir.path), page=str(run_dir.report))
    return brief(shown, place, console.width, colour=console.colour)
