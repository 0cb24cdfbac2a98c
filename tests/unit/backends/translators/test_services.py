"""Each service has an address and a key of its own, and an address that the user may name."""

from __future__ import annotations

import pytest

from safeglot.backends.translators.services import SERVICES


def test_each_service_has_addresses_and_keys_of_its_own():
    assert len({row.key_env for row in SERVICES.values()}) == len(SERVICES)
    assert all(row.url.startswith("https://") for row in SERVICES.values())


@pytest.mark.parametrize("service", SERVICES.values(), ids=list(SERVICES))
def test_a_gateway_of_ones_own_takes_the_place_of_the_makers_host(service, monkeypatch):
    monkeypatch.setenv(service.url_env, "http://10.0.0.7/v2/")
    assert service.address == "http://10.0.0.7/v2"
    monkeypatch.delenv(service.url_env)
    assert service.address == service.url


def test_a_source_language_has_no_variant():
    body = SERVICES["deepl"].body("text", "EN-US", "ZH-HANT")
    assert (body["source_lang"], body["target_lang"]) == ("EN", "ZH-HANT")
