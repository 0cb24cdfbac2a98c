"""GlotLID, or another fastText model with labels such as eng_Latn, from a file on this machine.

The package fasttext reads it (fasttext-community and fasttext-numpy2 are forks that install the
same module). Texts are given in a list: with numpy 2 the plain call of fasttext 0.9 fails.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from safeglot.errors import UsageError

LABEL = "__label__"
LIKELIEST = 8
"""Labels that are given with their probabilities; what is left out counts as nothing."""


def load(path: Path | str) -> tuple[Predict, frozenset[str]]:
    """Return the predictor of a model file, and its labels.

    Raises: UsageError where fasttext is not installed, or the file is none of its models.
    """
    file = Path(path).expanduser()
    do = "Give the path of GlotLID's model.bin (huggingface.co/cis-lmu/glotlid, Apache-2.0)."
    if not file.is_file():
        raise UsageError(f"GlotLID {file}: no such file. {do}")
    try:
        import fasttext
    except ImportError:
        raise UsageError(
            f"GlotLID {file}: needs the package fasttext: pip install fasttext-community"
        ) from None
    try:
        # Older versions write a warning at every load.
        with contextlib.redirect_stderr(None):
            model = fasttext.load_model(str(file))
        labels = frozenset(label.removeprefix(LABEL) for label in model.get_labels())
    except (ValueError, RuntimeError) as error:
        raise UsageError(f"GlotLID {file}: is not a model of fasttext ({error}). {do}") from None
    if not all("_" in label for label in labels):
        raise UsageError(f"GlotLID {file}: its labels are not like eng_Latn. {do}")
    return Predict(model), labels


class Predict:
    """Asks the model; without state of its own, so that equal texts give equal answers."""

    def __init__(self, model: Any) -> None:
        self._model = model

    def __call__(self, text: str) -> Sequence[tuple[str, float]]:
        """Return the likeliest labels of a text with their probabilities."""
        line = text.replace("\n", " ")
        labels, shares = self._model.predict([line], k=LIKELIEST)
        return [
            (label.removeprefix(LABEL), min(float(share), 1.0))
            for label, share in zip(labels[0], shares[0], strict=True)
        ]
