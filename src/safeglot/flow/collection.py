"""Collect what a job lacks: phases, signals, and how to go on after a stop."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import signal
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator, Sequence
from typing import Any, TypeVar

from safeglot.backends.console import Console, Snapshot
from safeglot.backends.engine.collect import Collector, Wanted
from safeglot.backends.engine.endpoints import Endpoints
from safeglot.backends.engine.engine import Counters, Engine, Limits
from safeglot.backends.engine.lane import HOPELESS, Patience
from safeglot.backends.engine.memory import few_collections
from safeglot.backends.files.links import appended
from safeglot.backends.files.rundir import RunDir
from safeglot.backends.loop import run
from safeglot.backends.store.answers import (
    answered_models,
    count_answers,
    count_asked,
    count_outcomes,
)
from safeglot.backends.store.plan import ASKED, count_given, count_planned, count_texts, unjudged
from safeglot.backends.store.records import verdict_row
from safeglot.backends.store.store import Store
from safeglot.backends.store.tries import count_momentary
from safeglot.backends.store.verdicts import count_verdicts, placed_verdicts
from safeglot.config.model_strings import JudgeConfig, ModelConfig
from safeglot.config.settings import to_table
from safeglot.errors import Stopped
from safeglot.flow.outcomes import ending_notes, judge_serving_notes, serving_notes, with_served
from safeglot.flow.run.adaptations import of_run
from safeglot.flow.run.batches import progress, told_under_way, with_batches
from safeglot.flow.run.job import Job
from safeglot.flow.run.looks import wanted_until_looks
from safeglot.flow.run.models import model_id, say_keyless
from safeglot.flow.run.phases import Phase, is_local, phases
from safeglot.flow.run.replicas import run_routes
from safeglot.flow.run.session import stored_config
from safeglot.judge.norms import Normed
from safeglot.types import PROMPT_MODE, Arm, JudgeStep

Result = TypeVar("Result")


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

    def run(self, main: Coroutine[Any, Any, Result]) -> Result:
        """Return what a coroutine that asks models returns."""
        return run(main, proxied=bool(self.job.config.proxy))


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """Stored answers that a judge is asked about once more, under another name."""

    judge: JudgeStep
    config: JudgeConfig
    answers: tuple[int, ...]
    """Their numbers in the store."""


def collect(work: Work) -> None:
    """Ask for what is missing, in all arms that the run holds. Raises: Stopped, with how to go on."""
    with stops_explained(work), _served_kept(work):
        _collect_all(work)
        _ask_once_more(work)
        _check_stops(work)
        _count_under_norms(work)
    if work.spent.sent or work.spent.failed or not work.job.held:  # else all was said before
        for note in _notes(work):
            work.console.say(f"note: {note}")


def _collect_all(work: Work) -> None:
    found = phases(work.job, answers=work.answers, judged=work.judged)
    is_asked = work.answers and work.judged
    wants = wanted_until_looks(work.run_dir, work.store, work.console) if is_asked else [None]
    if len(found) == 1:  # its models stay in memory from look to look
        work.run(_collect(work, found[0], wants))
        return
    for wanted in wants:
        for phase in found:
            work.run(_collect(work, phase, [wanted]))
        work = dataclasses.replace(work, retry_failed=False)


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


def _count_under_norms(work: Work) -> None:
    """Write the verdicts under norms that follow from a judge's own: nothing is asked for them."""
    under = [j for j in work.job.judges if isinstance(j, Normed) and not j.asked and work.judged]
    categories = {p.id: p.categories for p in work.store.prompts()} if under else {}
    for judge in under:
        step = work.store.step("judge", judge.name, judge.id, judge.mode)
        own = list(placed_verdicts(work.store, judge.judge.name))
        work.store.drop_verdicts(judge.name)  # an answer may have been judged anew
        work.store.write(
            "verdicts",
            (
                verdict_row(number, step, judge.counted(verdict, categories[prompt]), reply)
                for number, prompt, reply, verdict in own
            ),
        )


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
        spent.served.clear()
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


def collect_again(work: Work, passes: Sequence[Again]) -> None:
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
            work.run(_collect_again(work, together))
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
    done += told_under_way(work.store)
    if not why.again:
        return done
    gave_up = {lane.gave_up for lane in work.endpoints.lanes.values() if lane.gave_up}
    if gave_up and gave_up <= HOPELESS:
        return f"{done} Mend that; the command then goes on from there."
    return f"{done} Run the same command again to go on from there."


def _stored(work: Work) -> str:
    job, answers = work.job, count_asked(work.store)
    verdicts = count_verdicts(work.store, [judge.name for judge in job.judges])
    planned, verdicts_planned = _planned(work), _verdicts_planned(work, job.judges)
    return f"{answers} of {planned} answers and {verdicts} of {verdicts_planned} verdicts"


def _verdicts_planned(work: Work, judges: Sequence[JudgeStep]) -> int:
    """Return how many verdicts are planned of judges."""
    planned, about = _planned(work), work.run_dir.read_manifest()
    if about.guards is not None or about.arms is None:
        return planned * len(judges)
    given = count_given(work.store)
    spared = planned - _planned(work, [arm for arm in ASKED if arm not in unjudged(PROMPT_MODE)])
    return sum(planned + given - spared * (judge.mode == PROMPT_MODE) for judge in judges)


