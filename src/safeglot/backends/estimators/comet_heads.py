"""The heads of COMET's metrics without a reference: an encoder's layers, mixed, give one number.

The unified metric reads both texts as one sequence; the referenceless regression each by itself.

Written as functions of plain tensors; torch is imported where they are called.
Source: Rei et al. 2022, arXiv 2209.06243, section 3; Martins and Astudillo 2016, arXiv 1602.02068
(sparsemax); names of settings and weights as in checkpoints of Unbabel/COMET.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from safeglot.errors import UsageError

UNIFIED, APART = "unified_metric", "referenceless_regression_metric"
CLASSES = {UNIFIED: "CometKiwi", APART: "AfriCOMET-QE, SSA-COMET-QE"}
EPSILON = 1e-12
TRANSFORMATIONS = ("softmax", "sparsemax")
PATCHED = "sparsemax_patch"
"""In hparams.yaml: the checkpoint says sparsemax, but was trained and published with softmax.

Source: Unbabel/COMET issues 195 and 244.
"""
_DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    UNIFIED: {
        "sent_layer": "mix",
        "layer_transformation": "sparsemax",
        "layer_norm": True,
        "hidden_sizes": (3072, 1024),
        "activations": "Tanh",
        "final_activation": None,
        "input_segments": ("mt", "src", "ref"),
    },
    APART: {
        "layer": "mix",
        "layer_transformation": "softmax",
        "layer_norm": True,
        "hidden_sizes": (2048, 1024),
        "activations": "Tanh",
        "final_activation": None,
        "pool": "avg",
    },
}
POOLS = ("avg", "max", "cls")


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadDesign:
    """The layers of a checkpoint's head."""

    layer: int | None
    """The layer that is regressed; None: a mix of all."""
    apart: bool
    """Whether each text is a sequence of its own."""
    pool: str
    """How a sequence becomes one vector: its first token, its mean or its largest."""
    transformation: str
    layer_norm: bool
    hidden: int
    """Number of hidden layers of the regression."""
    activation: str
    final_activation: str | None


def design_of(stored: Mapping[str, Any], published: Mapping[str, Any]) -> HeadDesign:
    """Return the design from a checkpoint's own settings and the hparams.yaml next to it.

    The checkpoint's own go first, as in COMET; hparams.yaml states its class and may patch it.
    Raises: UsageError for another class of model or a setting that is not known.
    """
    kind = str(published.get("class_identifier"))
    if kind not in CLASSES:
        known = " and ".join(f"{name} ({models})" for name, models in CLASSES.items())
        raise UsageError(
            f"hparams.yaml: class_identifier is {published.get('class_identifier')!r}; {known} can be loaded."
        )
    settings = {**_DEFAULTS[kind], **published, **stored}
    if published.get("layer_transformation") == PATCHED:
        settings["layer_transformation"] = "softmax"
    if kind == UNIFIED and "src" not in settings["input_segments"]:
        raise UsageError("hparams.yaml: the model reads no source, so it cannot go without one.")
    if settings["layer_transformation"] not in TRANSFORMATIONS:
        raise UsageError(
            f"hparams.yaml: layer_transformation is {settings['layer_transformation']!r}; "
            f"allowed are {', '.join((*TRANSFORMATIONS, PATCHED))}."
        )
    pool = "cls" if kind == UNIFIED else settings["pool"]
    if pool not in POOLS:
        raise UsageError(f"hparams.yaml: pool is {pool!r}; allowed are {', '.join(POOLS)}.")
    layer = settings["sent_layer" if kind == UNIFIED else "layer"]
    mixed = layer == "mix"
    return HeadDesign(
        layer=None if mixed else int(layer),
        apart=kind == APART,
        pool=pool,
        transformation=settings["layer_transformation"],
        layer_norm=mixed and bool(settings["layer_norm"]),
        hidden=len(settings["hidden_sizes"]),
        activation=settings["activations"],
        final_activation=settings["final_activation"],
    )


def needed(design: HeadDesign, layers: int) -> list[str]:
    """Return the names of the weights that a head needs, for an encoder with so many layers.

    Linear layers stand at every third place: an activation and a dropout follow each.
    """
    names = [f"estimator.ff.{3 * i}.{kind}" for i in range(design.hidden + 1) for kind in _PARTS]
    if design.layer is None:
        names += [f"layerwise_attention.scalar_parameters.{i}" for i in range(layers)]
        names.append("layerwise_attention.gamma")
    return names


