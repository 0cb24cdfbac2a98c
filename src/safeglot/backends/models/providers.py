"""The rows of providers.toml."""

from __future__ import annotations

import functools
import importlib.resources
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from safeglot.backends.variables import variable

if TYPE_CHECKING:
    from safeglot.backends.models.bodies import Endpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """An OpenAI-compatible provider."""

    name: str
    base_url: str
    key_env: str
    key: str
    max_tokens_field: str = "max_tokens"
    seed_field: str = "seed"
    top_logprobs: int = 5
    omit_ones: bool = False
    batch: str = ""
    """The batch API that it has, as "openai"; "" where it has none that is known."""
    batch_price: float = 1.0
    """The price of a batch, as a share of what the same requests cost at once."""

    def key_variable(self, base_url: str | None, key_env: str | None) -> str:
        """Return the environment variable whose value is sent to an address as key; "" for none.

        A maker's own variable is for the maker's own host. Self-hosted servers have no host of their
        own: theirs goes to the address that the user named.
        """
        if key_env:
            return key_env
        own = base_url is None or _origin(base_url) == _origin(self.base_url)
        return self.key_env if own or self.key == "optional" else ""

    def key_value(self, base_url: str | None = None, key_env: str | None = None) -> str:
        """Return the key that is sent to an address, from the environment or ./.env; empty where there is none.

        Raises: UsageError as `variable`.
        """
        return variable(self.key_variable(base_url, key_env))

    def endpoint(
        self, model: str, *, base_url: str | None, key_env: str | None, timeout_s: float
    ) -> Endpoint:
        """Return where and how to reach one of the provider's models. Raises: UsageError as `variable`."""
        from safeglot.backends.models.bodies import Endpoint

        return Endpoint(
            model=model,
            base_url=base_url or self.base_url,
            key=self.key_value(base_url, key_env),
            key_variable=self.key_variable(base_url, key_env),
            timeout_s=timeout_s,
            max_tokens_field=self.max_tokens_field,
            seed_field=self.seed_field,
            top_logprobs=self.top_logprobs,
            omit_ones=self.omit_ones,
        )


@functools.cache
def providers() -> dict[str, Provider]:
    """Return all providers by name."""
    text = importlib.resources.files(__package__).joinpath("providers.toml").read_text("utf-8")
    return {name: Provider(name=name, **row) for name, row in tomllib.loads(text).items()}


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    default = {"http": 80, "https": 443}.get(parts.scheme)
    return parts.scheme, parts.hostname, parts.port or default