def _planned(work: Work, arms: Sequence[Arm] = ASKED) -> int:
    """Return how many answers are planned of the targets."""
    targets, samples = len(work.job.targets), work.job.config.samples
    about = work.run_dir.read_manifest()
    if about.guards is not None:  # its texts stand in the place of answers
        return count_answers(work.store)
    if about.arms is None:  # its texts are all of the main arm
        return count_texts(work.store) * targets * samples
    return count_planned(work.store, targets, samples, arms=arms)


def _stored_again(work: Work, passes: Sequence[Again]) -> str:
    there = count_verdicts(work.store, [judging.judge.name for judging in passes])
    total = sum(len(judging.answers) for judging in passes)
    return f"{there} of {total} verdicts that guard the judges"


async def _collect(work: Work, phase: Phase, wants: Iterable[Wanted | None]) -> None:
    answers = _planned(work) * len(phase.targets) // max(1, len(work.job.targets))
    verdicts = _verdicts_planned(work, phase.judges)
    async with collecting(work, phase.models) as engine:
        collector = _collector(work, engine)
        async with work.console.watching(lambda: _look(collector, answers, verdicts)):
            for wanted in wants:
                await collector.run(phase.targets, phase.judges, wanted)


async def _collect_again(work: Work, passes: Sequence[Again]) -> None:
    models = tuple(judging.config.model for judging in passes if judging.config.model)
    total = sum(len(judging.answers) for judging in passes)
    async with collecting(work, models) as engine:
        collector = _collector(work, engine)
        async with work.console.watching(lambda: _look(collector, 0, total)):
            await collector.again([(judging.judge, judging.answers) for judging in passes])


def _collector(work: Work, engine: Engine) -> Collector:
    config = work.job.config
    return Collector(
        engine,
        reference=config.reference,
        samples=config.samples,
        retry_failed=work.retry_failed,
    )


@contextlib.asynccontextmanager
async def collecting(
    work: Work, models: Sequence[ModelConfig], *, at_once: bool = False
) -> AsyncIterator[Engine]:
    """Yield an engine for the models; `at_once` asks none of them by batches."""
    _stop_on_sigterm()
    job = work.job
    say_keyless(models, work.console)
    adaptations, say = of_run(work.run_dir, work.console), work.console.say
    routes = await run_routes(
        job.config, models, job.engines,
        adaptations=adaptations, say=say, progress=work.console.fetching,
    )  # fmt: skip
    if not at_once:
        by_id = [(model_id(m, job.engines), m) for m in models]
        routes = with_batches(job.config, work.store, say, routes=routes, by_id=by_id)
    with appended(work.run_dir.log) as log, few_collections():
        work.endpoints.say = lambda note: work.console.say(f"note: {note}")
        work.endpoints.known = lambda: _answered(work)
        engine = Engine(work.store, routes, _limits(work), log=log.write, endpoints=work.endpoints)
        engine.counters = work.spent  # budgets are those of the whole command
        try:
            yield engine
        finally:
            for note in engine.to_say():
                work.console.say(f"note: {note}")
            await engine.close()


def _answered(work: Work) -> set[str]:
    """Return the ids of the models that the run has something of."""
    job, named = work.job, answered_models(work.store)
    targets = {target.model for target in job.targets if target.name in named}
    judges = zip(job.judges, job.config.judge, strict=True)
    return targets | {
        model_id(config.model, job.engines)
        for judge, config in judges
        if config.model and count_verdicts(work.store, [judge.name])
    }


def _stop_on_sigterm() -> None:
    # as asyncio.run does for Ctrl-C: what is in flight is cancelled, what is stored stays
    task = asyncio.current_task()
    if task is not None:
        with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
            # Windows, and a thread that is not the main one
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)


def _look(collector: Collector, answers: int, verdicts: int) -> Snapshot:
    tally, counters = collector.tally, collector.engine.counters
    if collector.wanted is not None and answers:
        verdicts = verdicts * collector.wanted // answers
        answers = collector.wanted
    return Snapshot(
        answers=tally.answers,
        answers_of=answers,
        verdicts=tally.verdicts,
        verdicts_of=verdicts,
        failed=tally.failed,
        tokens=counters.tokens_in + counters.tokens_out,
        retried=counters.retried,
        in_flight=sum(lane.in_flight for lane in collector.engine.lanes.values()),
        batches=progress(collector.engine.routes),
    )


def _limits(work: Work) -> Limits:
    c, about = work.job.config, work.run_dir.read_manifest()
    texts = int(about.identity["n"]) * len(about.languages)
    answers = texts * c.samples * max(1, len(work.job.targets))
    return Limits(
        retries=c.retries,
        retry_budget=max(1000, answers * (1 + len(work.job.judges))),
        budget_tokens=c.budget_tokens,
        budget_usd=c.budget_usd,
        patience=Patience(down_s=c.patience_s),
    )
