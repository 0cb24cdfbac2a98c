"""Which client asks which address."""

from __future__ import annotations

import pytest

from safeglot.backends.models.clients import choice
from safeglot.backends.models.clients.choice import client_fault, client_name
from safeglot.backends.models.proxies import Proxy

PROXY = Proxy(url="http://proxy.test:3128")


@pytest.mark.parametrize(
    ("setting", "url", "proxy", "name"),
    [
        ("auto", "http://gpu1:8000/v1", None, "pycurl"),
        ("pycurl", "http://gpu1:8000/v1", None, "pycurl"),
        ("aiohttp", "http://gpu1:8000/v1", None, "aiohttp"),
        ("auto", "https://api.test/v1", None, "aiohttp"),
        ("pycurl", "HTTPS://api.test/v1", None, "aiohttp"),
        ("pycurl", "http://gpu1:8000/v1", PROXY, "aiohttp"),
    ],
)
def test_tls_and_proxies_are_aiohttps(setting, url, proxy, name):
    assert client_name(setting, url, proxy) == name


def test_without_its_package_aiohttp_asks_and_naming_it_is_refused(monkeypatch):
    monkeypatch.setattr(choice, "is_installed", lambda _name: False)
    assert client_name("auto", "http://gpu1:8000/v1", None) == "aiohttp"
    assert client_fault("auto") == client_fault("aiohttp") == ""
    assert "pip install 'safeglot[fast]'" in client_fault("pycurl")


def test_another_name_is_refused_with_those_that_there_are():
    assert client_fault("httpx") == "got 'httpx', allowed is auto, aiohttp, pycurl."
