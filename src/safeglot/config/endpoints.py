"""Where a configuration sends requests, with the key of which variable: named by the user, or by a file only."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeAlias

from safeglot.backends.models import routes
from safeglot.backends.models.clients.choice import AUTO, client_fault
from safeglot.backends.models.providers import providers
from safeglot.backends.models.proxies import setting_fault
from safeglot.backends.translators.services import SERVICES
from safeglot.config import checks
from safeglot.config.model_strings import JudgeConfig, ModelConfig, StepConfig
from safeglot.config.settings import Config
from safeglot.errors import UnnamedEndpoints, UsageError

Endpoint: TypeAlias = tuple[str, str]
"""An address, and the environment variable whose key is sent there ("" for none)."""
MODEL_KEYS = ("target", "judge", "translator", "quality")
"""The keys of a configuration that name models."""
_CHAT_BACK = "llm="


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """What the command line names for a run that is there."""

    judges: tuple[JudgeConfig, ...] = ()
    """New ones, or its own anew."""
    allow: Collection[str] = ()
    """ADDRESS or ADDRESS=VARIABLE each."""
    base_url: tuple[str, ...] = ()
    key_env: str | None = None
    proxy: str | None = None
    http_client: str = AUTO
    refusal_judge: bool | None = None
    """As the run was told where it is None, like the next."""
    batch: bool | None = None
    norms: tuple[Path, ...] = ()
    """Files, or folders of them, that the judges are put under."""
    cluster: Mapping[str, Any] = field(default_factory=dict)
    """Settings of `OF_CLUSTER`, by which a file or flags spread the judges over machines."""

    def __post_init__(self) -> None:
        for given in (*self.allow, *self.base_url):
            if fault := checks.url_fault(_parted(given)[0]):
                flag = "--allow" if given in self.allow else "--judge-base-url"
                raise UsageError(f"{flag}: {fault}")
        if self.key_env and (fault := checks.variable_fault(self.key_env)):
            raise UsageError(f"--key-env: {fault}")
        if self.proxy and (fault := setting_fault(self.proxy)):
            raise UsageError(f"--proxy: {fault}")
        if fault := client_fault(self.http_client):
            raise UsageError(f"--http-client: {fault}")

    @property
    def endpoints(self) -> set[Endpoint]:
        """What `--allow` names."""
        return {_parted(given) for given in self.allow}

    def over(self, judge: JudgeConfig) -> JudgeConfig:
        """Return a judge with the address and the key variable that were named, where it asks a server."""
        if judge.model is None or not routes.is_served(judge.model.provider):
            return judge
        model = judge.model.at(self.base_url)
        return replace(judge, model=replace(model, key_env=self.key_env or model.key_env))

    def again(self, model: ModelConfig) -> bool:
        """Return whether a stored model is asked at addresses that were named, with a key that was."""
        return is_at(model, self.base_url) and model.key_env in (None, self.key_env)


def _parted(given: str) -> Endpoint:
    address, _, variable = given.partition("=")
    return address.rstrip("/"), variable


def endpoints_at(model: ModelConfig) -> tuple[Endpoint, ...]:
    """Return where a model is asked, each of its replicas; nowhere for one in this process."""
    if model.provider in SERVICES:
        return ((SERVICES[model.provider].address, SERVICES[model.provider].key_env),)
    if not routes.is_served(model.provider):
        return ()
    return tuple(
        routes.destination(model.model, base_url=address, key_env=model.key_env)
        for address in model.addresses or (None,)
    )


def is_at(model: ModelConfig, addresses: Collection[str]) -> bool:
    """Return whether a model has addresses of its own, all of them among these."""
    return bool(model.addresses) and set(model.addresses) <= set(addresses)


def models_of(config: Config, keys: Iterable[str] = MODEL_KEYS) -> list[ModelConfig]:
    """Return the models of targets, judges, translators and estimators, or of some of these keys."""
    by_key: dict[str, Sequence[ModelConfig]] = {
        "target": config.target,
        "judge": [j.model for j in config.judge if j.model],
        "translator": list(_of_steps(config.translator)),
        "quality": list(_of_steps(config.quality)),
    }
    return [model for key in keys for model in by_key[key]]


def _of_steps(steps: Iterable[StepConfig]) -> Iterator[ModelConfig]:
    for step in steps:
        if step.model is not None:
            yield step.model
        elif service := {step.kind, step.path} & set(SERVICES):  # or roundtrip-chrf=deepl
            yield ModelConfig(model=f"{service.pop()}/texts")
        elif step.path.startswith(_CHAT_BACK):  # roundtrip-chrf=llm=provider/model
            model = ModelConfig(model=step.path.removeprefix(_CHAT_BACK))
            if model.provider in providers():
                yield model


def endpoints_of(models: Iterable[ModelConfig]) -> dict[Endpoint, list[str]]:
    """Return the models that are asked at each endpoint."""
    found: dict[Endpoint, list[str]] = {}
    for model in models:
        for endpoint in endpoints_at(model):
            found.setdefault(endpoint, []).append(model.model)
    return found


def check_named(where: str, models: Iterable[ModelConfig], named: Collection[Endpoint]) -> None:
    """Check that each endpoint that a stored file names was named by the user too.

    Raises: UnnamedEndpoints with the flags that name the others.
    """
    lacking = {e: m for e, m in endpoints_of(models).items() if e not in named}
    if lacking:
        told = "; ".join(_told(endpoint, models) for endpoint, models in lacking.items())
        flags = [part for endpoint in lacking for part in ("--allow", _flag(endpoint))]
        raise UnnamedEndpoints(
            f"{where}: names what you have not named for it on this machine: {told}. Nothing was "
            "sent. Name them again, with --allow where they are right:",
            flags,
        )


def _told(endpoint: Endpoint, models: Iterable[str]) -> str:
    address, variable = endpoint
    key = f"with the key in {variable}" if variable else "without a key"
    return f"{', '.join(dict.fromkeys(models))} at {address} {key}"


def _flag(endpoint: Endpoint) -> str:
    address, variable = endpoint
    return f"{address}={variable}" if variable else address


def with_key(config: Config, addresses: Collection[str]) -> Config:
    """Return the configuration with `key_env` given to the models that are asked at `addresses`.

    Without addresses: to those of the hosted provider that is named. Raises: UsageError where
    several are.
    """
    if config.key_env is None:
        return config
    hosted = {m.provider for m in models_of(config) if _is_hosted(m)}
    if not addresses and len(hosted) > 1:
        raise UsageError(
            f"--key-env {config.key_env}: whose key is it? The models are of {' and '.join(sorted(hosted))}. "
            "Write key_env beside each model in a TOML file."
        )
    variable = config.key_env

    def keyed(model: ModelConfig) -> ModelConfig:
        mine = is_at(model, addresses) if addresses else _is_hosted(model)
        return replace(model, key_env=variable) if mine and not model.key_env else model

    return with_models(config, keyed)


def with_models(config: Config, changed: Callable[[ModelConfig], ModelConfig]) -> Config:
    """Return the configuration with each of its models changed."""

    def steps(given: tuple[StepConfig, ...]) -> tuple[StepConfig, ...]:
        return tuple(replace(s, model=changed(s.model)) if s.model else s for s in given)

    return replace(
        config,
        target=tuple(changed(m) for m in config.target),
        judge=tuple(replace(j, model=changed(j.model)) if j.model else j for j in config.judge),
        translator=steps(config.translator),
        quality=steps(config.quality),
    )


def _is_hosted(model: ModelConfig) -> bool:
    return model.base_url is None and (
        model.provider in providers() and providers()[model.provider].key == "required"
    )
