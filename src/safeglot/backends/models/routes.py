"""Routes from model strings to what answers them: servers, files, embedded weights."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from safeglot.backends.models.clients.choice import AUTO
from safeglot.backends.models.providers import providers
from safeglot.backends.models.proxies import proxy_of

if TYPE_CHECKING:
    from safeglot.backends.engine.engine import Route
    from safeglot.backends.models.adaptations import Adaptations
    from safeglot.types import Model

IMPORTED = "imported"
"""The provider of models whose answers came from a file, and the family of verdicts that did."""


def is_served(provider: str) -> bool:
    """Return whether models of a provider are asked at an address: not those in this process, nor imported ones."""
    return provider in providers()


def http_route(
    model: str,
    *,
    base_urls: Sequence[str],
    key_env: str | None,
    timeout_s: float,
    concurrency: int,
    prices: tuple[float | None, float | None],
) -> Route:
    """Return the route to "provider/model" of OpenAI-compatible servers; without an address the provider's own."""
    from safeglot.backends.engine.engine import Route
    from safeglot.backends.models.http import HttpModel

    provider, _, path = model.partition("/")
    endpoints = (
        providers()[provider].endpoint(path, base_url=at, key_env=key_env, timeout_s=timeout_s)
        for at in base_urls or (None,)
    )
    first, *others = (
        Route(
            model=HttpModel(endpoint),
            lane=endpoint.base_url,
            concurrency=concurrency,
            usd_in=prices[0],
            usd_out=prices[1],
        )
        for endpoint in endpoints
    )
    return dataclasses.replace(first, others=tuple(others))


def adapting(
    route: Route,
    model_id: str,
    adaptations: Adaptations,
    *,
    logprobs: int | str | None,
    proxy: str | None = None,
    http_client: str = AUTO,
) -> Route:
    """Return a server's route that leaves out the settings which the server refuses.

    `logprobs` is what the user set; a number goes before what the provider is known to give.
    `proxy` and `http_client` are the settings of these names. Raises: UsageError where the environment has no such proxy.
    """
    from safeglot.backends.models.adapting import AdaptingModel
    from safeglot.backends.models.http import HttpModel

    if not isinstance(route.model, HttpModel):
        return route
    endpoint = route.model.endpoint
    through = proxy_of(proxy, endpoint.base_url)
    endpoint = dataclasses.replace(endpoint, proxy=through, http_client=http_client)
    if isinstance(logprobs, int):
        endpoint = dataclasses.replace(endpoint, top_logprobs=logprobs)
    given: dict[str, Any] = {"logprobs": logprobs, "proxy": proxy, "http_client": http_client}
    others = (adapting(other, model_id, adaptations, **given) for other in route.others)
    model = AdaptingModel(endpoint, model_id, adaptations)
    return dataclasses.replace(route, model=model, others=tuple(others))


def missing_key(provider: str, *, base_url: str | None, key_env: str | None) -> str | None:
    """Return the name of the environment variable that is needed and not set.

    Raises: UsageError where it holds what is no key.
    """
    row = providers()[provider]
    name = row.key_variable(base_url, key_env)
    if not name or row.key_value(base_url, key_env):
        return None
    return name if key_env or row.key == "required" else None


def destination(model: str, *, base_url: str | None, key_env: str | None) -> tuple[str, str]:
    """Return the address that "provider/model" is asked at, and the variable of the key sent there."""
    row = providers()[model.partition("/")[0]]
    return (base_url or row.base_url).rstrip("/"), row.key_variable(base_url, key_env)


def without_key(model: str, *, base_url: str | None, key_env: str | None) -> str:
    """Return the line that says that a maker's key does not go to another's address; "" where it goes."""
    row = providers()[model.partition("/")[0]]
    if base_url is None or row.key_variable(base_url, key_env):
        return ""
    return (
        f"{model}: no key is sent to {base_url}, which is not {row.name}'s own host. Where it needs "
        "one, name the variable that holds it: --key-env VAR (key_env in the TOML)."
    )


EMBEDDED_TOKENS_PER_S = 50.0
"""Of embedded/smollm2-135m on two cores, see docs/reference/embedded.md; for forecasts only."""


def local_route(model: Model, place: str, parallel: int) -> Route:
    """Return the route to a model in this process."""
    from safeglot.backends.engine.engine import Route

    return Route(
        model=model,
        lane=f"local:{place}",
        concurrency=parallel,
        fixed=True,
        usd_in=0.0,
        usd_out=0.0,
    )
