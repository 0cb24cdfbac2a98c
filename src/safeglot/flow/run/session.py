"""Where a job meets its run directory: begin it, resume it, read it again."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path

from safeglot.backends.console import Console
from safeglot.backends.files import rundir
from safeglot.backends.files.manifest import Manifest
from safeglot.backends.files.rundir import RunDir
from safeglot.backends.store.answers import count_outcomes
from safeglot.backends.store.labels import designs
from safeglot.backends.store.ranges import check_ranges
from safeglot.backends.store.stop import clear_looks
from safeglot.backends.store.store import Store
from safeglot.backends.store.texts import has_prompts, main_texts, prompt_ids
from safeglot.backends.store.tries import open_batches
from safeglot.config import checks, naming
from safeglot.config.endpoints import models_of
from safeglot.config.files import known
from safeglot.config.settings import OF_MACHINE, Config, build, to_table
from safeglot.errors import SafeglotError, Stopped, TooMuchMissing, UsageError
from safeglot.flow.arm_losses import CHECKED, ArmPlace, losses, notes, put_refused
from safeglot.flow.arms import arms_summary, check_arms, put_arms
from safeglot.flow.run import growth, manifest
from safeglot.flow.run.growth import Held, OtherRun
from safeglot.flow.run.job import Job
from safeglot.flow.run.models import limit_notes, unsent_notes
from safeglot.flow.run.refusals import refusal_notes
from safeglot.keys import digest
from safeglot.prompts.order import asking_order
from safeglot.prompts.prompt_set import PromptSet, Untranslated
from safeglot.report.finding.commands import command
from safeglot.types import Translation


def put_prompts(store: Store, prompts: PromptSet, seed: int) -> None:
    """Write the prompts, their texts in the order of asking, and what has no text with the reason."""
    order = asking_order(prompts.labels(), seed)
    store.add_inputs(prompts.prompts, prompts.texts_of(order), at=prompts.positions)
    put_untranslated(store, prompts.untranslated)


def put_untranslated(store: Store, lacking: Iterable[Untranslated]) -> None:
    """Write what has no text, with the reason."""
    store.write(
        "failures",
        (
            (u.stage, _key(u), u.prompt, u.language,
             0, u.kind, u.message, 1, 0, "", "", None)
            for u in lacking
        ),
    )  # fmt: skip


def _key(u: Untranslated) -> str:
    if u.stage in CHECKED:
        place = ArmPlace(arm=u.stage, prompt=u.prompt, language=u.language, translator=u.translator)
        return place.key
    return digest("untranslated", u.prompt, u.language, u.kind)


# ---- beginning


def begin(run_dir: RunDir, job: Job, console: Console) -> None:
    """Write run.toml and the manifest, or check that the run here is this one.

    Raises: UsageError where the folder holds a run of other inputs.
    """
    for note in (
        *job.prompts.notes, *job.arms.notes, *job.arms.warnings, *job.setting_notes(),
        *refusal_notes(job.config, job.prompts.languages), *unsent_notes(job.config),
        *limit_notes(job.targets, job.prompts.languages),
    ):  # fmt: skip
        console.say(f"note: {note}")
    if job.held:
        _update(run_dir, job)
        console.say(f"resuming {run_dir.path}")
        return
    if run_dir.exists() and not _begins_anew(run_dir, job, console):
        check_same(run_dir, job)
        joins = growth.gains(run_dir.read_manifest(), job)
        _update(run_dir, job)
        console.say(f"resuming {run_dir.path}" + (f"; to it join {joins}" if joins else ""))
        return
    run_dir.write(
        # texts of arms stay with the run: their files are not needed to go on
        to_table(dataclasses.replace(job.config, out=str(run_dir.path), arm_texts=())),
        manifest.manifest_of(job),
    )


def _update(run_dir: RunDir, job: Job) -> None:
    """Take over what may change on resuming: limits, the level, and whatever joins the run."""
    about, old = run_dir.read_manifest(), stored_config(run_dir)
    config = dataclasses.replace(
        job.config,
        out=old.out,
        judge=job.config.judge or old.judge,
        arms=job.config.arms or old.arms,
        arm_texts=(),
    )
    run_dir.write(to_table(config), about if job.held else manifest.grown(about, job))


def _begins_anew(run_dir: RunDir, job: Job, console: Console) -> bool:
    """Return whether a run of other inputs or judges gave way to this one, since it holds no answer."""
    other = difference(run_dir, job)
    if other is None or not holds_nothing(run_dir):
        return False
    check_arms(job.arms, None, job.config.reference)
    console.say(
        f"note: {run_dir.path}: the run there holds no answer and gives way to this one. {other.what}"
    )
    run_dir.clear()
    return True


def holds_nothing(run_dir: RunDir) -> bool:
    """Return whether a run has no answer, no block of one and none under way, so that nothing is lost with it."""
    if not run_dir.database.exists():
        return True
    try:
        with contextlib.closing(Store(run_dir.database, read_only=True)) as store:
            return not count_outcomes(store) and not open_batches(store)
    except (UsageError, sqlite3.DatabaseError):  # another version's, or damaged: who knows
        return False


def difference(run_dir: RunDir, job: Job) -> OtherRun | None:
    """Return how the run here is no part of a job; None where it is that job or a part that can grow."""
    about, ids = run_dir.read_manifest(), job.judge_ids()
    if about.identity == job.identity() and (about.judges == ids or not ids):
        return None
    config = stored_config(run_dir)
    if not run_dir.database.exists():
        return growth.difference(Held(run_dir.path, about, config, (), ()), job)
    with opened(run_dir, create=True) as store:  # also where it was cut off at its beginning
        texts = ((t.prompt, t.language, t.text) for t in main_texts(store))
        return growth.difference(Held(run_dir.path, about, config, prompt_ids(store), texts), job)


def check_same(run_dir: RunDir, job: Job) -> None:
    """Check that the run here is this one. Raises: UsageError with each change."""
    about = run_dir.read_manifest()
    if other := difference(run_dir, job):
        raise UsageError(f"--out {run_dir.path}: holds {' '.join(other)}")
    if job.arms and run_dir.database.exists():
        with opened(run_dir, create=True) as store:  # also where it was cut off at its beginning
            check_arms(job.arms, store, about.reference)
    else:
        check_arms(job.arms, None, about.reference)


def _take_arms(run_dir: RunDir, job: Job, store: Store, console: Console) -> None:
    """Write the texts of the arms, and into the manifest what the run holds now."""
    from safeglot.flow.arm_checks import without_refused  # late: it brings the identifiers

    whole, refused = without_refused(job.arms, store, job.config.reference)
    labels = job.prompts.labels()
    order = asking_order(labels, job.config.select_seed)
    put_arms(whole, store, [labels.ids[place] for place in order])
    put_refused(store, refused)
    for note in notes(store):
        console.say(f"note: {note}")
    arms, about = arms_summary(store), run_dir.read_manifest()
    if arms:
        run_dir.write(to_table(stored_config(run_dir)), manifest.with_arms(about, arms, job.arms))
    lost = {arm for arm, _ in losses(store)}
    for name in job.config.arms:
        if name not in lost and (
            arms is None or name not in arms.texts
        ):  # the others were checked: answers are to come
            console.say(
                f"note: no text of the arm {name} yet; once the answers are there, `safeglot arms "
                f"{run_dir.path} --out FILE --arm {name}` writes what is to be translated"
            )


def choose_correction(run_dir: RunDir, correction: str) -> None:
    """Note how the rates of a run are to be corrected by its labels. Raises: UsageError."""
    from safeglot.score.judges.corrected_rates import CORRECTIONS

    if correction not in CORRECTIONS:
        raise UsageError(
            f"--correction: got {correction!r}, allowed are {', '.join(CORRECTIONS)}."
            f"{checks.nearest(correction, CORRECTIONS)}"
        )
    with run_dir.require().locked(), opened(run_dir) as store:
        if correction != "two-phase" and "two-phase" in designs(store):
            raise UsageError(
                f"--correction {correction}: needs labels of a simple random sample; those of "
                f"{run_dir.path} were drawn by verdict. Use two-phase, or draw anew with "
                "`safeglot annotate sample --design simple --again`."
            )
        about = dataclasses.replace(run_dir.read_manifest(), correction=correction)
        run_dir.write(to_table(stored_config(run_dir)), about)


# ---- going on


@contextlib.contextmanager
def begun(run_dir: RunDir, job: Job, console: Console) -> Iterator[Store]:
    """Yield the store of a run that is begun or gone on with, and held; it has the prompts. Raises: UsageError."""
    if not run_dir.exists():
        check_arms(job.arms, None, job.config.reference)
    run_dir.create()
    with run_dir.locked():
        begin(run_dir, job, console)
        naming.note(run_dir, models_of(job.config))
        with opened(run_dir, create=True) as store:
            if job.config.plan == "full":
                clear_looks(store)  # else what an earlier plan left out would not be missing
            if not job.held:
                put_prompts(store, job.prompts, job.config.select_seed)
                store.write("history", job.history.items())
            if job.arms or job.config.arms:
                _take_arms(run_dir, job, store, console)
            yield store


@contextlib.contextmanager
def opened(run_dir: RunDir, *, create: bool = False, read_only: bool = False) -> Iterator[Store]:
    """Yield the run's store. Raises: UsageError where it is not there or damaged, Stopped for a full disk."""
    path = run_dir.require().database
    if not create and not path.exists():
        raise UsageError(
            f"{path}: not there. Run `safeglot run` with this run's inputs again, or give another run."
        )
    store = Store(path, read_only=read_only or (not create and not os.access(path.parent, os.W_OK)))
    try:
        check_ranges(store)
        if not create and not has_prompts(store):
            raise UsageError(
                f"{path}: holds no prompts; the run was cut off at its very beginning. "
                "Run `safeglot run` with its inputs again."
            )
        yield store
        store.close()
    except sqlite3.OperationalError as error:
        raise operational(path, error) from error
    except sqlite3.DatabaseError as error:
        raise UsageError(
            f"{path}: is damaged ({error}). Put a copy of it back, or run again with another --out."
        ) from error
    finally:
        with contextlib.suppress(sqlite3.DatabaseError):  # what is pending failed above already
            store.close()