_PARTS = ("weight", "bias")


def regress(design: HeadDesign, weights: Mapping[str, Any], vector: Any) -> Any:
    """Return one number a row: (B,) from the vectors (B, H) of the sequences, or (B, 4 H) of pairs."""
    for i in range(design.hidden):
        vector = _activated(_linear(vector, weights, 3 * i), design.activation)
    return _activated(_linear(vector, weights, 3 * design.hidden), design.final_activation).view(-1)


def compared(mt: Any, src: Any) -> Any:
    """Return the vectors of two texts beside their product and their distance: (B, 4 H)."""
    import torch

    return torch.cat((mt, src, mt * src, (mt - src).abs()), dim=1)


def sentence(
    design: HeadDesign, weights: Mapping[str, Any], layers: Sequence[Any], mask: Any
) -> Any:
    """Return the vector of a sequence: (B, H) from layers (B, T, H) and their mask (B, T)."""
    import torch

    taken = range(len(layers)) if design.layer is None else [design.layer]
    # a mean of mixed layers is the mix of their means: only the largest needs whole layers
    pooled = _first if design.pool == "cls" else _mean if design.pool == "avg" else _whole
    found = [
        pooled(_normed(layers[i].float(), mask) if design.layer_norm else layers[i].float(), mask)
        for i in taken
    ]
    if design.layer is None:
        names = [f"layerwise_attention.scalar_parameters.{i}" for i in taken]
        scalars = torch.cat([weights[name] for name in names])
        share = sparsemax(scalars) if design.transformation == "sparsemax" else scalars.softmax(0)
        mixed = torch.einsum("l,l...->...", share, torch.stack(found))
        found = [weights["layerwise_attention.gamma"] * mixed]
    return _largest(found[0], mask) if design.pool == "max" else found[0]


def _first(layer: Any, _mask: Any) -> Any:
    return layer[:, 0]


def _whole(layer: Any, _mask: Any) -> Any:
    return layer


def _mean(layer: Any, mask: Any) -> Any:
    kept = mask.to(layer.dtype).unsqueeze(-1)
    return (layer * kept).sum(1) / kept.sum(1)


def _largest(layer: Any, mask: Any) -> Any:
    return layer.masked_fill(~mask.bool().unsqueeze(-1), float("-inf")).max(1).values


def _normed(layer: Any, mask: Any) -> Any:
    """Return a layer normed over all that a row holds but padding: one mean and variance a row."""
    kept = mask.to(layer.dtype).unsqueeze(-1)
    count = kept.sum((1, 2), keepdim=True) * layer.shape[-1]
    mean = (layer * kept).sum((1, 2), keepdim=True) / count
    variance = (((layer - mean) * kept) ** 2).sum((1, 2), keepdim=True) / count
    return (layer - mean) / (variance + EPSILON).sqrt()


def sparsemax(scalars: Any) -> Any:
    """Return a vector projected onto the simplex: like softmax, but small entries become 0.

    Source: Martins and Astudillo 2016, algorithm 1.
    """
    import torch

    descending = scalars.sort(descending=True).values
    places = torch.arange(1, len(scalars) + 1, device=scalars.device, dtype=scalars.dtype)
    sums = descending.cumsum(0)
    support = int((1 + places * descending > sums).sum())
    threshold = (sums[support - 1] - 1) / support
    return (scalars - threshold).clamp(min=0)


def _linear(vector: Any, weights: Mapping[str, Any], place: int) -> Any:
    from torch.nn import functional

    return functional.linear(
        vector, weights[f"estimator.ff.{place}.weight"], weights[f"estimator.ff.{place}.bias"]
    )


def _activated(vector: Any, name: str | None) -> Any:
    """Return a vector after an activation of torch.nn, by name. Raises: UsageError for none there."""
    from torch import nn

    if name is None:
        return vector
    make = getattr(nn, name.title(), None)
    if make is None:
        raise UsageError(f"hparams.yaml: activation {name!r} is not in torch.nn.")
    return make()(vector)
