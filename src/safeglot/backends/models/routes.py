"""Routes from model strings to what answers them: servers, files, embedded weights."""

from __future__ import annotations

import dataclasses
import importlib
import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safeglot.backends.models.clients.choice import AUTO
from safeglot.backends.models.providers import providers
from safeglot.backends.models.proxies import proxy_of
from safeglot.errors import UsageError

if TYPE_CHECKING:
    from safeglot.backends.engine.engine import Route
    from safeglot.backends.models.adaptations import Adaptations

LOCAL = ("embedded", "gguf")
IMPORTED = "imported"
"""The provider of models whose answers came from a file, and the family of verdicts that did."""
SERVERLESS = (*LOCAL, IMPORTED)
"""Providers whose models no server is asked for."""


def local_file(provider: str, path: str, progress: Any = None) -> Path:
    """Return the GGUF file of embedded/<name> (fetched at first use) or gguf/PATH.

    Raises: UsageError where it is not there and cannot be had.
    """
    if provider == "embedded":
        from safeglot.backends.models import weights

        return weights.fetch(weights.known(path), progress=progress)
    _require_engine(f"gguf/{path}")
    file = Path(path).expanduser()
    do = "Give the path of a .gguf file after gguf/."
    if not file.is_file():
        raise UsageError(f"gguf/{path}: no such file. {do}")
    try:
        with file.open("rb") as data:
            magic = data.read(4)
    except OSError as error:
        raise UsageError(f"gguf/{path}: cannot be read ({error.strerror or error}). {do}") from None
    if magic != b"GGUF":
        raise UsageError(f"gguf/{path}: is not a GGUF file (it begins with {magic!r}). {do}")
    return file


def _require_engine(model: str) -> None:
    if importlib.util.find_spec("xllamacpp") is None:
        raise UsageError(
            f"{model}: models in this process need xllamacpp: pip install 'safeglot[embedded]', "
            "or name a server's model, as in vllm/owner/name."
        )


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


def check_embedded(name: str) -> None:
    """Check the name of an embedded model and that the engine is installed. Raises: UsageError."""
    from safeglot.backends.models import weights

    _require_engine(f"embedded/{weights.known(name).name}")


def embedded_revision(name: str) -> str:
    """Return what pins the weights of an embedded model."""
    from safeglot.backends.models import weights

    return weights.known(name).sha256[:12]


def local_route(path: Path, name: str, parallel: int) -> Route:
    """Return the route to an in-process engine on one GGUF file."""
    from safeglot.backends.engine.engine import Route
    from safeglot.backends.models.local import LocalModel

    model = LocalModel(path, parallel=parallel, name=name)
    return Route(
        model=model, lane=f"local:{path}", concurrency=parallel, fixed=True, usd_in=0.0, usd_out=0.0
    )
