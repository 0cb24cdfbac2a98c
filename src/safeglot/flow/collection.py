"""Collect what a job lacks: phases, signals, and how to go on after a stop."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import signal
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Sequence
from typing import TypeAlias

from safeglot.backends.console import Console, Snapshot
from safeglot.backends.engine.collect import Collector
from safeglot.backends.engine.endpoints import Endpoints
from safeglot.backends.engine.engine import Counters, Engine, Limits
from safeglot.backends.engine.lane import Patience
from safeglot.backends.engine.memory import few_collections
from safeglot.backends.files.links import appended
from safeglot.backends.files.rundir import RunDir
from safeglot.backends.loop import run
from safeglot.backends.models.routes import LOCAL
from safeglot.backends.store.afresh import count_momentary
from safeglot.backends.store.answers import answered_models, count_asked, count_outcomes
from safeglot.backends.store.store import Store
from safeglot.backends.store.verdicts import count_verdicts
from safeglot.config.model_strings import JudgeConfig, ModelConfig
from safeglot.config.settings import to_table
from safeglot.errors import Stopped
from safeglot.flow.arms import stored_arms
from safeglot.flow.outcomes import (
    ending_notes,
    judge_serving_notes,
    serving_notes,
    with_served,
)
from safeglot.flow.run import job as jobs
from safeglot.flow.run.adaptations import of_run
from safeglot.flow.run.job import Job
from safeglot.flow.run.models import model_id, say_keyless
from safeglot.flow.run.session import stored_config
from safeglot.generate import Generate
from safeglot.types import Answer, JudgeStep

_Targets: TypeAlias = Sequence[tuple[Generate, ModelConfig]]
_Judges: TypeAlias = Sequence[tuple[JudgeStep, JudgeConfig]]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What is to be collected, into which store."""

    job: Job
    run_dir: RunDir
    store: Store
    console: Console
    retry_failed: bool = False
    answers: bool = True
    """Whether targets may be asked; without, only stored answers are judged."""
    judged: bool = True
    unchecked: bool = False
    """Whether judges that fail their first check are used all the same."""
    spent: Counters = dataclasses.field(default_factory=Counters)
    """What all phases together have sent, against the budgets."""
    endpoints: Endpoints = dataclasses.field(default_factory=Endpoints)
    """What all phases together have learnt of endpoints."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """Steps that run together; one in-process engine is in memory at a time."""

    targets: tuple[Generate, ...]
    asked: tuple[Generate, ...]
    """The targets that may be asked now; of the others only stored answers are judged."""
    judges: tuple[JudgeStep, ...]
    models: tuple[ModelConfig, ...]


def phases(job: Job, *, answers: bool = True, judged: bool = True) -> list[Phase]:
    """Return one streaming phase, or a barrier between in-process engines where there are several."""
    targets = list(zip(job.targets, job.config.target, strict=True)) if answers else []
    judges = list(zip(job.judges, job.config.judge, strict=True)) if judged else []
    local = {m.model for m in _models(targets, judges) if is_local(m)}
    if len(local) <= 1:
        return [_phase(job, targets, judges)]
    alone = [pair for pair in targets if is_local(pair[1])]
    after = [pair for pair in judges if pair[1].model and is_local(pair[1].model)]
    streamed = _phase(
        job, [p for p in targets if p not in alone], [p for p in judges if p not in after]
    )
    return [
        *(_phase(job, [pair], []) for pair in alone),
        *([streamed] if streamed.asked or streamed.judges else []),
        *(_phase(job, [], [pair]) for pair in after),
    ]


def _phase(job: Job, targets: _Targets, judges: _Judges) -> Phase:
    asked = tuple(t for t, _ in targets)
    return Phase(
        targets=job.targets if judges else asked,
        asked=asked,
        judges=tuple(j for j, _ in judges),
        models=_models(targets, judges),
    )


def _models(targets: _Targets, judges: _Judges) -> tuple[ModelConfig, ...]:
    return (*(m for _, m in targets), *(c.model for _, c in judges if c.model))


def is_local(model: ModelConfig) -> bool:
    """Return whether a model runs in this process."""
    return model.provider in LOCAL


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """Stored answers that a judge is asked about once more, under another name."""

    judge: JudgeStep
    config: JudgeConfig
    keys: tuple[str, ...]
    """Keys of the responses."""


def collect(work: Work) -> None:
    """Ask for what is missing, in all arms that the run holds. Raises: Stopped, with how to go on."""
    arms = stored_arms(work.store, work.job.prompts, work.job.config.reference)
    work = dataclasses.replace(work, job=dataclasses.replace(work.job, arms=arms))
    with stops_explained(work), _served_kept(work):
        _collect_all(work)
        _ask_once_more(work)
        _check_stops(work)
    for note in _notes(work):
        work.console.say(f"note: {note}")


def _collect_all(work: Work) -> None:
    for phase in phases(work.job, answers=work.answers, judged=work.judged):
        run(_collect(work, phase))


def _ask_once_more(work: Work) -> None:
    """Ask again for what failed in a way that another try may mend, now that all else is done."""
    work.store.flush()
    lanes = work.endpoints.lanes.values()
    if lanes and not any(lane.is_open for lane in lanes):
        return
    asked = (("generate", work.answers), ("judge", work.judged))
    failed = count_momentary(work.store, [stage for stage, wanted in asked if wanted])
    if failed:
        work.console.say(f"note: {failed} requests failed for a moment; each is asked once more")
        _collect_all(dataclasses.replace(work, retry_failed=False))


def _check_stops(work: Work) -> None:
    """Check what gave up, now that all others are done. Raises: Stopped where that is no end of a run.

    It is one where an endpoint was never there and others were: what it lacks is missing.
    """
    stopped = work.endpoints.stopped
    lost = [stop for stop in stopped if stop.answered]
    if lost or (stopped and _nothing_came(work)):
        raise Stopped("\n".join(map(str, lost or stopped)))
    for stop in stopped:
        work.console.say(
            f"note: {stop} What it was to give is missing; the same command asks again."
        )


def _nothing_came(work: Work) -> bool:
    """Return whether no target that was asked gave anything, or no judge."""
    work.store.flush()
    judges = [judge.name for judge in work.job.judges]
    unanswered = work.answers and not count_outcomes(work.store)
    unjudged = work.judged and bool(judges) and not count_verdicts(work.store, judges)
    return unanswered or unjudged


@contextlib.contextmanager
def _served_kept(work: Work) -> Iterator[None]:
    """Run what asks judges; what their replies say of who gave them goes into the manifest, also on a stop.

    Of targets each reply says it in the database.
    """
    try:
        yield
    finally:
        targets, spent = {target.model for target in work.job.targets}, work.spent
        new = {model: names for model, names in spent.served.items() if model not in targets}
        spent.served = {}
        if new:
            about = with_served(work.run_dir.read_manifest(), new)
            work.run_dir.write(to_table(stored_config(work.run_dir)), about)


def _notes(work: Work) -> Iterator[str]:
    """Yield what is to be said of the replies once all are there."""
    work.store.flush()
    if work.spent.unopened:
        yield (
            f"{work.spent.unopened} replies: a thought was cut off at a closing mark without an "
            "opening"
        )
    manifest = work.run_dir.read_manifest()
    yield from judge_serving_notes(manifest)
    if work.answers:
        yield from ending_notes(work.store, manifest)
        yield from serving_notes(work.store)


def collect_again(work: Work, passes: Sequence[Again], answer_of: Callable[[str], Answer]) -> None:
    """Have stored answers judged once more; what is there already is not passes. Raises: Stopped."""
    streamed: list[Again] = []
    alone: dict[str, list[Again]] = {}  # one in-process engine is in memory at a time
    for judging in passes:
        model = judging.config.model
        if model is not None and is_local(model):
            alone.setdefault(model.model, []).append(judging)
        else:
            streamed.append(judging)
    with stops_explained(work, lambda work: _stored_again(work, passes)), _served_kept(work):
        for together in ([streamed] if streamed else []) + list(alone.values()):
            run(_collect_again(work, together, answer_of))
        if work.endpoints.stopped:
            raise Stopped("\n".join(map(str, work.endpoints.stopped)))


@contextlib.contextmanager
def stops_explained(work: Work, stored: Callable[[Work], str] | None = None) -> Iterator[None]:
    """Run what may stop; the message then says what is stored, and how to go on. Raises: Stopped."""
    stored = stored or _stored
    try:
        yield
    except (KeyboardInterrupt, asyncio.CancelledError):
        raise Stopped(_how_to_go_on(Stopped("interrupted."), work, stored)) from None
    except Stopped as error:
        raise Stopped(_how_to_go_on(error, work, stored), again=error.again) from None


def _how_to_go_on(why: Stopped, work: Work, stored: Callable[[Work], str]) -> str:
    work.store.flush()
    done = f"{why}\n{stored(work)} are stored in {work.run_dir.path}."
    return f"{done} Run the same command again to go on from there." if why.again else done


def _stored(work: Work) -> str:
    job, answers = work.job, count_asked(work.store)
    verdicts = count_verdicts(work.store, [judge.name for judge in job.judges])
    return f"{answers} of {job.n_answers} answers and {verdicts} of {job.n_verdicts} verdicts"


def _stored_again(work: Work, passes: Sequence[Again]) -> str:
    there = count_verdicts(work.store, [judging.judge.name for judging in passes])
    total = sum(len(judging.keys) for judging in passes)
    return f"{there} of {total} verdicts that guard the judges"


async def _collect(work: Work, phase: Phase) -> None:
    job = work.job
    texts = len(job.prompts.translations) + len(job.arms.asked)
    given = [(given.item, given.answer) for given in job.arms.given] if phase.judges else []
    n_items = texts * job.config.samples * len(phase.targets) + len(given)
    names = {target.name for target in phase.asked}
    async with (
        collecting(work, phase.models, names) as (collector, width),
        work.console.watching(lambda: _look(collector, n_items, len(phase.judges))),
    ):
        await collector.run(
            job.items,
            phase.targets,
            phase.judges,
            width=max(1, min(width, n_items)),
            given=given,
        )


async def _collect_again(
    work: Work, passes: Sequence[Again], answer_of: Callable[[str], Answer]
) -> None:
    models = tuple(judging.config.model for judging in passes if judging.config.model)
    total = sum(len(judging.keys) for judging in passes)
    pairs = ((answer_of(key), judging.judge) for judging in passes for key in judging.keys)
    async with (
        collecting(work, models, set()) as (collector, width),
        work.console.watching(lambda: _look(collector, 0, 0, verdicts=total)),
    ):
        await collector.again(pairs, width=max(1, min(width, total)))


@contextlib.asynccontextmanager
async def collecting(
    work: Work, models: Sequence[ModelConfig], allowed: Collection[str]
) -> AsyncIterator[tuple[Collector, int]]:
    """Yield a collector on an engine for the models, and how wide it may work; `allowed` are the targets to ask."""
    _stop_on_sigterm()
    job = work.job
    say_keyless(models, work.console)
    files = jobs.fetched(job, models, work.console)
    routes = jobs.routes(job, models, files, of_run(work.run_dir, work.console))
    with appended(work.run_dir.log) as log, few_collections():
        work.endpoints.say = lambda note: work.console.say(f"note: {note}")
        work.endpoints.known = lambda: _answered(work)
        engine = Engine(work.store, routes, _limits(job), log=log.write, endpoints=work.endpoints)
        engine.counters = work.spent  # budgets are those of the whole command
        width = 2 * sum(lane.most for lane in engine.lanes.values()) or 8
        try:
            yield Collector(engine, allowed=allowed, retry_failed=work.retry_failed), width
        finally:
            for note in engine.to_say():
                work.console.say(f"note: {note}")
            await engine.close()


def _answered(work: Work) -> set[str]:
    """Return the ids of the models that the run has something of."""
    job, named = work.job, answered_models(work.store)
    targets = {target.model for target in job.targets if target.name in named}
    files = job.files
    judges = zip(job.judges, job.config.judge, strict=True)
    return targets | {
        model_id(config.model, files)
        for judge, config in judges
        if config.model and count_verdicts(work.store, [judge.name])
    }


def _stop_on_sigterm() -> None:
    # as asyncio.run does for Ctrl-C: what is in flight is cancelled, what is stored stays
    task = asyncio.current_task()
    if task is not None:
        with contextlib.suppress(NotImplementedError):  # Windows
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)


def _look(
    collector: Collector, n_items: int, n_judges: int, *, verdicts: int | None = None
) -> Snapshot:
    tally, counters = collector.tally, collector.engine.counters
    return Snapshot(
        answers=tally.answers,
        answers_of=n_items,
        verdicts=tally.verdicts,
        verdicts_of=n_items * n_judges if verdicts is None else verdicts,
        failed=tally.failed,
        tokens=counters.tokens_in + counters.tokens_out,
        retried=counters.retried,
        in_flight=sum(lane.in_flight for lane in collector.engine.lanes.values()),
    )


def _limits(job: Job) -> Limits:
    c = job.config
    budget = max(1000, job.n_answers + job.n_verdicts)
    return Limits(
        retries=c.retries,
        retry_budget=budget,
        budget_tokens=c.budget_tokens,
        budget_usd=c.budget_usd,
        patience=Patience(down_s=c.patience_s),
    )
