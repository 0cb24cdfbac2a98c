"""Which client asks a server: the one that costs least, where it is installed and can."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from safeglot.backends.models.proxies import Proxy, is_https

if TYPE_CHECKING:
    from safeglot.backends.models.clients.client import HttpClient

AUTO = "auto"
FAST = "pycurl"
CLIENTS = (AUTO, "aiohttp", FAST)


def is_installed(name: str) -> bool:
    """Return whether a package is there."""
    return importlib.util.find_spec(name) is not None


def client_fault(setting: str) -> str:
    """Return what is wrong with the setting; "" for nothing."""
    if setting not in CLIENTS:
        return f"got {setting!r}, allowed is {', '.join(CLIENTS)}."
    if setting == FAST and not is_installed(FAST):
        return f"{FAST} is not installed: pip install 'safeglot[fast]', or leave it out."
    return ""


def client_name(setting: str, url: str, proxy: Proxy | None) -> str:
    """Return the client that asks an address: over TLS and through a proxy it is aiohttp."""
    is_plain = proxy is None and not is_https(url) and url.isascii()
    is_here = is_installed(FAST) and sys.platform != "win32"  # its loop watches no sockets
    return FAST if is_plain and setting != "aiohttp" and is_here else "aiohttp"


def http_client(
    setting: str, url: str, headers: Mapping[str, str], *, timeout_s: float, proxy: Proxy | None
) -> HttpClient:
    """Return the client for an address, with no connection opened yet."""
    if client_name(setting, url, proxy) == FAST:
        from safeglot.backends.models.clients.curl_client import CurlClient

        return CurlClient(headers, timeout_s=timeout_s)
    from safeglot.backends.models.clients.aiohttp_client import AiohttpClient

    return AiohttpClient(headers, timeout_s=timeout_s, proxy=proxy)
