from __future__ import annotations

import pytest

from safeglot.backends.models import routes, weights
from safeglot.backends.models.adaptations import Adaptations
from safeglot.backends.models.adapting import AdaptingModel
from safeglot.backends.models.http import HttpModel
from safeglot.errors import UsageError


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


@pytest.fixture
def installed(monkeypatch):
    """An engine for models in this process, whether the package is here or not."""
    monkeypatch.setattr(routes.importlib.util, "find_spec", lambda name: name)


def test_a_model_file_that_is_not_there_is_told(installed, tmp_path):
    with pytest.raises(UsageError, match=r"no such file.*\.gguf"):
        routes.local_file("gguf", str(tmp_path / "none.gguf"))


def test_a_model_file_of_another_format_is_told(installed, tmp_path):
    file = tmp_path / "m.gguf"
    file.write_bytes(b"PK\3\4 and so on")
    with pytest.raises(UsageError, match=r"not a GGUF file \(it begins with b'PK"):
        routes.local_file("gguf", str(file))
    file.write_bytes(b"GGUF and so on")
    assert routes.local_file("gguf", str(file)) == file


def test_models_of_this_process_need_their_engine(monkeypatch, tmp_path):
    monkeypatch.setattr(routes.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(UsageError, match=r"gguf/m: .* need xllamacpp: pip install"):
        routes.local_file("gguf", "m")
    with pytest.raises(UsageError, match=r"embedded/smollm2-135m: .* need xllamacpp"):
        routes.check_embedded("smollm2-135m")


def test_embedded_models_are_pinned_by_their_weights(installed):
    routes.check_embedded("smollm2-135m")
    revision = routes.embedded_revision("smollm2-135m")
    assert weights.SMOLLM2_135M.sha256.startswith(revision)
    assert len(revision) == 12
    with pytest.raises(UsageError, match="Did you mean embedded/smollm2-135m"):
        routes.check_embedded("smollm2")
