from __future__ import annotations

from safeglot.backends.models import routes
from safeglot.backends.models.adaptations import Adaptations
from safeglot.backends.models.adapting import AdaptingModel
from safeglot.backends.models.http import HttpModel


def test_a_server_is_a_lane_of_its_address_with_the_prices_given(monkeypatch):
    monkeypatch.setenv("MINE", " k ")
    route = routes.http_route(
        "openai/gpt-5-nano",
        base_urls=("http://127.0.0.1:1/v1",),
        key_env="MINE",
        timeout_s=7.0,
        concurrency=3,
        prices=(0.05, None),
    )
    assert (route.lane, route.concurrency, route.fixed) == ("http://127.0.0.1:1/v1", 3, False)
    assert (route.usd_in, route.usd_out) == (0.05, None)
    assert isinstance(route.model, HttpModel)
    endpoint = route.model.endpoint
    assert (endpoint.model, endpoint.key, endpoint.timeout_s) == ("gpt-5-nano", "k", 7.0)


def test_each_replica_is_a_lane_with_what_the_model_is_asked_with(monkeypatch):
    monkeypatch.delenv("VLLM_API_KEY", raising=False)
    route = routes.http_route(
        "vllm/m",
        base_urls=("http://127.0.0.1:1/v1", "http://127.0.0.1:2/v1"),
        key_env=None,
        timeout_s=7.0,
        concurrency=300,
        prices=(1.0, 2.0),
    )
    route = routes.adapting(route, "vllm/m", Adaptations(), logprobs=3, http_client="aiohttp")
    assert [way.lane for way in route.replicas] == [
        "http://127.0.0.1:1/v1",
        "http://127.0.0.1:2/v1",
    ]
    assert {(way.concurrency, way.usd_in, way.usd_out) for way in route.replicas} == {
        (300, 1.0, 2.0)
    }
    for way in route.replicas:
        assert isinstance(way.model, AdaptingModel)
        assert way.model.endpoint.http_client == "aiohttp"
        assert (way.model.endpoint.base_url, way.model.endpoint.top_logprobs) == (way.lane, 3)


def test_a_key_is_needed_only_for_the_providers_own_address(monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("MINE", raising=False)
    assert routes.missing_key("openai", base_url=None, key_env=None) == "OPENAI_API_KEY"
    assert routes.missing_key("openai", base_url="http://127.0.0.1:1/v1", key_env=None) is None
    assert routes.missing_key("vllm", base_url=None, key_env=None) is None
    assert routes.missing_key("vllm", base_url=None, key_env="MINE") == "MINE"
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    assert routes.missing_key("openai", base_url=None, key_env=None) is None


def test_models_of_this_process_and_imported_ones_have_no_server():
    assert routes.is_served("vllm")
    assert not any(map(routes.is_served, ("embedded", "gguf", "hf", "vllm-local", "imported")))
