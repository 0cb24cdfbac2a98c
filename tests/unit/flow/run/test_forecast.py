from __future__ import annotations

import dataclasses

import pytest

from example.job import VLLM, judge, prepared
from safeglot.backends.models.routes import EMBEDDED_TOKENS_PER_S
from safeglot.config.model_strings import ModelConfig
from safeglot.flow.run.forecast import forecast


def test_the_forecast_counts_requests_and_costs():
    target = dataclasses.replace(VLLM, usd_in=0.0, usd_out=1.0)
    guard = dataclasses.replace(
        judge("shieldgemma=vllm/g"), model=ModelConfig(model="vllm/g", usd_in=0.0, usd_out=0.0)
    )
    found = forecast(prepared(target=(target,), judge=(guard,), samples=3, max_tokens=100))
    assert (found.answers, found.judge_requests) == (
        12,
        48 + 4 * 4,
    )  # and four exchanges of the first check
    assert found.usd == pytest.approx(12 * 100 / 1e6)
    assert found.unpriced == ()
    assert forecast(prepared(judge=(guard,))).unpriced == ("vllm/a",)


def test_languages_with_a_limit_of_their_own_are_forecast_by_it():
    seen = forecast(prepared(max_tokens="100,de=300"))
    assert seen.tokens_out == 2 * 100 + 2 * 300


def test_tokens_are_counted_four_characters_each():
    seen = forecast(prepared(max_tokens=100))
    # 4 texts of 10 characters, and 20 tokens of the chat format for each
    assert (seen.answers, seen.tokens_in, seen.tokens_out) == (4, 4 * (10 // 4 + 20), 400)
    twice = forecast(
        prepared(max_tokens=100, samples=2, target=(VLLM, ModelConfig(model="vllm/b")))
    )
    assert (twice.answers, twice.tokens_in, twice.tokens_out) == (16, 4 * seen.tokens_in, 1600)


def test_a_judge_that_asks_no_model_costs_nothing():
    free = dataclasses.replace(VLLM, usd_in=0.0, usd_out=0.0)
    seen = forecast(prepared(target=(free,), judge=(judge("refusal-baseline"),)))
    assert (seen.judge_requests, seen.usd) == (0, 0.0)
    assert seen.tokens_in == forecast(prepared(target=(free,))).tokens_in


def test_what_has_prices_is_added_up_and_what_has_none_is_named():
    priced = dataclasses.replace(VLLM, usd_in=1.0, usd_out=1.0)
    found = forecast(prepared(target=(priced, ModelConfig(model="vllm/b"))))
    alone = forecast(prepared(target=(priced,)))
    assert (found.usd, found.unpriced) == (pytest.approx(alone.usd), ("vllm/b",))
    assert alone.unpriced == ()


def test_only_the_bundled_model_has_a_known_speed():
    assert forecast(prepared()).seconds is None
    bundled = ModelConfig(model="embedded/smollm2-135m")
    seen = forecast(prepared(target=(bundled,), max_tokens=10))
    assert seen.seconds == pytest.approx(4 * 10 / EMBEDDED_TOKENS_PER_S)
    assert seen.usd == 0
