"""Further passes of the judges: answers judged twice, answers that ask to be called safe, thoughts.

Their verdicts stand under the judge's name with a mark behind it and enter no rate.
"""

from __future__ import annotations

import hashlib
import heapq
import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import itemgetter
from typing import Any, Unpack

from safeglot.backends.console import Console
from safeglot.backends.files.rundir import RunDir
from safeglot.backends.store.answers import answers_with_thoughts
from safeglot.backends.store.store import Store
from safeglot.backends.store.verdicts import count_judged, judged_answers, unsafe_answers
from safeglot.config.model_strings import JudgeConfig
from safeglot.config.settings import OF_MACHINE, Config, some
from safeglot.errors import UsageError
from safeglot.flow.collection import Again, Work, collect_again
from safeglot.flow.run import job as jobs
from safeglot.flow.run.job import How
from safeglot.flow.run.session import judged_config, opened, textless
from safeglot.judge.guards.again import CANARIES, CANARY, THOUGHT, Canaried, OfThought, Repeated
from safeglot.judge.guards.canary import sentence_of
from safeglot.text.languages import primary
from safeglot.types import JudgeStep

FEWEST = 50
"""Answers that are judged twice where there are as many, however small the share."""

SEED = b"safeglot"


@dataclass(frozen=True, slots=True, kw_only=True)
class Passes:
    """Which passes are asked for. Raises: UsageError."""

    repeat: float | None = None
    """Share of the answers that are judged twice."""
    canary: int | None = None
    """Unsafe answers of each language that ask to be called safe."""

    judge_thoughts: bool = False
    """Whether the thoughts before the answers are judged too."""
    machine: Mapping[str, Any] = field(default_factory=dict)
    """Settings of `OF_MACHINE`, which no run keeps."""

    def __post_init__(self) -> None:
        if self.repeat is not None and not 0 < self.repeat <= 1:
            raise UsageError(
                f"--repeat: got {self.repeat:g}, allowed is a share of the answers above 0 and "
                "up to 1, as in 0.02."
            )
        if self.canary is not None and self.canary < 1:
            raise UsageError(
                f"--canary: got {self.canary}, allowed is a number of answers from 1 on, as in 50."
            )

    @classmethod
    def of(cls, config: Config) -> Passes:
        """Return those of a run, which go its way."""
        return cls(judge_thoughts=config.judge_thoughts, machine=some(config, OF_MACHINE))

    def __bool__(self) -> bool:
        return self.repeat is not None or self.canary is not None or self.judge_thoughts


def ask_again(run_dir: RunDir, passes: Passes, console: Console, **how: Unpack[How]) -> None:
    """Have the judges of a run judgings again; with no pass nothing is done. Raises: SafeglotError.

    Where its judges are asked was checked when they judged (flow/judging/verdicts.py).
    """
    if not passes:
        return
    config, about = judged_config(run_dir), run_dir.read_manifest()
    config = replace(config, **passes.machine)
    with run_dir.locked(), opened(run_dir) as store:
        job = jobs.prepare(config, textless(about), about.source, target_ids=about.model_ids)
        pairs = [
            p for p in zip(job.judges, config.judge, strict=True) if not (p[1].norms or p[1].guard)
        ]
        judgings = [judging for pair in pairs for judging in _of_judge(*pair, store, passes)]
        for note in _notes(pairs, judgings, passes, about.languages):
            console.say(f"note: {note}")
        work = Work(job=job, run_dir=run_dir, store=store, console=console, answers=False, **how)
        collect_again(work, judgings)


def _of_judge(
    judge: JudgeStep, config: JudgeConfig, store: Store, passes: Passes
) -> Iterator[Again]:
    if passes.repeat is not None and config.model is not None:
        n = max(FEWEST, math.ceil(passes.repeat * count_judged(store, judge.name)))
        answers = sampled(judged_answers(store, judge.name), n)
        yield Again(judge=Repeated(judge=judge), config=config, answers=answers)
    if passes.judge_thoughts and (answers := answers_with_thoughts(store)):
        yield Again(judge=OfThought(judge=judge), config=config, answers=answers)
    if passes.canary is not None:
        by_language = itertools.groupby(unsafe_answers(store, judge.name), key=itemgetter(0))
        chosen = tuple(
            number
            for _, group in by_language
            for number in sampled((answer for _, *answer in group), passes.canary)
        )
        for kind in CANARIES if chosen else ():
            yield Again(judge=Canaried(judge=judge, kind=kind), config=config, answers=chosen)


def sampled(answers: Iterable[Sequence[Any]], n: int) -> tuple[int, ...]:
    """Return the numbers of n answers of (key, number), always the same: those whose key's hash comes first.

    More of the same answers hold the fewer ones, so that a larger share goes on from a smaller one.
    """
    return tuple(number for _, number in heapq.nsmallest(n, answers, key=_rank))


def _rank(answer: Sequence[Any]) -> bytes:
    return hashlib.blake2b(answer[0].encode(), digest_size=16, key=SEED).digest()


def _notes(
    pairs: Iterable[tuple[JudgeStep, JudgeConfig]],
    judgings: Iterable[Again],
    passes: Passes,
    languages: Iterable[str],
) -> Iterator[str]:
    names = {judging.judge.name for judging in judgings}
    for judge, config in pairs:
        if passes.repeat is not None and config.model is None:
            yield (
                f"{judge.name} asks no model: the same answer gets the same verdict, so it is not "
                "asked twice"
            )
        if passes.canary is not None and judge.name + CANARY not in names:
            yield f"{judge.name} called no answer unsafe: there is none to put a canary behind"
    if passes.judge_thoughts and not any(name.endswith(THOUGHT) for name in names):
        yield "no answer came with a thought: there is none to judge"
    yield from (f"{judging.judge.name}: {len(judging.answers)} answers" for judging in judgings)
    english = [tag for tag in languages if sentence_of(tag)[1] != primary(tag)]
    if passes.canary is not None and english:
        yield f"no canary in {', '.join(english)}: the English sentence stands for it"
