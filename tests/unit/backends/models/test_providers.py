from __future__ import annotations

import pytest

from safeglot.backends.models import routes
from safeglot.backends.models.providers import providers
from safeglot.errors import UsageError

ELSEWHERE = "http://10.0.0.7/v1"


def test_a_makers_variable_goes_to_the_makers_host_only():
    row = providers()["openai"]
    assert row.key_variable(None, None) == "OPENAI_API_KEY"
    assert row.key_variable("https://api.openai.com/v2", None) == "OPENAI_API_KEY"
    for address in (ELSEWHERE, "http://api.openai.com/v1", "https://api.openai.com.example/v1"):
        assert row.key_variable(address, None) == ""
        assert row.key_variable(address, "MINE") == "MINE"


@pytest.mark.parametrize("name", [p.name for p in providers().values() if p.key == "optional"])
def test_a_server_of_ones_own_has_no_host_that_is_its_own(name):
    row = providers()[name]
    assert row.key_variable(ELSEWHERE, None) == row.key_env


def test_the_key_of_an_endpoint_is_that_of_its_variable(monkeypatch):
    row = providers()["openai"]
    monkeypatch.setenv("OPENAI_API_KEY", " makers ")
    monkeypatch.setenv("MINE", "mine")
    given = {"timeout_s": 1.0}
    assert row.endpoint("m", base_url=None, key_env=None, **given).key == "makers"
    assert row.endpoint("m", base_url=ELSEWHERE, key_env=None, **given).key == ""
    endpoint = row.endpoint("m", base_url=ELSEWHERE, key_env="MINE", **given)
    assert (endpoint.key, endpoint.base_url) == ("mine", ELSEWHERE)
    assert "mine" not in repr(endpoint)


@pytest.mark.parametrize(
    "key", ["sk-1\nx", "sk-1\r\nHost: x", "sk-1\x7f", "sk-é1", "“sk-1”", "sk-\u200b1"]
)
def test_a_key_that_no_header_can_carry_is_told_by_its_variable_alone(key, monkeypatch):
    monkeypatch.setenv("MINE", key)
    at = {"base_url": "http://127.0.0.1:9/v1", "key_env": "MINE"}
    with pytest.raises(UsageError, match=r"^MINE: .* nothing was sent\. .*export MINE=…$") as told:
        providers()["openai"].endpoint("m", timeout_s=1.0, **at)
    assert "sk-" not in str(told.value)
    with pytest.raises(UsageError, match=r"^MINE: "):
        routes.missing_key("openai", **at)


def test_line_breaks_around_a_key_are_no_part_of_it(monkeypatch):
    monkeypatch.setenv("MINE", "\n sk-1 \r\n")
    assert providers()["openai"].key_value(None, "MINE") == "sk-1"
