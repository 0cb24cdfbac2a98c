"""A made-up job of a few prompts, and a run of it whose answers are there: nothing is asked."""

from __future__ import annotations

from safeglot.backends.console import Console
from safeglot.backends.files.manifest import PromptOrigin
from safeglot.backends.files.rundir import RunDir
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
    replies, responses = [], []
    for target in job.targets:
        for item in job.items():
            text, plan = answer(item), target.plan(item)
            if text is not None:
                replies.append((plan.reply_key, text, "stop", 3, 3, None, "", None, "", 0))
                responses.append(
                    (plan.key, item.translation_key, target.name, item.sample, plan.reply_key)
                )
    with session.opened(run_dir) as store:
        store.write("replies", replies)
        store.write("responses", responses)
    return run_dir, job


def judged(path, unsafe=lambda item: True, prompts=None, **settings):
    """The same with a verdict of each judge on each answer; one of None could not be read."""
    run_dir, job = answered(path, prompts=prompts, **settings)
    rows = [
        _verdict(target.plan(item).key, name, unsafe(item))
        for target in job.targets
        for item in job.items()
        for name in job.judge_ids()
    ]
    with session.opened(run_dir) as store:
        store.write("verdicts", rows)
    return run_dir, job


def _verdict(response, judge_name, unsafe):
    flag = None if unsafe is None else int(unsafe)
    reason = "unparsable" if unsafe is None else ""
    return (
        f"{response}/{judge_name}", response, judge_name, "answer", flag, flag, "", None, "[]",
        None, None, "", reason,
    )  # fmt: skip
