"""Quality estimators that run in this process: COMET's metrics and MetricX, batch by batch.

A request's prompt is {"mt": ..., "src": ...}; the reply is a number, or `too long: ...`.
Weights are loaded at the first request, in the thread that runs the batches.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import Protocol

from safeglot.backends.estimators import comet_model, metricx_model
from safeglot.backends.files.fingerprints import folder_fingerprint
from safeglot.backends.models.engines.batching import BatchedModel, Batcher
from safeglot.errors import ModelError, UsageError
from safeglot.types import Reply, Request

MOST_CHARACTERS = 16_384
"""Of a batch: rows times characters of the longest; a token has at least one."""
DTYPES = ("float32", "bfloat16")
MT5, MT5_FILES = (
    "google/mt5-xl",
    ("spiece.model", "tokenizer*", "special_tokens_map.json", "config.json"),
)
"""MetricX is published without its tokenizer, which is that of every mT5."""


class LoadedModel(Protocol):
    """A loaded model: texts to ids, ids to numbers."""

    @property
    def limit(self) -> int:
        """Tokens that a sequence may have."""

    def tokens(self, mt: str, src: str) -> tuple[list[int], ...]:
        """Return the sequences of ids of one input."""

    def numbers(self, rows: Sequence[tuple[list[int], ...]]) -> list[float]:
        """Return one number a row."""


class QualityModel(BatchedModel):
    """Answers requests with the number that a model gives two texts."""

    def __init__(self, load: Callable[[], LoadedModel], *, most: int = MOST_CHARACTERS) -> None:
        self._load = load
        self._batcher = Batcher(self._run, most=most, size=pair_size)

    def _run(self, requests: list[Request]) -> Sequence[Reply]:
        weights = self._engine
        rows = [weights.tokens(*pair_of(request)) for request in requests]
        longest = [max(map(len, row)) for row in rows]
        fit = [row for row, n in zip(rows, longest, strict=True) if n <= weights.limit]
        numbers = iter(weights.numbers(fit) if fit else ())
        return [
            Reply(
                text=repr(next(numbers))
                if n <= weights.limit
                else f"too long: {n} tokens, it takes {weights.limit}",
                n_tokens=1,
                n_prompt_tokens=sum(map(len, row)),
            )
            for row, n in zip(rows, longest, strict=True)
        ]

    @cached_property
    def _engine(self) -> LoadedModel:
        try:
            return self._load()
        except UsageError as error:
            raise ModelError("bad_request", str(error)) from error


def comet(
    folder: Path, encoder: Path, *, device: str = "auto", dtype: str = "float32"
) -> QualityModel:
    """Return a COMET metric on the files of `locate`; `encoder` holds XLM-R's configuration and tokenizer.

    Raises: UsageError where a file or a library is missing, before anything is loaded.
    """
    require_libraries("COMET")
    comet_model.settings(folder)
    check(dtype)
    return QualityModel(
        lambda: comet_model.load(folder, str(encoder), device=chosen(device), dtype=dtype)
    )


def metricx(
    folder: Path, tokenizer: Path, *, name: str = "", device: str = "auto", dtype: str = "float32"
) -> QualityModel:
    """Return MetricX on the files of `locate`; `name` states the edition, else the folder's does.

    Raises: UsageError where a library is missing or the name states no edition.
    """
    require_libraries("metricx")
    edition = metricx_model.edition_of(name or folder.name)
    check(dtype)
    return QualityModel(
        lambda: metricx_model.load(
            folder, str(tokenizer), edition=edition, device=chosen(device), dtype=dtype
        )
    )


def open_comet(path: str) -> tuple[str, Callable[[], QualityModel]]:
    """Return NAME@REVISION of a COMET metric and what loads it. Raises: UsageError."""
    require_libraries("COMET")
    folder, revision = locate(path)
    encoder, _ = locate(encoder_name(folder), only=comet_model.ENCODER_FILES)
    return _pinned(path, revision), partial(comet, folder, encoder)


def open_metricx(path: str) -> tuple[str, Callable[[], QualityModel]]:
    """Return NAME@REVISION of a MetricX and what loads it. Raises: UsageError."""
    require_libraries("metricx")
    folder, revision = locate(path)
    own = any((folder / name).is_file() for name in ("tokenizer.json", "spiece.model"))
    tokenizer = folder if own else locate(MT5, only=MT5_FILES)[0]
    return _pinned(path, revision), partial(metricx, folder, tokenizer, name=path)


def _pinned(path: str, revision: str) -> str:
    name = path if Path(path).expanduser().is_dir() else path.partition("@")[0]
    return f"{name}@{revision}"


def locate(model: str, *, only: Sequence[str] = ()) -> tuple[Path, str]:
    """Return the folder of a model and its revision, fetching it from the hub where it is not here.

    `model` is a folder (its revision is a hash of its files) or OWNER/NAME[@REVISION] of the
    Hugging Face hub (its revision is the commit); `only` names the files that are needed.
    Raises: UsageError where it cannot be had.
    """
    folder = Path(model).expanduser()
    if folder.is_dir():
        return folder, folder_fingerprint(folder)
    if importlib.util.find_spec("huggingface_hub") is None:
        raise UsageError(
            f"{model}: is no folder here, and to fetch it huggingface_hub is needed: "
            "pip install 'safeglot[hub]'. Or give the folder of a copy."
        )
    from huggingface_hub import snapshot_download

    name, _, revision = model.partition("@")
    try:
        fetched = Path(
            snapshot_download(name, revision=revision or None, allow_patterns=list(only) or None)
        )
    except Exception as error:
        raise UsageError(
            f"{model}: is no folder here and could not be fetched from the hub "
            f"({type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}). CometKiwi is gated: accept its "
            "licence on its page and log in with `hf auth login`. Or give the folder of a copy."
        ) from error
    return fetched, fetched.name


def encoder_name(folder: Path) -> str:
    """Return the pretrained encoder that a COMET metric names. Raises: UsageError."""
    encoder = comet_model.settings(folder).get("pretrained_model")
    if not isinstance(encoder, str) or not encoder:
        raise UsageError(f"{folder / comet_model.SETTINGS}: names no pretrained_model.")
    return encoder


def require_libraries(family: str) -> None:
    """Check that torch and transformers are installed. Raises: UsageError."""
    missing = [name for name in ("torch", "transformers") if importlib.util.find_spec(name) is None]
    if missing:
        raise UsageError(
            f"{family}: needs {' and '.join(missing)}: pip install 'safeglot[neural]'."
        )


def check(dtype: str) -> None:
    """Check a number format. Raises: UsageError."""
    if dtype not in DTYPES:
        raise UsageError(f"dtype is {dtype!r}; allowed are {', '.join(DTYPES)}.")


def chosen(device: str) -> str:
    """Return the device: `auto` is the first GPU where there is one, else the processor."""
    if device != "auto":
        return device
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def pair_of(request: Request) -> tuple[str, str]:
    """Return the translation and the source of a request."""
    texts = json.loads(request.prompt or "{}")
    return texts["mt"], texts["src"]


def pair_size(request: Request) -> int:
    """Return the characters of both texts and some for the marks. Raises: ModelError."""
    try:
        return sum(map(len, pair_of(request))) + 32
    except (ValueError, KeyError, TypeError):
        message = 'the prompt has to be {"mt": "...", "src": "..."}'
        raise ModelError("bad_request", message) from None
