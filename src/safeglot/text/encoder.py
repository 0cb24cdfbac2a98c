"""What a sentence encoder gives: a vector for each text, in the languages that it was trained on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol


class Encoder(Protocol):
    """Embeds texts; the one that comes with safeglot is `backends.encoders.use`."""

    @property
    def id(self) -> str:
        """Name and version of the weights."""

    @property
    def languages(self) -> frozenset[str]:
        """BCP-47 language subtags; outside them the vectors are noise, and nothing is read off them."""

    def embed(self, texts: Sequence[str]) -> Any:
        """Return the vectors, float32, shape TxD, each of length 1; a text's does not hang on the others."""
