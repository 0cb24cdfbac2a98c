"""A job: what a configuration asks for, checked before anything is spent."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from safeglot import registry
from safeglot.arms import Arms, item_of, read_arms, with_made
from safeglot.backends.collect import Judge
from safeglot.backends.console import Console
from safeglot.backends.engine import Route
from safeglot.config import Config
from safeglot.errors import InputErrors, UsageError
from safeglot.generate import Generate
from safeglot.keys import RESULT_VERSION, digest, signature, translation_key
from safeglot.model_strings import JudgeConfig, ModelConfig
from safeglot.prompts.prompt_set import PromptSet
from safeglot.types import Answer, Item, Response

PARALLEL = {"embedded": 16, "gguf": 4}
"""Sequences decoded together; a context is reserved for each, which in large models takes much memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """The prompts that were selected, and the steps that they go through."""

    config: Config
    prompts: PromptSet
    source: Mapping[str, str]
    """name, sha256 and revision of what was read."""
    targets: tuple[Generate, ...]
    judges: tuple[Judge, ...]
    files: Mapping[str, Path] = field(default_factory=dict)
    """GGUF file of each in-process model id."""
    arms: Arms = field(default_factory=Arms)

    @property
    def path(self) -> Path:
        """The run's folder."""
        return Path(self.config.out or default_out(self.config)).expanduser()

    @property
    def n_answers(self) -> int:
        """How many answers are planned."""
        texts = len(self.prompts.translations) + len(self.arms.asked)
        return texts * self.config.samples * len(self.targets)

    @property
    def n_verdicts(self) -> int:
        """How many verdicts are planned."""
        return (self.n_answers + len(self.arms.given)) * len(self.judges)

    def items(self) -> Iterator[Item]:
        """Yield what each target is asked, all languages of a prompt side by side, then the arms."""
        prompts = {p.id: p for p in self.prompts.prompts}
        for translation in self.prompts.translations:
            key = translation_key(translation)
            for sample in range(self.config.samples):
                yield Item(
                    prompt=prompts[translation.prompt],
                    translation=translation,
                    translation_key=key,
                    sample=sample,
                )
        reference = self.config.reference
        for translation in self.arms.asked:
            for sample in range(self.config.samples):
                prompt = prompts[translation.prompt]
                yield item_of(prompt, translation, sample=sample, reference=reference)

    def identity(self) -> dict[str, str]:
        """Return what must not change under a run's name, without the judges."""
        c, p = self.config, self.prompts
        content = [(t.prompt, t.language, t.text, t.translator) for t in p.translations]
        labels = [(q.id, q.categories, q.kind) for q in p.prompts]
        return {
            "results": str(RESULT_VERSION),
            "prompts": f"{p.source}@{digest(content, labels)[:12]}",
            "n": str(len(p.prompts)),
            "languages": "+".join(p.languages),
            "reference": c.reference,
            "targets": "+".join(t.model for t in self.targets),
            "decoding": (
                f"max={c.max_tokens},t={c.temperature:g},p={c.top_p:g},seed={c.seed},"
                f"samples={c.samples}"
                + (",raw" if any(t.raw for t in self.targets) else "")
                + (f",system={digest(c.system)[:8]}" if c.system else "")
            ),
            # whatever else determines a request: answers to other requests must never be mixed
            "generate": digest([t.id for t in self.targets])[:12],
        }

    def judge_ids(self) -> dict[str, str]:
        """Return name -> id of the judges."""
        return {j.name: j.id for j in self.judges}


def run_signature(
    identity: Mapping[str, str],
    judges: Mapping[str, str],
    level: float,
    bootstrap: int,
    *,
    arms: Mapping[str, Any] | None = None,
) -> str:
    """Return the line that carries all that can move a number of the run.

    `arms` is what the manifest tells of them; a run without has no such part.
    """
    named = "+".join(f"{name}[{judge_id}]" for name, judge_id in judges.items())
    return signature(
        {
            "safeglot": identity["results"],
            **{k: v for k, v in identity.items() if k != "results"},
            "judges": named,
            "level": f"{level:g}",
            "bootstrap": str(bootstrap),
            **({"arms": arms["digest"]} if arms else {}),
        }
    )


