"""The first check of judges: asked before anything is bought, kept in the run's manifest."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from safeglot.backends.engine.engine import Engine
from safeglot.backends.files.manifest import JudgeCheck
from safeglot.backends.store.verdicts import count_verdicts
from safeglot.config.model_strings import ModelConfig
from safeglot.config.settings import to_table
from safeglot.errors import EndpointStopped, ModelError, Stopped, UsageError
from safeglot.flow.collection import Work, collecting, stops_explained
from safeglot.flow.run.phases import is_local
from safeglot.flow.run.session import stored_config
from safeglot.judge.guards import first_check
from safeglot.judge.guards.first_check import Heard
from safeglot.keys import request_key
from safeglot.text.languages import primary
from safeglot.types import Answer, JudgeStep, Reply, Request

_ROUNDS = 2
"""What fails for a moment is asked once more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A judge on one of the four exchanges; what is read is what it said."""

    judge: JudgeStep
    exchange: str

    @property
    def name(self) -> str:
        """That of the judge."""
        return self.judge.name

    @property
    def id(self) -> str:
        """That of the judge."""
        return self.judge.id

    def ask(self, item: Answer) -> Sequence[Request]:
        """Return the judge's requests."""
        return self.judge.ask(item)

    def read(self, item: Answer, replies: Sequence[Reply]) -> Heard:
        """Return what the judge said."""
        return first_check.said_of(self.judge, self.exchange, item, replies)


def check(work: Work) -> None:
    """Have judges that are new to the run answer four exchanges. Raises: UsageError where one fails; Stopped.

    Where the work says `unchecked`, the run goes on all the same, and its pages say so.
    """
    known, language = work.run_dir.read_manifest().checks, work.job.config.reference
    pairs = [
        (judge, config.model)
        for judge, config in zip(work.job.judges, work.job.config.judge, strict=True)
        if config.model is not None
        and config.norms is None  # the judge by itself is checked; norms may allow the exchanges
        and not _is_known(known.get(judge.name), judge, language)
        and not count_verdicts(
            work.store, [judge.name]
        )  # of a run that was begun before there were checks
    ]
    if not pairs:
        return
    tag = first_check.exchanges(language)[1]
    if tag != primary(language):
        work.console.say_once(
            f"note: the first check of judges has no texts in {language}; it is in English"
        )
    with stops_explained(work):
        for together in _groups(pairs):
            said = work.run(_asked(work, together, language))
            for judge, _ in together:
                _settle(work, judge, said[judge.name])


def _is_known(check: JudgeCheck | None, judge: JudgeStep, language: str) -> bool:
    return check is not None and check.id == first_check.check_id(judge, language)


def _groups(
    pairs: Sequence[tuple[JudgeStep, ModelConfig]],
) -> Iterator[Sequence[tuple[JudgeStep, ModelConfig]]]:
    """Yield the judges that are asked together: those of servers, then each in-process engine alone."""
    remote = [pair for pair in pairs if not is_local(pair[1])]
    if remote:
        yield remote
    yield from ([pair] for pair in pairs if is_local(pair[1]))


async def _asked(
    work: Work, pairs: Sequence[tuple[JudgeStep, ModelConfig]], language: str
) -> Mapping[str, Sequence[Heard]]:
    models = [model for _, model in pairs]
    async with collecting(work, models, at_once=True) as engine:
        each = [_four(engine, judge, language) for judge, _ in pairs]
        return dict(
            zip((judge.name for judge, _ in pairs), await asyncio.gather(*each), strict=True)
        )


async def _four(engine: Engine, judge: JudgeStep, language: str) -> list[Heard]:
    """Return what a judge said of each exchange. Raises: Stopped where no reply came for the moment."""
    answers, _ = first_check.exchanges(language)
    said: dict[str, Heard] = {}
    for _ in range(_ROUNDS):
        left = [name for name in answers if name not in said or said[name].passing]
        asked = (_one(engine, judge, name, answers[name]) for name in left)
        said |= dict(zip(left, await asyncio.gather(*asked), strict=True))
    if all(one.passing for one in said.values()):
        raise Stopped(
            f"{judge.name}: its first check got no reply ({next(iter(said.values())).error})."
        )
    return list(said.values())


async def _one(engine: Engine, judge: JudgeStep, name: str, answer: Answer) -> Heard:
    try:
        return await engine.produce(Exchange(judge=judge, exchange=name), answer)
    except ModelError as error:
        return Heard(exchange=name, error=str(error), passing=error.transient)
    except EndpointStopped as stop:  # no run begins with a judge that is not there
        engine.shut(str(stop))
        raise


def _settle(work: Work, judge: JudgeStep, said: Sequence[Heard]) -> None:
    language = work.job.config.reference
    fault = first_check.fault(judge, language, said)
    if fault and not work.unchecked:
        work.store.drop_replies(_keys(judge, language))  # a mended server is asked again
        raise UsageError(
            f"{fault}\nNo target was asked. Mend the judge and run the same command again, or go on "
            "all the same with --unchecked-judge; every page will say so."
        )
    for note in ([fault] if fault else []) + list(first_check.notes(judge, said)):
        work.console.say_once(f"note: {note}")
    record = JudgeCheck(
        id=first_check.check_id(judge, language),
        said={one.exchange: one.shown for one in said},
        fault=fault,
    )
    about = work.run_dir.read_manifest()
    checks = {**about.checks, judge.name: record}
    work.run_dir.write(
        to_table(stored_config(work.run_dir)), dataclasses.replace(about, checks=checks)
    )


def _keys(judge: JudgeStep, language: str) -> list[str]:
    answers = first_check.exchanges(language)[0].values()
    return [request_key(request) for answer in answers for request in judge.ask(answer)]
