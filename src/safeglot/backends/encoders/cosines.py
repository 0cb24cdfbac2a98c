"""Cosines of two texts by a sentence encoder; the vectors of the last texts are kept."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from safeglot.text.encoder import Encoder

DECIMALS = 4
"""That a cosine keeps: the bits behind them differ between machines."""
KEPT = 2048
"""Vectors that are kept, 4 MB: a source is asked about with many texts in a row."""


class Cosines:
    """An encoder with the vectors of the last texts."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._vectors: OrderedDict[str, Any] = OrderedDict()

    def of(self, pairs: Iterable[tuple[str, str]]) -> Iterator[float]:
        """Yield the cosine of the two texts of each pair, one pair at a time."""
        for one, other in pairs:
            value = float(np.dot(self._vector(one), self._vector(other)))
            yield round(min(max(value, -1.0), 1.0), DECIMALS)

    def _vector(self, text: str) -> Any:
        """Return the vector of a text, as 64-bit floats."""
        if text in self._vectors:
            self._vectors.move_to_end(text)
        else:
            self._vectors[text] = self._encoder.embed([text])[0].astype(np.float64)
            if len(self._vectors) > KEPT:
                self._vectors.popitem(last=False)
        return self._vectors[text]
