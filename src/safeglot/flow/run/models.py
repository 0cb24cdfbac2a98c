"""The models of a run: checked, identified, and made into steps and routes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from safeglot.backends.console import Console
from safeglot.backends.models import routes
from safeglot.backends.models.providers import providers
from safeglot.config import registry, token_limits
from safeglot.config.checks import nearest
from safeglot.config.engines import engine_of, runs_here
from safeglot.config.model_strings import JudgeConfig, ModelConfig
from safeglot.config.norms import norms_of
from safeglot.config.settings import FIELDS, Config
from safeglot.errors import InputErrors, UsageError
from safeglot.generate import Generate
from safeglot.judge.norms import Normed
from safeglot.keys import UNDER
from safeglot.types import NO_SETTINGS, JudgeStep, set_or

if TYPE_CHECKING:
    from safeglot.backends.engine.engine import Route
    from safeglot.backends.models.adaptations import Adaptations
    from safeglot.backends.models.engines.base import InProcess
    from safeglot.backends.models.weights import Progress
    from safeglot.prompts.taxonomy import Taxonomy


def check_model(model: ModelConfig, engines: dict[str, InProcess]) -> None:
    """Check that a model can be had, and note what opens it in this process. Raises: UsageError."""
    if runs_here(model.provider):
        engines[model.model] = engine_of(model)
    else:
        asked = (
            routes.missing_key(model.provider, base_url=address, key_env=model.key_env)
            for address in model.addresses or (None,)
        )
        if name := next(filter(None, asked), None):
            raise UsageError(
                f"{model.model}: needs a key, and the environment variable {name} is not set. "
                f"Set it (export {name}=…, or {name}=… in ./.env), or name another: --key-env VAR (key_env in the TOML)."
            )


def model_id(model: ModelConfig, engines: Mapping[str, InProcess]) -> str:
    """Return the model string with what pins its weights. Raises: UsageError where nothing does."""
    engine = engines.get(model.model)
    if engine is None and runs_here(model.provider):
        engine = engine_of(model)
    revision = engine.revision if engine else model.revision
    return f"{model.model}@{revision}" if revision else model.model


def make_targets(config: Config, ids: Sequence[str]) -> tuple[Generate, ...]:
    """Return the generate step of each target, under its id."""
    limits = [
        token_limits.limits(m.settings.max_tokens or config.max_tokens) for m in config.target
    ]
    return tuple(
        Generate(
            model=target_id,
            name=m.model,
            raw=config.raw if m.raw is None else m.raw,
            system=config.system if m.system is None else m.system,
            max_tokens=most,
            tokens_in=own,
            thought_tokens=config.thought_tokens
            if m.settings.thought_tokens is None
            else m.settings.thought_tokens,
            temperature=set_or(m.settings.temperature, config.temperature),
            top_p=set_or(m.settings.top_p, config.top_p),
            seed=set_or(m.settings.seed, config.seed),
            logprobs=set_or(m.settings.logprobs, 0) or 0,
            system_as_user=bool(m.settings.system_as_user),
            extra=m.settings.extra,
        )
        for m, target_id, (most, own) in zip(config.target, ids, limits, strict=True)
    )


def make_judges(
    judges: Sequence[JudgeConfig], engines: Mapping[str, InProcess], taxonomy: Taxonomy
) -> tuple[JudgeStep, ...]:
    """Return the judges; one that is not shown the prompt, or under norms, says so in its name."""
    return tuple(_judge(j, engines, taxonomy) for j in judges)


def _judge(j: JudgeConfig, engines: Mapping[str, InProcess], taxonomy: Taxonomy) -> JudgeStep:
    policy, norms = policy_of(taxonomy), j.norms
    if norms:  # as a TOML of the user's may have them
        norms, faults = norms_of(asdict(norms), taxonomy)
        if faults:
            raise InputErrors([f"norms {norms.name}: {fault}" for fault in faults])
    asked = norms is not None and registry.reads_norms(j.family, norms)
    judge: JudgeStep = registry.make_judge(
        j.family,
        model=model_id(j.model, engines) if j.model else None,
        name=judge_name(replace(j, norms=None)),
        mode=j.mode,
        policy=(norms.text or {c: policy[c] for c in norms.counts}) if norms and asked else policy,
        settings=j.model.settings if j.model else NO_SETTINGS,
    )
    if norms is None:
        return judge
    of_code = {c: [c] for c in taxonomy.categories}
    for category, covered in taxonomy.coverage.items():
        for code in covered.codes:
            of_code.setdefault(code, []).append(category)
    return Normed(judge=judge, kind=UNDER + norms.name, norms=norms, of_code=of_code, asked=asked)


def policy_of(taxonomy: Taxonomy) -> dict[str, str]:
    """Return category -> description; a category without one describes itself."""
    return {c: taxonomy.descriptions.get(c, c) for c in taxonomy.categories}


def judge_name(judge: JudgeConfig) -> str:
    """Return what results call a judge."""
    name = judge.judge if judge.mode == "prompt+answer" else f"{judge.judge}@{judge.mode}"
    return f"{name}{UNDER}{judge.norms.name}" if judge.norms else name


def model_routes(
    config: Config,
    models: Sequence[ModelConfig],
    engines: Mapping[str, InProcess],
    adaptations: Adaptations,
    *,
    progress: Progress | None = None,
) -> dict[str, Route]:
    """Return the route of each model id; what is in this process is opened, once each place. Raises: UsageError."""
    by_id: dict[str, Route] = {}
    opened: dict[str, Route] = {}
    for model in models:
        key = model_id(model, engines)
        if engine := engines.get(model.model):
            if engine.place not in opened:
                opened[engine.place] = _opened(engine, config.concurrency, progress)
            by_id[key] = opened[engine.place]
        else:
            route = routes.http_route(
                model.model, base_urls=model.addresses, key_env=model.key_env, timeout_s=config.timeout_s,
                concurrency=config.concurrency, prices=(model.usd_in, model.usd_out),
            )  # fmt: skip
            by_id[key] = routes.adapting(
                route, key, adaptations,
                logprobs=model.settings.logprobs, proxy=config.proxy, http_client=config.http_client,
            )  # fmt: skip
    return by_id


def _opened(engine: InProcess, concurrency: int, progress: Progress | None) -> Route:
    # what nobody lowered says nothing of an engine, which knows its own memory
    is_lowered = concurrency < int(str(FIELDS["concurrency"].default))
    parallel = min(engine.slots, concurrency) if is_lowered else engine.slots
    return routes.local_route(engine.open(parallel, progress), engine.place, parallel)


def say_keyless(models: Sequence[ModelConfig], console: Console) -> None:
    """Say, once each, which models are asked without the key of their maker."""
    for m in models:
        if routes.is_served(m.provider):
            for address in m.addresses:
                line = routes.without_key(m.model, base_url=address, key_env=m.key_env)
                if line:
                    console.say_once(f"note: {line}")


def unsent_notes(config: Config) -> Iterator[str]:
    """Yield which seeds that the user gave are not sent, since the provider takes none."""
    general = config.seed or None  # 0 is what every run has
    given: dict[str, int] = {}
    for model in all_models(config):
        of_run = general if model in config.target else None
        seed = set_or(model.settings.seed, of_run)
        if seed is not None:
            given[model.model] = seed
    yield from (note for name, seed in given.items() if (note := unsent_note(name, seed)))


def limit_notes(targets: Iterable[Generate], languages: Sequence[str]) -> Iterator[str]:
    """Yield which languages a limit of tokens is given for that the run has not."""
    for tag in sorted({tag for target in targets for tag in target.tokens_in} - {*languages}):
        yield f"max-tokens: {tag} has a limit and is not among the run's languages.{nearest(tag, languages)}"


def unsent_note(model: str, seed: int | None) -> str:
    """Return that a seed is not sent to a model whose provider takes none; "" where one is, or none was given."""
    provider = model.partition("/")[0]
    row = providers().get(provider)
    if seed is None or row is None or row.seed_field:
        return ""
    return (
        f"{model}: {provider} takes no seed, so seed = {seed} is not sent; its answers may differ "
        "from run to run"
    )


def all_models(config: Config) -> list[ModelConfig]:
    """Return the models of targets and judges, each once."""
    return list(dict.fromkeys([*config.target, *(j.model for j in config.judge if j.model)]))


def is_batched(config: Config, model: ModelConfig) -> bool:
    """Return whether a model is asked by batches."""
    wanted = config.batch if model.batch is None else model.batch
    return wanted and bool(batch_api(model))


def batch_api(model: ModelConfig) -> str:
    """Return which batch API the maker of a model has, "" for none."""
    row = providers().get(model.provider)
    return row.batch if row else ""


def batch_price(model: ModelConfig) -> float:
    """Return the price of batches of a model, as a share of what the same requests cost at once."""
    row = providers().get(model.provider)
    return row.batch_price if row else 1.0


def batch_fault(config: Config, models: Iterable[ModelConfig]) -> str:
    """Return what is wrong with the setting; "" for nothing."""
    if not config.batch or any(map(batch_api, models)):
        return ""
    able = " and ".join(row.name for row in providers().values() if row.batch)
    return f"--batch: none of the models has a batch API that is known ({able} have). Leave it out."
