"""The proxy through which a server is asked: none, but where the user turned one on."""

from __future__ import annotations

import base64
import contextlib
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from safeglot.errors import ModelError, UsageError

ENVIRONMENT = "environment"
"""The setting that takes the proxy of HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY."""
PROXY_AUTH = 407
"""The status of a proxy that wants a user."""
_EXAMPLE = "as in http://proxy.example:3128"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """A proxy's address, and the header that it is shown, with the user and password, if it wants them."""

    url: str
    """Without a user."""
    password: str = field(default="", repr=False)
    header: str = field(default="", repr=False)


def request_options(url: str, headers: Mapping[str, str], proxy: Proxy | None) -> dict[str, Any]:
    """Return what aiohttp's request to an address takes, whose headers no session may have.

    aiohttp shows a session's headers to the proxy, the server's key as if it were the proxy's.
    """
    options: dict[str, Any] = {"headers": headers, "allow_redirects": False}
    if proxy is None:
        return options
    options["proxy"] = proxy.url
    if proxy.header:
        # over https the proxy reads no more than CONNECT; else it reads all, and takes its header out
        name = "proxy_headers" if is_https(url) else "headers"
        options[name] = {**options.get(name, {}), "Proxy-Authorization": proxy.header}
    return options


def refused_by_proxy(url: str, status: int) -> ModelError:
    """Return the error of a proxy that does not let a request through."""
    if status == PROXY_AUTH:
        why = (
            "the proxy wants a user and a password, or refuses those it has. Set them, export "
            "HTTPS_PROXY=http://USER:PASSWORD@HOST:PORT (HTTP_PROXY for http addresses), and give "
            "--proxy environment"
        )
        return ModelError("auth", f"{url}: status {status}: {why}")
    if status in (400, 403, 404, 405):
        why = f"the proxy does not let requests through to it (status {status})"
        return ModelError("auth", f"{url}: {why}")
    gone = ModelError("unreachable", f"{url}: the proxy answers status {status}")
    gone.down = True
    return gone


def is_https(url: str) -> bool:
    """Return whether an address is of the kind that a proxy cannot read."""
    return url[:6].lower() == "https:"


def setting_fault(setting: str) -> str:
    """Return what is wrong with the setting; "" for nothing. A password in it is not shown."""
    if setting == ENVIRONMENT:
        return ""
    parts = _parts(setting)
    if "@" in setting or (parts is not None and parts.username is not None):
        return (
            "a proxy's user and password do not belong here. Put them in an environment variable, "
            "export HTTPS_PROXY=http://USER:PASSWORD@HOST:PORT, and turn it on: --proxy environment "
            '(proxy = "environment" in the TOML).'
        )
    if parts is None or not _is_plain(parts):
        return (
            f"got {setting!r}, allowed is environment, or the address of an HTTP proxy, {_EXAMPLE}."
        )
    return ""


def proxy_of(setting: str | None, url: str) -> Proxy | None:
    """Return the proxy for an address; none without the setting, and none for this machine itself.

    Raises: UsageError naming the variable whose value is no HTTP proxy's address.
    """
    host = urlsplit(url).hostname or ""
    if not setting or is_loopback(host):
        return None
    if setting != ENVIRONMENT:
        return Proxy(url=setting)
    import urllib.request  # late: it is slow to load

    scheme = "https" if is_https(url) else "http"
    known = urllib.request.getproxies()
    kind = scheme if known.get(scheme) else "all"
    if not known.get(kind) or urllib.request.proxy_bypass(host):
        return None
    return _with_user(known[kind], f"{kind.upper()}_PROXY")


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine, which no proxy stands before."""
    name = host.rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    with contextlib.suppress(ValueError):
        address = ipaddress.ip_address(name.partition("%")[0])
        mapped = getattr(address, "ipv4_mapped", None) or address
        return bool(mapped.is_loopback or mapped.is_unspecified)
    return False


def _with_user(value: str, variable: str) -> Proxy:
    parts = _parts(value if "://" in value else f"http://{value}")
    if parts is None or not _is_plain(parts):
        raise UsageError(
            f"--proxy environment: {variable} holds no address of an HTTP proxy, {_EXAMPLE} (socks "
            "is not known). Set it anew, or leave --proxy out."
        )
    host = parts.hostname or ""
    where = f"[{host}]" if ":" in host else host
    url = f"{parts.scheme}://{where}" + (f":{parts.port}" if parts.port else "")
    if parts.username is None:
        return Proxy(url=url)
    user, password = unquote(parts.username), unquote(parts.password or "")
    shown = base64.b64encode(f"{user}:{password}".encode()).decode()
    return Proxy(url=url, password=password, header=f"Basic {shown}")


def _parts(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        _ = parts.port, parts.hostname
    except ValueError:
        return None
    return None if any(c.isspace() or ord(c) < ord(" ") for c in url) else parts


def _is_plain(parts: SplitResult) -> bool:
    bare = parts.path in ("", "/") and not parts.query and not parts.fragment
    return bool(parts.scheme in ("http", "https") and parts.hostname and bare and parts.port != 0)
