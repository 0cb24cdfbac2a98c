"""A check-up of a configuration: each model is asked for one answer, each judge for its first check."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace

from safeglot.backends.console import Console
from safeglot.backends.files.manifest import PromptOrigin
from safeglot.backends.files.rundir import RunDir
from safeglot.backends.store.store import Store
from safeglot.config import token_limits
from safeglot.config.model_strings import JudgeConfig, ModelConfig
from safeglot.config.settings import Config, to_table
from safeglot.errors import InputErrors, ModelError, SafeglotError
from safeglot.flow.collection import Work, collecting
from safeglot.flow.judging import first_check
from safeglot.flow.run import job as jobs
from safeglot.flow.run.manifest import manifest_of
from safeglot.flow.run.phases import is_local
from safeglot.judge.guards.first_check import EXCHANGES
from safeglot.prompts.prompt_set import PromptSet
from safeglot.prompts.taxonomy import Taxonomy
from safeglot.types import Prompt, Translation

_TIMEOUT_S, _TOKENS = 60.0, 32
_QUESTION = "Say hello in one word."
_WITHIN = "runs in this process; not loaded for this"
_ORIGIN = PromptOrigin(name="check-up", sha256="", revision="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What came of trying one model or judge; `fault` says what is wrong and what to do, "" for nothing."""

    name: str
    said: str
    fault: str = ""


def checkup(config: Config, console: Console) -> Iterator[Tried]:
    """Yield what came of each target and judge, once it was tried; those in this process are not loaded."""
    patient = replace(
        config,
        arms=(), arm_texts=(), probes=(), samples=1, retries=1,
        timeout_s=min(config.timeout_s, _TIMEOUT_S),
    )  # fmt: skip
    for target in config.target:
        yield _tried(replace(patient, judge=()), target, console)
    for judge in config.judge:
        yield _judged(replace(patient, judge=(judge,)), judge, console)


def _tried(config: Config, target: ModelConfig, console: Console) -> Tried:
    if is_local(target):
        return Tried(name=target.model, said=_WITHIN)
    few = min(token_limits.limits(config.max_tokens)[0], _TOKENS)
    try:
        with _working(replace(config, target=(target,), max_tokens=few), console) as work:
            work.run(_one_answer(work, target))
    except ModelError as error:
        if error.kind != "thought_only":  # it is there, and thinks
            return Tried(name=target.model, said="gives no answer", fault=error.message)
    except SafeglotError as error:
        return Tried(name=target.model, said="gives no answer", fault=_first_line(error))
    return Tried(name=target.model, said="answers")


async def _one_answer(work: Work, target: ModelConfig) -> None:
    async with collecting(work, [target], at_once=True) as engine:
        await engine.produce(work.job.targets[0], next(work.job.items()))


def _judged(config: Config, judge: JudgeConfig, console: Console) -> Tried:
    if judge.model is None or is_local(judge.model):
        return Tried(name=judge.judge, said=_WITHIN)
    try:
        with _working(replace(config, target=(judge.model,)), console) as work:
            first_check.check(work)
    except SafeglotError as error:
        return Tried(name=judge.judge, said="fails its first check", fault=_first_line(error))
    return Tried(name=judge.judge, said=f"passes its first check ({len(EXCHANGES)} exchanges)")


def _first_line(error: SafeglotError) -> str:
    return str(error).partition("\n")[0]


@contextlib.contextmanager
def _working(config: Config, console: Console) -> Iterator[Work]:
    """Yield work in a folder that is gone afterwards. Raises: UsageError where a model cannot be had."""
    with (
        tempfile.TemporaryDirectory(prefix="safeglot-") as folder,
        contextlib.closing(Store.in_memory()) as store,
    ):
        job = jobs.prepare(replace(config, out=folder), _one_prompt(config.reference), _ORIGIN)
        beside = RunDir(job.path)
        beside.write(to_table(job.config), manifest_of(job))
        yield Work(job=job, run_dir=beside, store=store, console=console)


def _one_prompt(language: str) -> PromptSet:
    prompt = Prompt(
        id=_ORIGIN.name, text=_QUESTION, language=language, categories=(_ORIGIN.name,),
        source=_ORIGIN.name, kind="benign",
    )  # fmt: skip
    return PromptSet(
        prompts=(prompt,),
        translations=(Translation(prompt=prompt.id, language=language, text=_QUESTION),),
        taxonomy=Taxonomy(name="own", categories=prompt.categories),
        languages=(language,),
        source=prompt.source,
    )


def check_up(config: Config, console: Console, what: str) -> None:
    """Show what came of each model and judge. Raises: InputErrors with all that is wrong."""
    faults = []
    console.show("\nmodels and judges")
    for tried in checkup(config, Console(quiet=True)):
        console.show(f"  {tried.name}  {tried.said}")
        if tried.fault and tried.fault not in faults:
            faults.append(tried.fault)
    if faults:
        raise InputErrors(faults)
    console.show(f"\nNothing is wrong. Next: safeglot run {what} --dry-run")
