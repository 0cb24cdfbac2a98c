from __future__ import annotations

import pytest

from example import tiny_llama
from safeglot.backends.models.engines import loading
from safeglot.backends.models.engines.hub import origin_of
from safeglot.errors import ModelError

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tiny_llama.save(tmp_path_factory.mktemp("llama"))


def loaded(folder):
    origin = origin_of("hf", str(folder), "")
    return loading.load(origin, origin.folder())


def test_what_is_to_be_known_of_a_model(folder):
    about = loaded(folder)
    assert about.texts.longest == 512
    assert about.ends == {about.texts.tokenizer.eos_token_id}
    assert not about.model.training
    # 2 layers, keys and values of 64 numbers of 4 bytes
    assert loading.token_bytes(about.model) == 2 * 2 * 64 * 4
    assert about.most_tokens > 10_000


def test_a_folder_that_transformers_cannot_read_is_told_in_a_sentence(tmp_path):
    (tmp_path / "config.json").write_text('{"model_type": "of-tomorrow"}')
    with pytest.raises(
        ModelError, match=r"transformers \S+ cannot load .*pip install -U"
    ) as caught:
        loaded(tmp_path)
    assert caught.value.kind == "setting"


def test_a_model_that_does_not_fit_is_not_read(folder, monkeypatch):
    monkeypatch.setattr(loading, "free_bytes", lambda *_: 1000)
    with pytest.raises(ModelError) as caught:
        loaded(folder)
    assert "its weights take 0.0 GiB, and cpu has 0.0 GiB free" in str(caught.value)
    assert "gguf/PATH" in str(caught.value)


@pytest.mark.parametrize(
    ("error", "is_it"),
    [
        (MemoryError(), True),
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"), True),
        (
            RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried"),
            True,
        ),
        (RuntimeError("shape mismatch"), False),
        (ValueError("allocate memory"), False),
    ],
)
def test_the_end_of_the_memory_is_known(error, is_it):
    assert loading.is_out_of_memory(error) is is_it


def test_the_free_memory_is_that_of_the_machine():
    assert loading.free_bytes("cpu", torch) > 2**20
