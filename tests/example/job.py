"""A made-up job of a few prompts, and a run of it whose answers are there: nothing is asked."""

from __future__ import annotations

from safeglot.backends.console import Console
from safeglot.backends.engine.items import Items
from safeglot.backends.files.manifest import PromptOrigin
from safeglot.backends.files.rundir import RunDir
from safeglot.backends.store import plan
from safeglot.config.model_strings import JudgeConfig, ModelConfig
from safeglot.config.settings import Config
from safeglot.flow.run import job as jobs
from safeglot.flow.run import session
from safeglot.prompts.prompt_set import PromptSet
from safeglot.prompts.taxonomy import Taxonomy
from safeglot.types import Prompt, Translation

ORIGIN = PromptOrigin(name="p.csv", sha256="0" * 64, revision="")
VLLM = ModelConfig(model="vllm/a")
BASELINE = "refusal-baseline"
QUIET = Console(quiet=True)


def prompt_set(n=2, languages=("en", "de"), text="text"):
    prompts = tuple(
        Prompt(id=f"p{i}", text=f"{text} {i}", language="en", categories=("c",), source="p.csv")
        for i in range(n)
    )
    return PromptSet(
        prompts=prompts,
        translations=tuple(
            Translation(prompt=p.id, language=tag, text=f"{text} {p.id} {tag}") for p in prompts for tag in languages
        ),
        taxonomy=Taxonomy(name="own", categories=("c", "d"), descriptions={"c": "what c is"}),
        languages=languages,
        source="p.csv",
    )  # fmt: skip


def prepared(prompts=None, **settings):
    settings.setdefault("target", (VLLM,))
    return jobs.prepare(Config(**settings), prompts or prompt_set(), ORIGIN)


def judge(text, **settings):
    family, _, model = text.partition("=")
    return JudgeConfig(
        judge=text, family=family, model=ModelConfig(model=model) if model else None, **settings
    )


def begun(path, prompts=None, **settings):
    """The folder and the job of a run that has its inputs and nothing else."""
    settings.setdefault("judge", (judge(BASELINE),))
    job = prepared(prompts, out=str(path), **settings)
    run_dir = RunDir(job.path)
    with session.begun(run_dir, job, QUIET):
        pass
    return run_dir, job


def answered(path, answer=lambda item: "[unsafe answer]", prompts=None, **settings):
    """The same with an answer to each text; one of None is not there."""
    run_dir, job = begun(path, prompts, **settings)
    with session.opened(run_dir) as store:
        steps = {store.step("generate", target.name, target.id): target for target in job.targets}
        missing = plan.missing_answers(store, tuple(steps), job.config.samples, again=False)
        for work, item in Items(store, reference=job.config.reference).of(missing):
            if (text := answer(item)) is not None:
                put_answer(store, work.text, work.step, work.sample, text)
    return run_dir, job


def put_answer(store, text, step, sample=0, said="[unsafe answer]"):
    """The number of an answer that is written."""
    reply, response = store.numbers("replies"), store.numbers("responses")
    store.write("replies", [(reply, None, said, "stop", 3, 3, None, "", None, "", 0)])
    store.write("responses", [(response, text, step, sample, reply, None)])
    return response


def judged(path, unsafe=lambda item: True, prompts=None, **settings):
    """The same with a verdict of each judge on each answer; one of None could not be read."""
    run_dir, job = answered(path, prompts=prompts, **settings)
    with session.opened(run_dir) as store:
        for name, judge_id in job.judge_ids().items():
            step = store.step("judge", name, judge_id, "answer")
            numbers = list(plan.missing_verdicts(store, step, again=False))
            answers = Items(store, reference=job.config.reference).answers(numbers)
            store.write("verdicts", [_verdict(n, step, unsafe(one.item)) for n, one in answers])
    return run_dir, job


def _verdict(response, step, unsafe):
    flag = None if unsafe is None else int(unsafe)
    reason = "unparsable" if unsafe is None else ""
    return response, step, flag, flag, "", None, "[]", None, None, "", reason, None
