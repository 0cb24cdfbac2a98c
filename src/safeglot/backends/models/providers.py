"""The rows of providers.toml."""

from __future__ import annotations

import functools
import importlib.resources
import os
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING

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

    def key_value(self, key_env: str | None = None) -> str:
        """Return the key from the environment; empty where it is not set."""
        return os.environ.get(key_env or self.key_env, "").strip()

    def endpoint(
        self, model: str, *, base_url: str | None, key_env: str | None, timeout_s: float
    ) -> Endpoint:
        """Return where and how to reach one of the provider's models."""
        from safeglot.backends.models.bodies import Endpoint

        return Endpoint(
            model=model,
            base_url=base_url or self.base_url,
            key=self.key_value(key_env),
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
