"""What is installed, which keys are set (never shown), and which endpoint answers."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import sys
import time
from collections.abc import Iterable, Sequence
from importlib import metadata
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from safeglot.backends.models.detours import place_of
from safeglot.backends.models.providers import providers
from safeglot.backends.models.proxies import PROXY_AUTH, Proxy, proxy_of, request_options

if TYPE_CHECKING:
    import aiohttp

EXTRAS = {
    "xllamacpp": "embedded and gguf models: pip install 'safeglot[embedded]'",
    "pyarrow": "Parquet: pip install 'safeglot[parquet]'",
    "huggingface_hub": "hf: prompts: pip install 'safeglot[hub]'",
}
_TIMEOUT_S = 3.0


def installed() -> list[tuple[str, str]]:
    """Return (name, version or how to get it)."""
    rows = [("python", f"{platform.python_version()} at {sys.executable}")]
    rows += [(name, metadata.version(name)) for name in ("aiohttp", "numpy", "scipy")]
    for name, hint in EXTRAS.items():
        there = importlib.util.find_spec(name) is not None
        rows.append((name, _version(name) if there else f"not installed ({hint})"))
    rows.append(("cores", str(os.cpu_count())))
    free = shutil.disk_usage(".").free / 2**30
    rows.append(("free disk here", f"{free:.1f} GiB"))
    return rows


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "installed, version unknown"


def keys() -> list[tuple[str, str]]:
    """Return (provider, whether its key is set); the key itself is never read out."""
    rows = []
    for p in providers().values():
        state = (
            "set"
            if p.key_value()
            else ("not set" if p.key == "required" else "not set, not needed")
        )
        rows.append((p.name, f"{p.key_env} {state}"))
    return rows


def endpoints(
    places: Iterable[tuple[str, str, str]], proxy: str | None = None
) -> list[tuple[str, str]]:
    """Return what answers at the places that the user named, and at no other.

    Each is its name, its address and the variable of the key that goes there, "" for none; `proxy`
    is the setting of that name. Raises: UsageError where the environment has no such proxy.
    """
    named = [(name, url, os.environ.get(key, "").strip()) for name, url, key in places]
    answers = _ask_all(list(dict.fromkeys((url, key) for _, url, key in named)), proxy)
    return [(f"{name} {url}", answers[url, key]) for name, url, key in named]


def _ask_all(addresses: Sequence[tuple[str, str]], proxy: str | None) -> dict[tuple[str, str], str]:
    if not addresses:
        return {}
    import asyncio

    import aiohttp

    through = {url: proxy_of(proxy, url) for url, _ in addresses}

    async def all_of_them() -> list[str]:
        timeout = aiohttp.ClientTimeout(total=_TIMEOUT_S)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            asked = (_ask(session, url, key, through[url]) for url, key in addresses)
            return await asyncio.gather(*asked)

    return dict(zip(addresses, asyncio.run(all_of_them()), strict=True))


async def _ask(session: aiohttp.ClientSession, url: str, key: str, proxy: Proxy | None) -> str:
    import aiohttp

    headers = {"Authorization": f"Bearer {key}"} if key else {}
    models = f"{url.rstrip('/')}/models"
    started = time.monotonic()
    try:
        async with session.get(models, **request_options(models, headers, proxy)) as response:
            await response.read()
            wait_ms = 1000 * (time.monotonic() - started)
            moved = place_of(urljoin(models, response.headers.get("Location", "")))
            return _told(response.status, moved, wait_ms)
    except TimeoutError:
        return f"no answer within {_TIMEOUT_S:g} s"
    except aiohttp.ClientHttpProxyError as error:
        return f"not asked: the proxy answers status {error.status}"
    except (aiohttp.ClientError, ValueError) as error:
        return f"not there ({type(error).__name__})"


def _told(status: int, moved: str, wait_ms: float) -> str:
    if status == PROXY_AUTH:
        return "not asked: the proxy wants a user and a password"
    if status in (401, 403):
        return f"answers, but refuses the key (status {status})"
    if 300 <= status < 400:
        return f"answers with a redirect, which is not followed (status {status}, to {moved})"
    return f"answers (status {status}, {wait_ms:.0f} ms)"
