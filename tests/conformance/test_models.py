"""One contract over every kind of model: a server on loopback, and each engine in this process with real weights."""

from __future__ import annotations

import asyncio
import math

import pytest

from example import tiny_llama
from loopback import Loopback, Script
from safeglot.backends.models import weights
from safeglot.backends.models.bodies import Endpoint
from safeglot.backends.models.http import HttpModel
from safeglot.config import engines
from safeglot.config.model_strings import ModelConfig
from safeglot.types import Reply, Request

CHAT = (("user", "Say hello."),)


def answer(seen):
    positions = [[("Hel", -0.1), ("Hi", -2.5)], [("lo", -0.2), ("p", -3.0)]]
    return {"text": "Hello", "logprobs": positions} if seen.body.get("logprobs") else "Hello"


@pytest.fixture(scope="module")
def url():
    with Loopback(Script(answer=answer)) as server:
        yield server.base_url


def model_string(engine, tmp_path_factory) -> str:
    """Return a model of an engine that is small enough to be asked here."""
    if engine in ("hf", "vllm-local"):
        pytest.importorskip("torch")
        pytest.importorskip("vllm" if engine == "vllm-local" else "transformers")
        return f"{engine}/{tiny_llama.save(tmp_path_factory.mktemp('llama'))}"
    pytest.importorskip("xllamacpp")
    if engine == "embedded":
        return "embedded/smollm2-135m"
    return f"gguf/{weights.fetch(weights.known('smollm2-135m'))}"


@pytest.fixture(scope="module", params=["http", *engines.engines()])
def make(request, url, tmp_path_factory):
    if request.param == "http":
        return lambda: HttpModel(Endpoint(model="target", base_url=url))
    name = model_string(request.param, tmp_path_factory)
    engine = engines.engine_of(ModelConfig(model=name))
    assert engine.revision
    assert engine.slots > 0
    return lambda: engine.open(2)


def ask(make, *requests: Request) -> list[Reply]:
    async def run() -> list[Reply]:
        model = make()
        try:
            return list(await asyncio.gather(*(model.answer(r) for r in requests)))
        finally:
            await model.close()
            await model.close()  # closing twice is harmless

    return asyncio.run(run())


def chat(**changes) -> Request:
    return Request(**{"model": "target", "messages": CHAT, "max_tokens": 8, "seed": 1} | changes)


def test_a_chat_is_answered(make):
    (reply,) = ask(make, chat())
    assert reply.text
    assert reply.finish_reason in ("stop", "length")
    assert 0 < reply.n_tokens <= 8
    assert reply.n_prompt_tokens > 0
    assert reply.logprobs == ()


def test_a_completion_is_answered(make):
    (reply,) = ask(make, chat(messages=(), prompt="Once upon a time"))
    assert reply.text


def test_log_probabilities_are_sorted_and_sum_to_at_most_one(make):
    (reply,) = ask(make, chat(top_logprobs=2, temperature=0.0))
    assert reply.logprobs
    for alternatives in reply.logprobs:
        values = [p for _, p in alternatives]
        assert values == sorted(values, reverse=True)
        assert sum(math.exp(p) for p in values) <= 1.0 + 1e-6


def test_many_requests_at_once_come_back_in_order(make):
    texts = ask(make, *(chat(sample=i, seed=i, temperature=0.0) for i in range(6)))
    assert len(texts) == 6
    assert len({t.text for t in texts}) == 1  # greedy: the seed moves nothing


def test_any_unicode_can_be_asked(make):
    (reply,) = ask(make, chat(messages=(("user", "नमस्ते \u200f שלום 你好 🌍 \u0000"),)))
    assert isinstance(reply.text, str)
