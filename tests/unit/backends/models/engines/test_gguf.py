from __future__ import annotations

import importlib.util

import pytest

from safeglot.backends.models import weights
from safeglot.backends.models.engines.gguf import Embedded, GgufFile
from safeglot.errors import UsageError


@pytest.fixture
def installed(monkeypatch):
    """llama.cpp, whether the package is here or not."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name)


def test_a_model_file_that_is_not_there_is_told(installed, tmp_path):
    with pytest.raises(UsageError, match=r"no such file.*\.gguf"):
        GgufFile(str(tmp_path / "none.gguf"))


def test_a_model_file_of_another_format_is_told(installed, tmp_path):
    file = tmp_path / "m.gguf"
    file.write_bytes(b"PK\3\4 and so on")
    with pytest.raises(UsageError, match=r"not a GGUF file \(it begins with b'PK"):
        GgufFile(str(file))
    file.write_bytes(b"GGUF and so on")
    assert GgufFile(str(file)).place == str(file.resolve())


def test_they_need_their_engine(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(
        UsageError, match=r"gguf/m: .* need xllamacpp: pip install 'safeglot\[embedded\]'"
    ):
        GgufFile("m")
    with pytest.raises(UsageError, match=r"embedded/smollm2-135m: .* need xllamacpp"):
        Embedded("smollm2-135m")


def test_embedded_models_are_pinned_by_their_weights(installed):
    revision = Embedded("smollm2-135m").revision
    assert weights.SMOLLM2_135M.sha256.startswith(revision)
    assert len(revision) == 12
    with pytest.raises(UsageError, match="Did you mean embedded/smollm2-135m"):
        Embedded("smollm2")