def operational(path: Path, error: sqlite3.OperationalError) -> SafeglotError:
    """Return what a fault of SQLite's means to the user, and what to do."""
    said = str(error)
    if "locked" in said:
        return Stopped(
            f"{path}: another program holds it ({said}). Close that program, then run the same command again."
        )
    if "full" in said:
        return Stopped(f"{path}: {said}. Make room, then run the same command again.")
    if "interrupted" in said:
        return UsageError(
            f"{path}: a query does not end, as where the file is damaged. Put a copy of it back, or "
            "run again with another --out."
        )
    return Stopped(
        f"{path}: {said}. Make room or check the permissions, then run the same command again."
    )


def stored_config(run_dir: RunDir) -> Config:
    """Return the configuration that the run was begun with."""
    path = run_dir.require().config
    text = rundir.read_text(path, "Put back the file that the run wrote, or give another run")
    table = checks.read_toml(text, str(path))
    table = {key: value for key, value in table.items() if key not in OF_MACHINE}
    return build(table, known=known(stored=True), where=str(path), unjudged=True)


def judged_config(run_dir: RunDir) -> Config:
    """Return the configuration of a run that has a judge. Raises: UsageError where it has none."""
    config = stored_config(run_dir)
    if not config.judge:
        raise UsageError(no_judge(run_dir))
    return config


