"""READ FIRST: a whole run, top to bottom.

prompts -> translate -> generate -> judge -> score -> report
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from safeglot import job as jobs
from safeglot import outcome, setting, sources, translation
from safeglot.backends.console import Console
from safeglot.backends.rundir import RunDir, write_text
from safeglot.backends.translation_folder import TranslationFolder
from safeglot.collection import Work, collect
from safeglot.config import Config
from safeglot.job import Job
from safeglot.model_strings import JudgeConfig
from safeglot.prompts.prompt_set import PromptSet
from safeglot.report.data import from_json, to_json
from safeglot.report.html import render_html
from safeglot.report.page import Page
from safeglot.report.terminal import headline


def run(config: Config, console: Console, *, retry_failed: bool = False) -> RunDir:
    """Run all stages; in a folder that holds this run, do what is missing. Raises: SafeglotError."""
    run_dir = generate(config, console, retry_failed=retry_failed, judged=True)
    missing = score(run_dir, console)
    console.show(report(run_dir, console, answers=config.answers))
    outcome.check_missing(run_dir, missing, config.max_missing)
    return run_dir


def prompts(config: Config) -> PromptSet:
    """Load, check and select the prompts, parallel in every language."""
    return sources.load(config)[0]


def translate(
    config: Config, console: Console, *, again: bool = False, retry_failed: bool = False
) -> TranslationFolder:
    """Make a translation set; one that is finished is left as it is."""
    asked = translation.plan(config, *sources.load(config))
    return translation.make(asked, console, again=again, retry_failed=retry_failed)


def plan(config: Config, console: Console | None = None) -> Job:
    """Check all that a run needs; with a console, translate what it lacks. Else nothing is sent."""
    found, source = sources.load(config)
    sources.check_reference(config, found)
    return jobs.prepare(config, translation.ready(config, found, source, console), source)


def generate(
    config: Config, console: Console, *, retry_failed: bool = False, judged: bool = False
) -> RunDir:
    """Ask the targets; with `judged`, have each answer judged as soon as it is there."""
    job = plan(config if judged else dataclasses.replace(config, judge=()), console)
    run_dir = RunDir(job.path)
    with setting.begun(run_dir, job, console) as store:
        setting.put_prompts(store, job.prompts)
        work = Work(job=job, run_dir=run_dir, store=store, console=console, judged=judged)
        collect(dataclasses.replace(work, retry_failed=retry_failed))
    return run_dir


def judge(
    run_dir: RunDir, judges: Sequence[JudgeConfig], console: Console, *, retry_failed: bool = False
) -> None:
    """Judge the answers of a run; judges that are new to it join those it has."""
    with run_dir.require().locked(), setting.opened(run_dir) as store:
        setting.judge(run_dir, judges, store, console, retry_failed=retry_failed)


def score(run_dir: RunDir, console: Console) -> float:
    """Write results.json; return the share of planned verdicts that are missing. Raises: Stopped."""
    manifest = run_dir.read_manifest()
    with setting.opened(run_dir) as store:
        found, missing = outcome.measure(store, manifest, console)
        line = outcome.signature(store, manifest)
    write_text(run_dir.results, to_json(found, line))
    return missing


def page(run_dir: RunDir, answers: int) -> Page:
    """Read the run's results and answers into a page."""
    found, _ = from_json(run_dir.read_results())
    with setting.opened(run_dir) as store:
        return outcome.page_of(run_dir, store, found, answers)


def report(run_dir: RunDir, console: Console, *, answers: int) -> str:
    """Write report.html and return the headline table for the terminal."""
    shown = page(run_dir, answers)
    write_text(run_dir.report, render_html(shown))
    return (
        f"{headline(shown, width=console.width, colour=console.colour)}\nreport: {run_dir.report}"
    )
