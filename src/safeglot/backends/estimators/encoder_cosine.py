"""The cosine of source and translation by the sentence encoder, as a model of this process."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from safeglot.backends.encoders import use
from safeglot.backends.encoders.cosines import Cosines
from safeglot.backends.estimators.quality_models import pair_of, pair_size
from safeglot.backends.models.engines.batching import BatchedModel, Batcher
from safeglot.errors import UsageError
from safeglot.text.encoder import Encoder
from safeglot.types import Reply, Request

MOST_CHARACTERS = 100_000
"""Of a batch: a few seconds of work, after which a run can be stopped."""


class CosineModel(BatchedModel):
    """Answers requests with the cosine of their two texts."""

    def __init__(self, encoder: Encoder) -> None:
        self._engine = Cosines(encoder)
        self._batcher = Batcher(self._run, most=MOST_CHARACTERS, size=pair_size)

    def _run(self, requests: list[Request]) -> Sequence[Reply]:
        cosines = self._engine.of(map(pair_of, requests))
        return [Reply(text=repr(cosine), n_tokens=1) for cosine in cosines]


def open_cosine(path: str = "") -> tuple[str, Callable[[], CosineModel]]:  # noqa: ARG001 - as others are opened
    """Return the encoder's id and what loads it. Raises: UsageError where its package is missing."""
    if not use.is_installed():
        raise UsageError(
            f"encoder-cosine: needs {use.PACKAGE}: {use.INSTALL}, or leave it out of --quality."
        )
    return use.UseEncoder.id, lambda: CosineModel(use.open_encoder())
