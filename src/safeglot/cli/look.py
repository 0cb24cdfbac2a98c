"""Texts about prompts, runs and the machine, for the commands that only look."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safeglot.backends.files import rundir
from safeglot.backends.files.rundir import RunDir
from safeglot.errors import UsageError
from safeglot.report.layout import Grid
from safeglot.report.names import short_names
from safeglot.text.control import one_line

if TYPE_CHECKING:
    from safeglot.backends.console import Console
    from safeglot.flow.run.forecast import Forecast
    from safeglot.flow.run.job import Job
    from safeglot.prompts.prompt_set import PromptSet

MOST_NAMED = {"models": 2, "languages": 5, "judges": 2}
"""So many are named in the list of runs; more are counted."""


def taxonomy_text(prompts: PromptSet) -> str:
    """Return one line on the taxonomy: ALERT's, or the file's own with its categories."""
    taxonomy, used = prompts.taxonomy, prompts.categories
    if taxonomy.alert:
        return f"taxonomy: ALERT, {len(used)} of its 32 categories"
    shown = ", ".join(used[:40]) + (f", and {len(used) - 40} more" if len(used) > 40 else "")
    return f"taxonomy: {taxonomy.name}, {len(used)} categories: {shown}"


def prompts_text(prompts: PromptSet, width: int = 110) -> str:
    """Return what was read and selected, its table in at most `width` columns."""
    counts: Counter[tuple[str, str]] = Counter(
        (c, p.kind) for p in prompts.labels() for c in p.categories
    )
    macro = prompts.taxonomy.macro
    rows = [
        (c, macro.get(c, "-"), counts[c, "harmful"], counts[c, "benign"])
        for c in prompts.categories
    ]
    lines = [f"note: {note}" for note in prompts.notes]
    lines.append(taxonomy_text(prompts))
    n, tags = len(prompts.prompts), prompts.languages
    if len(prompts.translations) == n and len(tags) > 1:
        lines.append(f"{n} prompts in {len(tags)} languages ({', '.join(tags)}), each in its own")
    else:
        texts = f"{len(tags)} languages ({', '.join(tags)}) = {len(prompts.translations)} texts"
        lines.append(f"{n} prompts x {texts}")
    heads = ("category", "macro", "harmful", "benign")
    return "\n".join([*lines, "", *_grid(heads, rows, numbers=("harmful", "benign")).lines(width)])


def _grid(
    heads: Sequence[str], rows: Sequence[Sequence[object]], *, numbers: Collection[str]
) -> Grid:
    """Return columns of words and, under these heads, of numbers."""
    texts = [[one_line(str(cell)) for cell in row] for row in rows]
    left = [head not in numbers for head in heads]
    return Grid(heads=heads, rows=texts, left=left, ruled=False)


def _size(prompts: PromptSet) -> str:
    n, languages = len(prompts.prompts), f"{len(prompts.languages)} languages"
    own = len(prompts.translations) == n and len(prompts.languages) > 1
    return f"{n} in {languages}, each in its own" if own else f"{n} x {languages}"


def forecast_text(job: Job) -> str:
    """Return what a run would send."""
    from safeglot.flow.run.forecast import forecast
    from safeglot.flow.run.refusals import refusal_notes

    f = forecast(job)
    time = (
        "unknown before the first answers"
        if f.seconds is None
        else f"about {f.seconds / 60:.0f} min"
    )
    rows = [
        ("prompts", _size(job.prompts)),
        *([("plan", _plan(job))] if f.least < 1 else ()),
        ("requests to targets", _from(f, f.answers)),
        ("requests to judges", _from(f, f.judge_requests)),
        ("tokens in", f"about {_from(f, f.tokens_in)}"),
        ("tokens out", f"at most {f.tokens_out:,}"),
        ("cost", _cost(f)),
        ("time", time),
        *(("judge of refusals", note) for note in refusal_notes(job.config, job.prompts.languages)),
        ("folder", f"{job.path}{_already(job)}"),
    ]
    lines = [f"note: {note}" for note in job.prompts.notes]
    lines += [taxonomy_text(job.prompts), "dry run: nothing was sent or written"]
    return "\n".join(lines + [f"  {name:<20} {text}" for name, text in rows])


def _plan(job: Job) -> str:
    return f"{job.config.plan}: it stops by itself; where, only the verdicts tell"


def _from(f: Forecast, most: int) -> str:
    """Return a number, or where a plan may stop early the least and the most that it can be."""
    return f"{most:,}" if f.least == 1 else f"{round(f.least * most):,} to {most:,}"


def _usd(f: Forecast, most: float) -> str:
    """Return a price, or where a plan may stop early the least and the most that it can be."""
    if f.least < 1:
        return f"about {f.least * most:.2f} to {most:.2f} USD"
    return f"at most about {most:.2f} USD"


def _cost(f: Forecast) -> str:
    """Return what a run costs, as far as the prices of its models are known."""
    prices = _usd(f, f.usd_by_batch if f.by_batch else f.usd)
    if f.by_batch:
        prices = f"{prices} by batches, {_usd(f, f.usd)} without --batch"
    elif f.usd_by_batch < f.usd:
        prices += f", {_usd(f, f.usd_by_batch)} with --batch (answers within a day)"
    if not f.unpriced:
        return prices
    known = f"{prices} without these" if f.usd else "unknown"
    return (
        f"{known}; no price for {', '.join(f.unpriced)}: usd_in and usd_out (USD per million tokens) "
        "beside the model in the TOML, or in a table that --prices names"
    )


def _already(job: Job) -> str:
    """Return what the folder holds. Raises: UsageError where the run would be refused."""
    run_dir = RunDir(job.path)
    if not run_dir.exists():
        run_dir.check_free()
        return ""
    from safeglot.flow.run import growth, session

    if session.difference(run_dir, job) and session.holds_nothing(run_dir):
        return " (holds another run without answers, which gives way)"
    session.check_same(run_dir, job)
    joins = growth.gains(run_dir.read_manifest(), job)
    held = f"a part of this run, to which join {joins}" if joins else "this run"
    return f" (holds {held}: what is stored there is not asked again)"


def show_text(run_dir: RunDir, console: Console, *, full: bool = False) -> str:
    """Return what a run found on a few lines; with `full` all tables below it."""
    from safeglot.flow.page import page_of
    from safeglot.report.terminal.brief import RunPlace, brief

    page = page_of(run_dir, 0)
    written = str(run_dir.report) if run_dir.report.exists() else ""
    place = RunPlace(run=str(run_dir.path), page=written)
    found = brief(page, place, console.width, colour=console.colour)
    if not full:
        return found
    from safeglot.report.terminal.full import tables

    return f"{found}\n\n{tables(page, console.width)}"


def list_text(folder: Path, width: int = 110) -> str:
    """Return the runs below a folder, in at most `width` columns."""
    runs = rundir.runs_below(folder)
    if not runs:
        return f"{folder}: no runs"
    rows: list[tuple[Any, ...]] = []
    for run in runs:
        try:
            m = run.read_manifest()
        except UsageError:
            rows.append((run.path, "-", "-", "-", "-", "-", "manifest.json is damaged"))
            continue
        state = "scored" if run.results.exists() else "not finished"
        rows.append(
            (run.path, m.created[:10], _few(short_names(m.models).values(), "models"),
             _few(m.languages, "languages"), m.identity["n"],
             _few(short_names(m.judges).values(), "judges"), state)
        )  # fmt: skip
    heads = ("run", "begun", "models", "languages", "prompts", "judges", "state")
    return "\n".join(_grid(heads, rows, numbers=("prompts",)).lines(width))


def _few(names: Collection[str], what: str) -> str:
    """Return names, or how many they are where a line has no room for them."""
    return " ".join(names) if len(names) <= MOST_NAMED[what] else f"{len(names)} {what}"


def export(run_dir: RunDir, kind: str, folder: Path) -> Iterator[tuple[Path, int | None]]:
    """Yield each file of a run's records and estimates, once it is written, with its number of rows."""
    from safeglot.flow import exports

    if kind in exports.FORMS:
        yield from exports.write(run_dir, kind, folder)
        return
    import dataclasses

    from safeglot.backends.store import export as exporting
    from safeglot.backends.store.outcomes import outcome_table, served_table
    from safeglot.backends.store.stop import chosen_table, look_table
    from safeglot.flow.measure.plans import left_out_of, plan_of_run
    from safeglot.flow.run import session
    from safeglot.report.results_json import from_json

    estimates = from_json(run_dir.read_results())[0] if run_dir.require().results.exists() else []
    rows = (dataclasses.asdict(e) for e in estimates)
    with session.opened(run_dir) as store:
        counted = {"served": served_table(store)}
        with contextlib.suppress(
            UsageError
        ):  # without its manifest a run's records are saved all the same
            about = run_dir.read_manifest()
            counted["outcomes"] = outcome_table(store, about, left_out_of(store, about))
            if plan_of_run(about):
                counted["looks"] = look_table(store)
                if (chosen := chosen_table(store))[1]:
                    counted["chosen"] = chosen
        yield from exporting.export(store, rows, folder, kind, counted=counted)
