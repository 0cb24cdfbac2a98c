from __future__ import annotations

from typing import Any

import pytest

from safeglot.backends.models.bodies import Endpoint, request_body
from safeglot.backends.models.providers import providers
from safeglot.types import Request


def chat(text: str = "How do I bake bread?", **more: Any) -> Request:
    return Request(model="m", messages=(("user", text),), max_tokens=8, **more)


@pytest.mark.parametrize(
    ("provider", "tokens_field", "seed_field"),
    [
        ("vllm", "max_tokens", "seed"),
        ("openai", "max_completion_tokens", "seed"),
        ("mistral", "max_tokens", "random_seed"),
        ("anthropic", "max_tokens", None),
        ("google", "max_tokens", None),
    ],
)
def test_each_provider_gets_its_own_names(
    provider: str, tokens_field: str, seed_field: str | None
) -> None:
    endpoint = providers()[provider].endpoint("m", base_url=None, key_env=None, timeout_s=1)
    body = request_body(chat(seed=3), endpoint)
    assert body[tokens_field] == 8
    seeds = {k: v for k, v in body.items() if "seed" in k}
    assert seeds == ({seed_field: 3} if seed_field else {})


def test_sampling_of_one_is_left_out_where_the_server_may_refuse_it() -> None:
    for provider, kept in (("openai", False), ("anthropic", False), ("vllm", True)):
        endpoint = providers()[provider].endpoint("m", base_url=None, key_env=None, timeout_s=1)
        body = request_body(chat(temperature=1.0, top_p=1.0), endpoint)
        assert ("temperature" in body, "top_p" in body) == (kept, kept)
        assert request_body(chat(temperature=0.0), endpoint)["temperature"] == 0.0


def test_log_probabilities_are_asked_for_as_the_server_allows() -> None:
    wide = Endpoint(model="m", base_url="http://x", top_logprobs=20)
    none = Endpoint(model="m", base_url="http://x", top_logprobs=0)
    asked = chat(top_logprobs=5)
    bare = Request(model="m", prompt="p", max_tokens=1, top_logprobs=5)
    assert request_body(asked, wide)["logprobs"] is True
    assert request_body(asked, wide)["top_logprobs"] == 5
    assert request_body(bare, wide)["logprobs"] == 5
    assert "top_logprobs" not in request_body(bare, wide)
    assert not {"logprobs", "top_logprobs"} & request_body(asked, none).keys()


def test_stop_and_extra_fields_are_part_of_the_body() -> None:
    request = chat(stop=("\n",), extra={"chat_template_kwargs": {"policy": "S1"}})
    body = request_body(request, Endpoint(model="m", base_url="http://x"))
    assert body["stop"] == ["\n"]
    assert body["chat_template_kwargs"] == {"policy": "S1"}


# ---- what comes back
