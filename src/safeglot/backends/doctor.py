"""What is installed, which keys are set (never shown), and which endpoint answers."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import sys
from collections.abc import Iterable, Sequence
from importlib import metadata

from safeglot.backends.models.listing import Listing, served
from safeglot.backends.models.providers import providers
from safeglot.backends.models.proxies import proxy_of
from safeglot.backends.variables import variable
from safeglot.errors import UsageError

EXTRAS = {
    "xllamacpp": "embedded and gguf models: pip install 'safeglot[embedded]'",
    "transformers": "hf/ models: pip install 'safeglot[hf]'",
    "vllm": "vllm-local/ models: pip install 'safeglot[vllm]'",
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
        state = "not set" if p.key == "required" else "not set, not needed"
        try:
            state = "set" if p.key_value() else state
        except UsageError:
            state = "set, but to what no key can be: a line break or a letter that is not ASCII"
        rows.append((p.name, f"{p.key_env} {state}"))
    return rows


def endpoints(
    places: Iterable[tuple[str, str, str]], proxy: str | None = None
) -> list[tuple[str, Listing]]:
    """Return what answers at the places that the user named, and at no other.

    Each is its name, its address and the variable of the key that goes there, "" for none; `proxy`
    is the setting of that name. Raises: UsageError where the environment has no such proxy.
    """
    named = [(name, url, variable(key)) for name, url, key in places]
    answers = _ask_all(list(dict.fromkeys((url, key) for _, url, key in named)), proxy)
    return [(f"{name} {url}", answers[url, key]) for name, url, key in named]


def _ask_all(
    addresses: Sequence[tuple[str, str]], proxy: str | None
) -> dict[tuple[str, str], Listing]:
    if not addresses:
        return {}
    import asyncio

    through = {url: proxy_of(proxy, url) for url, _ in addresses}

    async def all_of_them() -> list[Listing]:
        asked = (served(url, key, through[url], timeout_s=_TIMEOUT_S) for url, key in addresses)
        return await asyncio.gather(*asked)

    return dict(zip(addresses, asyncio.run(all_of_them()), strict=True))
