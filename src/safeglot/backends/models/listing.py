"""What an address serves: its list of models, and the address beside it that has one where it has none."""

from __future__ import annotations

import difflib
import json
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from safeglot.backends.models.detours import place_of
from safeglot.backends.models.proxies import PROXY_AUTH, Proxy, request_options

if TYPE_CHECKING:
    import aiohttp

_ENDS = re.compile(r"/(chat/completions|completions|models)/*\Z")
_VERSION = re.compile(r"/v\d[^/]*(/|\Z)")
_SHOWN = 8
_LIST_BYTES = 1 << 22
_NAME_CHARS = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What came of asking an address for its models."""

    said: str
    """In words, without a key."""
    status: int = 0
    """0 where nobody answered."""
    names: tuple[str, ...] = ()
    """Of the address, or of the one that is better."""
    better: str = ""
    """The address beside it that lists models, where this one does not."""


async def served(
    base_url: str, key: str, proxy: Proxy | None = None, *, timeout_s: float = 10.0
) -> Listing:
    """Return what an address serves; asked with its key, and nobody else."""
    import aiohttp

    timeout = aiohttp.ClientTimeout(total=timeout_s)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        found = await _asked(session, base_url, key, proxy)
        if found.names or found.status not in (200, 404, 405):
            return found
        for other in _beside(base_url.rstrip("/")):
            there = await _asked(session, other, key, proxy)
            if there.names:
                return replace(found, names=there.names, better=other)
        return found


def _beside(url: str) -> Iterator[str]:
    """Yield the addresses that may be meant by one that lists no models."""
    base = _ENDS.sub("", url)
    if base != url:
        yield base
    if not _VERSION.search(base):
        yield f"{base}/v1"


async def _asked(
    session: aiohttp.ClientSession, base_url: str, key: str, proxy: Proxy | None
) -> Listing:
    import aiohttp

    headers = {"Authorization": f"Bearer {key}"} if key else {}
    url = f"{base_url.rstrip('/')}/models"
    started = time.monotonic()
    try:
        async with session.get(url, **request_options(url, headers, proxy)) as response:
            raw = await response.content.read(_LIST_BYTES)
            wait_ms = 1000 * (time.monotonic() - started)
            moved = place_of(urljoin(url, response.headers.get("Location", "")))
            names = names_in(_json(raw)) if response.status == 200 else ()
            said = _told(response.status, moved, wait_ms, len(names))
            return Listing(said=said, status=response.status, names=names)
    except TimeoutError:
        return Listing(said=f"no answer within {session.timeout.total:g} s")
    except aiohttp.ClientHttpProxyError as error:
        return Listing(said=f"not asked: the proxy answers status {error.status}")
    except (aiohttp.ClientError, OSError, EOFError, ValueError) as error:
        return Listing(said=f"not there ({type(error).__name__})")


def _told(status: int, moved: str, wait_ms: float, models: int) -> str:
    if status == PROXY_AUTH:
        return "not asked: the proxy wants a user and a password"
    if status in (401, 403):
        return f"answers, but refuses the key (status {status})"
    if 300 <= status < 400:
        return f"answers with a redirect, which is not followed (status {status}, to {moved})"
    listed = f"; {models} model{'s' if models > 1 else ''}" if models else ""
    return f"answers (status {status}, {wait_ms:.0f} ms{listed})"


def _json(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return None


def names_in(body: Any) -> tuple[str, ...]:
    """Return the names of models in the body of /v1/models, in any of the forms that servers give it."""
    rows = body.get("data", body.get("models")) if isinstance(body, dict) else body
    if not isinstance(rows, list):
        return ()
    names = [
        row if isinstance(row, str) else row.get("id") or row.get("name") or row.get("model")
        for row in rows
        if isinstance(row, str | dict)
    ]
    return tuple(dict.fromkeys(n[:_NAME_CHARS] for n in names if isinstance(n, str) and n))


def told_models(wanted: str, names: Sequence[str], provider: str) -> str:
    """Return what is said of the models that a server has, the nearest names first."""
    near = sorted(names, key=lambda name: -_likeness(wanted, name))
    more = f" and {len(near) - _SHOWN} more" if len(near) > _SHOWN else ""
    shown = ", ".join(f"{provider}/{name}" for name in near[:_SHOWN])
    return f" The server has: {shown}{more}. Name one of these."


def _likeness(wanted: str, name: str) -> float:
    a, b = wanted.casefold(), name.casefold()
    ends = a.rsplit("/", 1)[-1] == b.rsplit("/", 1)[-1]
    return 2.0 if ends else difflib.SequenceMatcher(None, a, b).ratio()


def told_better(better: str) -> str:
    """Return what is said of an address that lists models where the one given does not."""
    return f" {better} answers: give --base-url {better} (base_url in the TOML)."
