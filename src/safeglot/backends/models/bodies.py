"""The address of a model, and the JSON body of a request in its server's own names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from safeglot.backends.models.proxies import Proxy
from safeglot.types import Request

LIMITS = ("max_tokens", "max_completion_tokens")
"""The names under which servers take the limit of new tokens."""
_SEEDS = ("seed", "random_seed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """The address of a model, and its server's names of options."""

    model: str
    """The server's own name of the model."""
    base_url: str
    key: str = field(default="", repr=False)
    key_variable: str = ""
    """The environment variable that the key is read from; "" where none is sent."""
    timeout_s: float = 120.0
    max_tokens_field: str = "max_tokens"
    seed_field: str = "seed"
    """Empty where the server takes no seed."""
    top_logprobs: int = 5
    """The most alternatives a position that the server gives; 0 where it gives none."""
    proxy: Proxy | None = None
    http_client: str = "auto"
    """The setting of that name."""
    omit_ones: bool = False
    """Leave out temperature and top_p of 1, which the server takes by itself and may refuse."""


def request_body(request: Request, endpoint: Endpoint) -> dict[str, Any]:
    """Return the JSON body of a request in the server's own names."""
    body: dict[str, Any] = {"model": endpoint.model}
    if not (request.extra and any(name in request.extra for name in LIMITS)):
        body[endpoint.max_tokens_field] = request.max_tokens
    if request.temperature is not None and not (endpoint.omit_ones and request.temperature == 1.0):
        body["temperature"] = request.temperature
    if request.top_p is not None and not (endpoint.omit_ones and request.top_p == 1.0):
        body["top_p"] = request.top_p
    if request.prompt is None:
        body["messages"] = [{"role": role, "content": text} for role, text in request.messages]
    else:
        body["prompt"] = request.prompt
    if request.seed is not None and endpoint.seed_field:
        body[endpoint.seed_field] = request.seed
    if request.stop:
        body["stop"] = list(request.stop)
    wanted = min(request.top_logprobs, endpoint.top_logprobs)
    if wanted and request.prompt is None:
        body["logprobs"], body["top_logprobs"] = True, wanted
    elif wanted:
        body["logprobs"] = wanted
    body.update(request.extra)
    return body


def other_limit(endpoint: Endpoint) -> str:
    """Return the name of the limit of new tokens that is not the one a server is sent first."""
    first = endpoint.max_tokens_field
    return LIMITS[0] if first == LIMITS[1] else LIMITS[1]


def settings_sent(body: Mapping[str, Any]) -> frozenset[str]:
    """Return our names of the settings that a body holds."""
    alone = [name for name in ("temperature", "top_p", "logprobs") if name in body]
    seed = ["seed"] if any(name in body for name in _SEEDS) else []
    limit = ["max_tokens"] if any(name in body for name in LIMITS) else []
    return frozenset((*alone, *seed, *limit))
