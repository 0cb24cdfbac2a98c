from __future__ import annotations

import asyncio
import importlib.util
import threading

import pytest

from example import tiny_llama
from safeglot.backends.models import weights
from safeglot.backends.models.engines import hf
from safeglot.backends.models.engines.decoding import Decoder
from safeglot.errors import ModelError, UsageError
from safeglot.types import Request

TORCH = pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="needs torch")


def test_it_needs_its_packages(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(
        UsageError, match=r"hf/a/b: .* need torch and transformers: pip install 'safeglot\[hf\]'"
    ):
        hf.HfEngine("a/b")


def chat(text, **changes):
    return Request(
        **{"model": "m", "messages": (("user", text),), "max_tokens": 12, "temperature": 0.0}
        | changes
    )


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    pytest.importorskip("transformers")
    return hf.HfEngine(str(tiny_llama.save(tmp_path_factory.mktemp("llama"))))


def ask(engine, requests, parallel=8):
    async def run():
        model = engine.open(parallel)
        try:
            asked = (model.answer(request) for request in requests)
            return await asyncio.gather(*asked, return_exceptions=True)
        finally:
            await model.close()

    return asyncio.run(run())


@TORCH
def test_many_are_answered_as_each_alone(engine):
    requests = [
        chat(f"{'word ' * (i % 7)}{i}", max_tokens=2 + i % 9, temperature=i % 2) for i in range(40)
    ]
    together = ask(engine, requests)
    apart = ask(engine, requests, parallel=1)
    assert [r.text for r in together] == [r.text for r in apart]
    assert [r.n_tokens for r in together] == [r.n_tokens for r in apart]
    assert len({r.text for r in together}) > 30


@TORCH
def test_one_that_cannot_be_read_fails_alone(engine):
    long, fine = ask(engine, [chat("x" * 600), chat("fine")])
    assert (long.kind, long.transient) == ("too_long", False)
    assert fine.text


@TORCH
def test_a_full_memory_halves_the_batch_and_changes_no_answer(engine, monkeypatch):
    requests = [chat(f"number {i}", temperature=1.0, seed=i) for i in range(12)]
    wanted = [reply.text for reply in ask(engine, requests)]
    forward, sizes = Decoder._forward, []

    def small(self, cache, tokens, mask):
        sizes.append(len(tokens))
        if len(tokens) > 3:
            raise MemoryError
        return forward(self, cache, tokens, mask)

    monkeypatch.setattr(Decoder, "_forward", small)
    assert [reply.text for reply in ask(engine, requests)] == wanted
    assert max(sizes) > 3

    def none(self, cache, tokens, mask):
        raise MemoryError

    monkeypatch.setattr(Decoder, "_forward", none)
    failed = ask(engine, requests[:3])
    assert all("does not hold one text of" in error.message for error in failed)
    assert all("--concurrency" in error.message for error in failed)


@TORCH
def test_a_model_that_cannot_be_loaded_fails_each_request_with_one_clear_message(tmp_path):
    (tmp_path / "config.json").write_text('{"model_type": "of-tomorrow"}')
    for error in ask(hf.HfEngine(str(tmp_path)), [chat("a"), chat("b")]):
        assert error.kind == "setting"
        assert "cannot load" in error.message


@TORCH
def test_a_fault_of_the_model_is_told_and_leaves_nobody_waiting(engine, monkeypatch):
    def broken(self, cache, tokens, mask):
        raise RuntimeError("shape mismatch\nand more")

    monkeypatch.setattr(Decoder, "_forward", broken)
    for error in ask(engine, [chat("a"), chat("b")]):
        assert (error.kind, error.message) == ("engine", "shape mismatch.")


@pytest.fixture
def written(monkeypatch):
    """Set once the model has begun to write."""
    begun, forward = threading.Event(), Decoder._forward

    def noted(self, cache, tokens, mask):
        begun.set()
        return forward(self, cache, tokens, mask)

    monkeypatch.setattr(Decoder, "_forward", noted)
    return begun


@TORCH
def test_calls_in_flight_end_when_it_is_closed_and_later_ones_are_refused(engine, written):
    async def run():
        model = engine.open(2)
        call = asyncio.ensure_future(model.answer(chat("a", max_tokens=400, temperature=1.0)))
        await asyncio.to_thread(written.wait)
        await model.close()
        with pytest.raises(ModelError, match="stopped before it was answered"):
            await call
        with pytest.raises(ModelError, match="has been closed"):
            await model.answer(chat("b"))

    asyncio.run(run())


@TORCH
def test_a_cancelled_call_frees_its_slot(engine, written):
    async def run():
        model = engine.open(1)
        call = asyncio.ensure_future(model.answer(chat("a", max_tokens=400, temperature=1.0)))
        await asyncio.to_thread(written.wait)
        call.cancel()
        reply = await model.answer(chat("b", max_tokens=2))  # it has the only slot
        await model.close()
        return reply

    assert asyncio.run(run()).text


@TORCH
def test_smollm2_answers_from_its_gguf_file():
    pytest.importorskip("gguf")
    path = weights.fetch(weights.known("smollm2-135m"))
    question = "What is the capital of France? Answer with one word."
    (reply,) = ask(hf.HfEngine(str(path)), [chat(question, max_tokens=4, top_logprobs=3)])
    assert reply.n_prompt_tokens > 20  # its chat template is in the file
    assert len(reply.logprobs) == reply.n_tokens
    assert reply.text.strip()
