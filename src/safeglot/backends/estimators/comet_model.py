"""COMET's metrics without a reference from a published checkpoint: an XLM-R encoder and a head of comet_heads.py."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safeglot.backends.estimators import comet_heads
from safeglot.errors import UsageError

CHECKPOINT = Path("checkpoints", "model.ckpt")
SETTINGS = "hparams.yaml"
ENCODER_FILES = (
    "config.json",
    "sentencepiece.bpe.model",
    "tokenizer.json",
    "tokenizer_config.json",
)
"""Files of the pretrained encoder that are needed: its weights are in the checkpoint."""
_ENCODERS = {"XLM-RoBERTa": "XLMRoberta", "XLM-RoBERTa-XL": "XLMRobertaXL"}
_PREFIX = "encoder.model."
_UNUSED = ("pooler.", "embeddings.position_ids", "embeddings.token_type_ids")


class Inert:
    """Stands for what a checkpoint pickles besides its tensors (callbacks, paths); does nothing."""

    def __init__(self, *_: Any, **__: Any) -> None:
        """Take anything."""

    def __setstate__(self, state: Any) -> None:
        """Forget the state."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CometWeights:
    """A loaded model; texts are tokenised apart, and joined as `<s> mt </s></s> src </s>` where it reads one sequence."""

    encoder: Any
    tokenizer: Any
    design: comet_heads.HeadDesign
    head: Mapping[str, Any]
    device: str

    @property
    def limit(self) -> int:
        """Tokens that a sequence may have, marks included."""
        return int(self.encoder.config.max_position_embeddings) - 2

    def tokens(self, mt: str, src: str) -> tuple[list[int], ...]:
        """Return the ids of one input: a sequence of both texts, or one of each."""
        begin, end = self.tokenizer.cls_token_id, self.tokenizer.sep_token_id
        first, second = (
            self.tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"]
            for text in (mt, src)
        )
        if self.design.apart:
            return [begin, *first, end], [begin, *second, end]
        return ([begin, *first, end, end, *second, end],)

    def numbers(self, rows: Sequence[tuple[list[int], ...]]) -> list[float]:
        """Return one number a row, in their order."""
        import torch

        with torch.inference_mode():
            vectors = [self._vectors(sequences) for sequences in zip(*rows, strict=True)]
            vector = comet_heads.compared(*vectors) if self.design.apart else vectors[0]
            values = comet_heads.regress(self.design, self.head, vector)
        return [float(value) for value in values]

    def _vectors(self, sequences: Sequence[Sequence[int]]) -> Any:
        ids, mask = padded(sequences, self.tokenizer.pad_token_id, self.device)
        output = self.encoder(input_ids=ids, attention_mask=mask, output_hidden_states=True)
        return comet_heads.sentence(self.design, self.head, output.hidden_states, mask)


def padded(rows: Sequence[Sequence[int]], pad: int, device: str) -> tuple[Any, Any]:
    """Return ids (B, T) and their mask, the shorter rows filled at the right."""
    import torch

    wide = max(len(row) for row in rows)
    ids = torch.tensor([[*row, *[pad] * (wide - len(row))] for row in rows], device=device)
    mask = torch.tensor([[1] * len(row) + [0] * (wide - len(row)) for row in rows], device=device)
    return ids, mask


def settings(folder: Path) -> dict[str, Any]:
    """Return what hparams.yaml holds. Raises: UsageError where the folder is no published COMET model."""
    for file in (SETTINGS, CHECKPOINT):
        if not (folder / file).is_file():
            raise UsageError(
                f"{folder}: there is no {file}. Give the folder of a COMET model as it is on the "
                f"Hugging Face hub, with {SETTINGS} and {CHECKPOINT}."
            )
    import yaml

    try:
        held = yaml.safe_load((folder / SETTINGS).read_text("utf-8"))
    except yaml.YAMLError as error:
        raise UsageError(f"{folder / SETTINGS}: is no plain YAML ({error}).") from None
    if not isinstance(held, dict):
        raise UsageError(f"{folder / SETTINGS}: holds no settings.")
    return held