def of_models(run_dir: RunDir) -> Manifest:
    """Return the manifest of a run of models. Raises: UsageError for a test of guards."""
    about = run_dir.require().read_manifest()
    if about.guards is not None:
        path = run_dir.path
        raise UsageError(
            f"{path}: is a test of guards on labelled texts, and this needs a run of models. What the "
            f"guards find: {command('show', str(path), '--full')}"
        )
    return about


def no_judge(run_dir: RunDir) -> str:
    """Return what to do with a run that has no judge."""
    return (
        f"{run_dir.path}: has answers and no judge yet. "
        f"Name one: safeglot judge {run_dir.path} --judge family=provider/model."
    )


def textless(about: Manifest) -> PromptSet:
    """Return what a manifest says of its run's prompts, and none of them: they stay in the database."""
    return PromptSet(
        prompts=(),
        translations=(),
        taxonomy=manifest.taxonomy_of(about.taxonomy),
        languages=about.languages,
        source=about.identity["prompts"].split("@")[0],
    )


def stored_prompts(store: Store, about: Manifest) -> PromptSet:
    """Return the run's prompts, and the translations that it has: perhaps not of each in each language."""
    prompts = tuple(store.prompts())
    texts = {
        (t.prompt, t.language): Translation(
            prompt=t.prompt, language=t.language, text=t.text, translator=t.translator
        )
        for t in main_texts(store)
    }
    languages = about.languages
    translations = tuple(
        texts[p.id, tag] for p in prompts for tag in languages if (p.id, tag) in texts
    )
    return dataclasses.replace(textless(about), prompts=prompts, translations=translations)


def check_missing(run_dir: RunDir, missing: float, most: float) -> None:
    """Raise TooMuchMissing where more than the allowed share of verdicts is missing."""
    if missing > most:
        raise TooMuchMissing(
            f"{run_dir.path}: {missing:.1%} of the planned verdicts of a judge and model are missing, allowed are {most:.1%} "
            "(--max-missing). The report lists them with their reasons; the same command again tries "
            "those that a new try may help, --retry-failed tries all."
        )
