from __future__ import annotations

import pytest

from safeglot.backends.models.engines.hub import origin_of
from safeglot.errors import UsageError

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def test_a_folder_is_pinned_by_every_byte(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    first = origin_of("hf", str(tmp_path), "")
    assert (first.folder(), len(first.revision)) == (tmp_path.resolve(), 12)
    (tmp_path / "model.safetensors").write_bytes(b"1")
    assert origin_of("hf", str(tmp_path), "").revision != first.revision
    with pytest.raises(
        UsageError, match=r"is a folder, which its bytes pin\. Take revision = 'v1' out"
    ):
        origin_of("hf", str(tmp_path), "v1")


def test_a_gguf_file_is_a_model_too(tmp_path):
    file = tmp_path / "a.gguf"
    with pytest.raises(UsageError, match="no such file"):
        origin_of("hf", str(file), "")
    file.write_bytes(b"GGUF and so on")
    origin = origin_of("hf", str(file), "")
    assert (origin.name, origin.file) == (str(tmp_path.resolve()), "a.gguf")
    assert len(origin.revision) == 12


def test_a_folder_that_is_no_model_says_what_it_holds(tmp_path):
    with pytest.raises(
        UsageError, match=r"has no config\.json, .* it has nothing\. Give the folder"
    ):
        origin_of("hf", str(tmp_path), "")
    (tmp_path / "adapter.bin").write_text("")
    with pytest.raises(UsageError, match=r"it has adapter\.bin\."):
        origin_of("hf", str(tmp_path), "")


@pytest.mark.parametrize("path", ["./none", "/none/there", "a/b/c", "@main"])
def test_what_is_neither_folder_nor_name_is_told(path):
    with pytest.raises(
        UsageError, match=r"no such folder\. Give the folder .* as in hf/owner/name"
    ):
        origin_of("hf", path, "")


def test_a_revision_stands_in_the_name_or_in_the_table():
    assert origin_of("hf", "owner/name@v1", "").wanted == "v1"
    assert origin_of("hf", "owner/name", "v1").wanted == "v1"
    with pytest.raises(UsageError, match=r'names one revision and its table another \("v2"\)'):
        origin_of("hf", "owner/name@v1", "v2")


def test_the_hub_is_asked_only_for_what_is_not_known_here(tmp_path, monkeypatch):
    constants = pytest.importorskip("huggingface_hub.constants")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert origin_of("hf", "owner/name", COMMIT).revision == COMMIT
    refs = tmp_path / "models--owner--name" / "refs"
    refs.mkdir(parents=True)
    (refs / "main").write_text(COMMIT)
    assert origin_of("hf", "owner/name", "").revision == COMMIT
    with pytest.raises(UsageError) as caught:
        _ = origin_of("hf", "owner/name@v2", "").revision
    assert "cannot be had from the Hugging Face Hub at revision v2" in str(caught.value)
    assert "Without network give the folder of a copy: hf/PATH" in str(caught.value)
    with pytest.raises(UsageError, match="cannot be had"):
        origin_of("hf", "owner/name", COMMIT).folder()
