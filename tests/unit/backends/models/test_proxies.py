from __future__ import annotations

import base64

import pytest

from safeglot.backends.models import proxies
from safeglot.errors import UsageError


@pytest.fixture
def environment(monkeypatch):
    for name in ("http", "https", "all", "no"):
        monkeypatch.delenv(f"{name}_proxy", raising=False)
        monkeypatch.delenv(f"{name.upper()}_PROXY", raising=False)
    return monkeypatch


@pytest.mark.parametrize(
    "host",
    ["localhost", "LOCALHOST.", "a.localhost", "127.0.0.1", "127.9.9.9", "::1", "0.0.0.0",
     "::ffff:127.0.0.1", "::1%lo"],
)  # fmt: skip
def test_this_machine_has_no_proxy(host):
    assert proxies.is_loopback(host)
    where = f"[{host}]" if ":" in host else host
    assert proxies.proxy_of("http://proxy.test:1", f"http://{where}:8000/v1") is None


@pytest.mark.parametrize("host", ["localhost.test", "10.0.0.1", "127.0.0.1.test", "::2", ""])
def test_other_hosts_are_elsewhere(host):
    assert not proxies.is_loopback(host)


def test_no_setting_is_no_proxy(environment):
    environment.setenv("HTTP_PROXY", "http://proxy.test:1")
    assert proxies.proxy_of(None, "http://models.test/v1") is None


def test_the_environment_by_scheme_and_without_those_of_no_proxy(environment):
    environment.setenv("http_proxy", "a.test:1")
    environment.setenv("all_proxy", "http://b.test:2/")
    environment.setenv("no_proxy", "free.test")
    assert proxies.proxy_of("environment", "http://m.test/v1") == proxies.Proxy(
        url="http://a.test:1"
    )
    assert proxies.proxy_of("environment", "https://m.test/v1") == proxies.Proxy(
        url="http://b.test:2"
    )
    assert proxies.proxy_of("environment", "https://x.free.test/v1") is None


def test_a_user_stands_in_the_header_and_in_no_repr(environment):
    environment.setenv("https_proxy", "http://us%40er:p%3Ass@[::2]:3")
    proxy = proxies.proxy_of("environment", "https://m.test/v1")
    assert proxy is not None
    assert proxy.url == "http://[::2]:3"
    assert base64.b64decode(proxy.header.removeprefix("Basic ")).decode() == "us@er:p:ss"
    assert "p:ss" not in repr(proxy)
    assert proxy.header not in repr(proxy)
    shown = {"Proxy-Authorization": proxy.header}
    mine = {"A": "b"}
    over_https = proxies.request_options("https://m.test", mine, proxy)
    assert (over_https["headers"], over_https["proxy_headers"]) == (mine, shown)
    over_http = proxies.request_options("HTTP://m.test", mine, proxy)
    assert over_http["headers"] == {**mine, **shown}
    assert "proxy_headers" not in over_http
    for options in (over_https, over_http):
        assert (options["proxy"], options["allow_redirects"]) == (proxy.url, False)
    assert "proxy" not in proxies.request_options("http://m.test", mine, None)


@pytest.mark.parametrize(
    "value", ["socks5://u:secret@p.test:1", "http://u:secret@", "http://p:99999"]
)
def test_what_is_no_address_is_named_by_its_variable(environment, value):
    environment.setenv("ALL_PROXY", value)
    with pytest.raises(UsageError, match="ALL_PROXY holds no address") as refused:
        proxies.proxy_of("environment", "https://m.test/v1")
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("setting", ["environment", "http://p.test:3128", "https://p.test/"])
def test_settings_that_are_fit(setting):
    assert proxies.setting_fault(setting) == ""


@pytest.mark.parametrize(
    "setting", ["http://u:secret@p.test", "u:secret@p.test", "http://[u:secret@"]
)
def test_a_password_is_refused_and_not_shown(setting):
    fault = proxies.setting_fault(setting)
    assert "environment variable" in fault
    assert "secret" not in fault


@pytest.mark.parametrize(
    "setting", ["p.test:3128", "socks5://p.test", "http://p.test/x", "http://", "http://a b"]
)
def test_what_is_no_http_proxy_is_refused(setting):
    assert "allowed is environment" in proxies.setting_fault(setting)
