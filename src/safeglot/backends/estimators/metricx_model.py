"""MetricX without a reference: mT5 reads both texts, its decoder takes one step, one logit counts.

The logit's row of the output layer is read from the checkpoint itself: transformers 5 ties mT5's
output layer to its embeddings whatever the configuration says, and MetricX was trained untied.
Source: the model code and README of google-research/metricx; Juraska et al. 2023 and 2024.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safeglot.backends.estimators.comet_model import padded
from safeglot.errors import UsageError

SCORE_TOKEN = 250089
"""<extra_id_10>: its logit is the score."""
WORST = 25.0
_OUTPUT, _SHARED = "lm_head.weight", "shared.weight"


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """A release: the form of its input, and the tokens it was trained with."""

    form: str
    limit: int


EDITIONS: Mapping[str, Edition] = {
    "23": Edition(form="candidate: {mt} source: {src}", limit=1024),
    "24": Edition(form="source: {src} candidate: {mt}", limit=1536),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricXWeights:
    """A loaded MetricX."""

    model: Any
    row: Any
    """The output layer's row of SCORE_TOKEN, scaled where the output layer is tied."""
    tokenizer: Any
    edition: Edition
    device: str

    @property
    def limit(self) -> int:
        """Tokens that an input may have; one less than in training, where the end mark counted."""
        return self.edition.limit - 1

    def tokens(self, mt: str, src: str) -> tuple[list[int]]:
        """Return the ids of one input, a sequence without the end mark, as in training."""
        # Not str.format of a format of the texts: braces in them would be read.
        text = re.sub(r"\{(mt|src)\}", lambda m: {"mt": mt, "src": src}[m[1]], self.edition.form)
        ids: list[int] = self.tokenizer(text, verbose=False)["input_ids"]
        return (ids[:-1] if ids[-1:] == [self.tokenizer.eos_token_id] else ids,)

    def numbers(self, rows: Sequence[tuple[list[int], ...]]) -> list[float]:
        """Return one number a row from 0 to 25, in their order."""
        import torch

        ids, mask = padded([row for (row,) in rows], self.tokenizer.pad_token_id, self.device)
        begin = torch.zeros((len(rows), 1), dtype=torch.long, device=self.device)
        with torch.inference_mode():
            output = self.model(
                input_ids=ids, attention_mask=mask, decoder_input_ids=begin, use_cache=False
            )
            values = (output.last_hidden_state[:, 0].float() @ self.row).clamp(0.0, WORST)
        return [float(value) for value in values]


def edition_of(name: str) -> Edition:
    """Return the edition that a model's name states.

    Raises: UsageError for a name without one, and for MetricX-23 that needs a reference.
    """
    match = re.search(r"metricx-(\d\d)-(qe|hybrid)?", name.lower())
    if match and match[1] == "23" and match[2] != "qe":
        raise UsageError(f"{name}: needs a reference; without one take a metricx-23-qe model.")
    if not match or match[1] not in EDITIONS:
        raise UsageError(
            f"{name}: the name does not tell which MetricX it is. Name the model or its folder as "
            "on the hub, e.g. metricx-24-hybrid-large-v2p6 or metricx-23-qe-large-v2p0."
        )
    return EDITIONS[match[1]]


def load(
    folder: Path, tokenizer: str, *, edition: Edition, device: str, dtype: str
) -> MetricXWeights:
    """Return a loaded MetricX; `tokenizer` is the folder of mT5's. Raises: UsageError."""
    import torch
    import transformers

    config = _config(folder)
    row = _row(folder, config).to(device)
    model = _body(folder)
    return MetricXWeights(
        model=model.to(device=device, dtype=getattr(torch, dtype)).eval(),
        row=row,
        tokenizer=transformers.AutoTokenizer.from_pretrained(tokenizer),
        edition=edition,
        device=device,
    )


def _body(folder: Path) -> Any:
    """Return mT5 without its output layer, loaded without a message about that. Raises: UsageError."""
    import transformers
    from transformers.utils import logging

    verbosity, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        model, info = transformers.MT5Model.from_pretrained(
            folder, local_files_only=True, output_loading_info=True
        )
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()
    missing = sorted(info["missing_keys"])
    if missing:
        raise UsageError(f"{folder}: lacks weights: {missing[0]} ({len(missing)} in all).")
    return model


def _config(folder: Path) -> Mapping[str, Any]:
    try:
        config = json.loads((folder / "config.json").read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(
            f"{folder}: no readable config.json of a MetricX model ({error})."
        ) from None
    if not isinstance(config, dict) or config.get("model_type") != "mt5":
        raise UsageError(f"{folder}: config.json is not that of an mT5, so this is no MetricX.")
    return config


def _row(folder: Path, config: Mapping[str, Any]) -> Any:
    """Return the row of SCORE_TOKEN, (H,), of the output layer as it was trained."""
    tied = bool(config.get("tie_word_embeddings", False))
    matrix = stored(folder, _OUTPUT) if not tied else None
    if matrix is None:
        if not tied:
            raise UsageError(f"{folder}: the weights lack {_OUTPUT}, so this is no MetricX.")
        matrix = stored(folder, _SHARED)
    if matrix is None or len(matrix) <= SCORE_TOKEN:
        raise UsageError(f"{folder}: the weights have no output for token {SCORE_TOKEN}.")
    row = matrix[SCORE_TOKEN].detach().clone().float()
    return row * config["d_model"] ** -0.5 if tied else row


def stored(folder: Path, name: str) -> Any:
    """Return one tensor of a checkpoint, whole or in shards; None where it is not there."""
    for stem in ("model.safetensors", "pytorch_model.bin"):
        index = folder / f"{stem}.index.json"
        if index.is_file():
            shard = json.loads(index.read_text("utf-8"))["weight_map"].get(name)
            return None if shard is None else _tensor(folder / shard, name)
        if (folder / stem).is_file():
            return _tensor(folder / stem, name)
    raise UsageError(f"{folder}: there is no model.safetensors and no pytorch_model.bin.")


def _tensor(file: Path, name: str) -> Any:
    if file.suffix == ".safetensors":
        from safetensors import safe_open

        with safe_open(file, framework="pt") as tensors:
            return tensors.get_tensor(name) if name in tensors.keys() else None  # noqa: SIM118
    import torch

    return torch.load(file, map_location="cpu", weights_only=True, mmap=True).get(name)