def load(folder: Path, encoder: str, *, device: str, dtype: str) -> CometWeights:
    """Return a loaded model; `encoder` is the folder of the encoder's configuration and tokenizer.

    Raises: UsageError where weights are missing or are those of another architecture.
    """
    import transformers

    published = settings(folder)
    checkpoint = _checkpoint(folder / CHECKPOINT)
    design = comet_heads.design_of(_plain(checkpoint.get("hyper_parameters")), published)
    weights: Mapping[str, Any] = checkpoint["state_dict"]
    model = _encoder(published, encoder, weights, folder)
    layers = model.config.num_hidden_layers + 1
    names = comet_heads.needed(design, layers)
    _check_none(
        folder, "lacks weights of the head", [name for name in names if name not in weights]
    )
    model = model.to(device=device, dtype=_dtype(dtype)).eval()
    return CometWeights(
        encoder=model,
        tokenizer=transformers.XLMRobertaTokenizerFast.from_pretrained(encoder),
        design=design,
        head={name: weights[name].detach().float().to(device) for name in names},
        device=device,
    )


def _dtype(name: str) -> Any:
    import torch

    return getattr(torch, name)


def _plain(stored: Any) -> Mapping[str, Any]:
    return stored if isinstance(stored, dict) else {}


def _checkpoint(path: Path) -> Mapping[str, Any]:
    """Return a Lightning checkpoint, read without running anything that is pickled in it."""
    import torch
    from torch.serialization import get_unsafe_globals_in_checkpoint, safe_globals

    try:
        others = [(Inert, name) for name in get_unsafe_globals_in_checkpoint(path)]
        with safe_globals(others):
            checkpoint = torch.load(
                path, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(path)
            )
    except Exception as error:
        raise UsageError(f"{path}: is no checkpoint that torch can read ({error}).") from error
    if not isinstance(checkpoint, dict) or "state_dict" not in checkpoint:
        raise UsageError(f"{path}: holds no state_dict; a checkpoint of Lightning is needed.")
    return checkpoint


def _encoder(
    published: Mapping[str, Any], encoder: str, weights: Mapping[str, Any], folder: Path
) -> Any:
    """Return the encoder, built without weights and given those of the checkpoint, uncopied."""
    import torch
    import transformers

    family = _ENCODERS.get(str(published.get("encoder_model")))
    if family is None:
        raise UsageError(
            f"{folder / SETTINGS}: encoder_model is {published.get('encoder_model')!r}; "
            f"allowed are {', '.join(_ENCODERS)}."
        )
    config = getattr(transformers, f"{family}Config").from_pretrained(encoder)
    with torch.device("meta"):
        model = getattr(transformers, f"{family}Model")(config, add_pooling_layer=False)
    state = {
        name.removeprefix(_PREFIX): value
        for name, value in weights.items()
        if name.startswith(_PREFIX) and not name.removeprefix(_PREFIX).startswith(_UNUSED)
    }
    try:
        result = model.load_state_dict(state, strict=False, assign=True)
    except RuntimeError as error:
        raise UsageError(f"{folder}: does not fit the encoder {encoder}. {error}") from None
    _check_none(folder, "lacks weights of the encoder", result.missing_keys)
    _check_none(folder, "has weights that the encoder does not know", result.unexpected_keys)
    _fill_buffers(model)
    return model


def _fill_buffers(model: Any) -> None:
    """Give the places and types of tokens, which checkpoints leave out, their values."""
    import torch

    for module in model.modules():
        for name, buffer in list(module.named_buffers(recurse=False)):
            if buffer.is_meta:
                places = torch.arange(buffer.shape[-1]).expand(buffer.shape).clone()
                value = places if name == "position_ids" else torch.zeros_like(places)
                module.register_buffer(name, value, persistent=False)


def _check_none(folder: Path, what: str, names: Sequence[str]) -> None:
    if names:
        shown = ", ".join(names[:3]) + (" …" if len(names) > 3 else "")
        raise UsageError(f"{folder / CHECKPOINT}: {what}: {shown} ({len(names)} in all).")