def prepare(
    config: Config,
    prompts: PromptSet,
    source: Mapping[str, str],
    *,
    target_ids: Sequence[str] = (),
) -> Job:
    """Build the steps of a configuration.

    With `target_ids`, those of a run that is there, the targets are not asked any more: they need
    neither keys nor files, and keep the ids that their answers are stored under.

    Raises: InputErrors with every key that is not set and every model file that is not there.
    """
    problems: list[str] = []
    asked = () if target_ids else config.target
    models = [*asked, *(j.model for j in config.judge if j.model is not None)]
    files: dict[str, Path] = {}
    for model in dict.fromkeys(models):
        try:
            check_model(model, files)
        except UsageError as error:
            problems.append(str(error))
    arms = Arms()
    if not target_ids:  # those of a run that is there are in its store
        try:
            arms = with_made(read_arms(config, prompts), prompts)
        except InputErrors as error:
            problems += error.problems
        except UsageError as error:
            problems.append(str(error))
    if problems:
        raise InputErrors(problems)
    return Job(
        config=config,
        prompts=prompts,
        source=source,
        files=files,
        arms=arms,
        targets=make_targets(config, target_ids or [model_id(m, files) for m in config.target]),
        judges=make_judges(config.judge, files, policy_of(prompts.taxonomy)),
    )


def check_model(model: ModelConfig, files: dict[str, Path]) -> None:
    """Check that a model can be had, and note its GGUF file. Raises: UsageError."""
    if model.provider == "gguf":
        files[model.model] = registry.local_file("gguf", model.path)
    elif model.provider == "embedded":
        registry.check_embedded(model.path)
    else:
        name = registry.missing_key(model.provider, base_url=model.base_url, key_env=model.key_env)
        if name:
            raise UsageError(
                f"{model.model}: needs a key, and the environment variable {name} is not set. "
                f"Set it (export {name}=…), or name another with key_env in the TOML."
            )


def model_id(model: ModelConfig, files: Mapping[str, Path]) -> str:
    """Return the model string with what pins its weights."""
    if model.provider == "embedded":
        return f"{model.model}@{registry.embedded_revision(model.path)}"
    if model.model in files:
        return f"{model.model}@{registry.file_fingerprint(files[model.model])}"
    return f"{model.model}@{model.revision}" if model.revision else model.model


def make_targets(config: Config, ids: Sequence[str]) -> tuple[Generate, ...]:
    """Return the generate step of each target, under its id."""
    return tuple(
        Generate(
            model=target_id,
            name=m.model,
            raw=config.raw if m.raw is None else m.raw,
            system=config.system,
            max_tokens=config.max_tokens,
            temperature=config.temperature,
            top_p=config.top_p,
            seed=config.seed,
        )
        for m, target_id in zip(config.target, ids, strict=True)
    )


def make_judges(
    judges: Sequence[JudgeConfig], files: Mapping[str, Path], policy: Mapping[str, str]
) -> tuple[Judge, ...]:
    """Return the judges; one that is not shown the prompt has its mode in its name."""
    return tuple(
        registry.make_judge(
            j.family,
            model=model_id(j.model, files) if j.model else None,
            name=judge_name(j),
            mode=j.mode,
            policy=policy,
        )
        for j in judges
    )


def judge_name(judge: JudgeConfig) -> str:
    """Return what results call a judge."""
    return judge.judge if judge.mode == "prompt+answer" else f"{judge.judge}@{judge.mode}"


def policy_of(taxonomy: Any) -> dict[str, str]:
    """Return category -> description; a category without one describes itself."""
    return {c: taxonomy.descriptions.get(c, c) for c in taxonomy.categories}


def routes(job: Job, models: Sequence[ModelConfig], files: Mapping[str, Path]) -> dict[str, Route]:
    """Return the route of each model id of a job."""
    return model_routes(job.config, models, files)


