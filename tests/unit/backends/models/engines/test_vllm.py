"""What holds without vLLM; its engine itself stands under the contract of tests/conformance, where it is installed."""

from __future__ import annotations

import importlib.util
from types import SimpleNamespace

import pytest

from safeglot.backends.models.engines import vllm
from safeglot.errors import UsageError


def test_it_needs_its_package(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(
        UsageError, match=r"vllm-local/a/b: .*pip install 'safeglot\[vllm\]'.*vllm/owner/name"
    ):
        vllm.VllmEngine("a/b")


def test_a_gguf_file_is_for_another_engine(monkeypatch, tmp_path):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name)
    file = tmp_path / "a.gguf"
    file.write_bytes(b"GGUF and so on")
    with pytest.raises(UsageError, match=r"GGUF files are for gguf/.* or hf/"):
        vllm.VllmEngine(str(file))
    one, other = vllm.VllmEngine("a/b"), vllm.VllmEngine("a/b", "v2")
    assert one.place != other.place


def test_the_token_that_was_drawn_counts_only_where_it_is_likely():
    position = {7: SimpleNamespace(logprob=-5.0), 2: SimpleNamespace(logprob=-0.1)}
    position |= {3: SimpleNamespace(logprob=-2.0)}
    assert vllm._pairs([position] * 40, 2) == [[(2, -0.1), (3, -2.0)]] * 32
    assert vllm._pairs(None, 2) == []