def model_routes(
    config: Config, models: Sequence[ModelConfig], files: Mapping[str, Path]
) -> dict[str, Route]:
    """Return the route of each model id; one in-process engine serves all that name its file."""
    found: dict[str, Route] = {}
    opened: dict[Path, Route] = {}
    for model in models:
        key = model_id(model, files)
        if model.provider in registry.LOCAL:
            file = files[model.model]
            parallel = min(PARALLEL[model.provider], config.concurrency)
            if file not in opened:
                opened[file] = registry.local_route(file, model.model, parallel)
            found[key] = opened[file]
        else:
            found[key] = registry.http_route(
                model.model,
                base_url=model.base_url,
                key_env=model.key_env,
                timeout_s=config.timeout_s,
                concurrency=config.concurrency,
                prices=(model.usd_in, model.usd_out),
            )
    return found


def fetched(job: Job, models: Sequence[ModelConfig], console: Console) -> dict[str, Path]:
    """Return the GGUF file of each model that has one; embedded weights come at first use."""
    found = dict(job.files)
    for model in models:
        if model.provider == "embedded":
            found[model.model] = registry.local_file("embedded", model.path, console.fetching)
    return found


def all_models(config: Config) -> list[ModelConfig]:
    """Return the models of targets and judges, each once."""
    return list(dict.fromkeys([*config.target, *(j.model for j in config.judge if j.model)]))


def default_out(config: Config) -> str:
    """Return runs/<prompts>-<target>."""
    prompts = Path(config.prompts.replace(":", "/")).stem
    name = f"{prompts}-{config.target[0].model.rsplit('/', 1)[-1]}"
    return "runs/" + "".join(c if c.isalnum() or c in "-._" else "-" for c in name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What a run will send; tokens are rough (four characters a token), answers an upper bound."""

    answers: int
    judge_requests: int
    tokens_in: int
    tokens_out: int
    usd: float | None
    seconds: float | None


def forecast(job: Job) -> Forecast:
    """Count the requests and tokens of a job without sending any."""
    answers, judge_requests = job.n_answers, 0
    texts = (*job.prompts.translations, *job.arms.asked)
    prompt_tokens = sum(len(t.text) // 4 + 20 for t in texts)
    tokens_in = prompt_tokens * job.config.samples * len(job.targets)
    tokens_out = answers * job.config.max_tokens
    usd = _price(job.config.target, tokens_in // len(job.targets), tokens_out // len(job.targets))
    judged = answers + len(job.arms.given)
    for judge, model in zip(job.judges, job.config.judge, strict=True):
        asked = judge.ask(_probe(job))
        judge_requests += judged * len(asked)
        size = sum(len(r.prompt or "") + sum(len(m[1]) for m in r.messages) for r in asked) // 4
        judge_in = judged * (size + len(asked) * job.config.max_tokens)
        judge_out = judged * sum(r.max_tokens for r in asked)
        tokens_in, tokens_out = tokens_in + judge_in, tokens_out + judge_out
        cost = _price([model.model] if model.model else [], judge_in, judge_out)
        usd = None if usd is None or cost is None else usd + cost
    return Forecast(
        answers=answers,
        judge_requests=judge_requests,
        tokens_in=tokens_in,
        tokens_out=tokens_out,
        usd=usd,
        seconds=_seconds(job),
    )


def _price(models: Sequence[ModelConfig], tokens_in: int, tokens_out: int) -> float | None:
    total = 0.0
    for model in models:
        if model.provider in registry.LOCAL:
            continue
        if model.usd_in is None or model.usd_out is None:
            return None
        total += (tokens_in * model.usd_in + tokens_out * model.usd_out) / 1e6
    return total


def _seconds(job: Job) -> float | None:
    if not all(m.model == "embedded/smollm2-135m" for m in all_models(job.config)):
        return None
    return job.n_answers * job.config.max_tokens / registry.EMBEDDED_TOKENS_PER_S


def _probe(job: Job) -> Answer:
    item = next(job.items())
    response = Response(
        key="",
        translation=item.translation_key,
        model="",
        text="",
        finish_reason="stop",
        n_tokens=0,
        sample=0,
    )
    return Answer(item=item, response=response)


def with_judges(config: Config, judges: Sequence[JudgeConfig]) -> Config:
    """Return the configuration with further judges."""
    known = {judge_name(j) for j in config.judge}
    new = tuple(j for j in judges if judge_name(j) not in known)
    return dataclasses.replace(config, judge=config.judge + new)
