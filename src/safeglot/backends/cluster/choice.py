"""Which engine carries the requests of a run, and the address of its cluster: read without loading it."""

from __future__ import annotations

import importlib.util
import re

LOCAL, RAY = ENGINES = ("local", "ray")
AUTO = "auto"
_ADDRESS = re.compile(r"[\w.\-]+:\d{1,5}|\[[0-9a-fA-F:]+\]:\d{1,5}")


def engine_fault(setting: str) -> str:
    """Return what is wrong with the setting; "" for nothing."""
    if setting not in ENGINES:
        return f"got {setting!r}, allowed are local and ray."
    return ""


def lacking(engine: str) -> str:
    """Return what is not installed that an engine needs; "" for nothing."""
    if engine == RAY and importlib.util.find_spec("ray") is None:
        return "--engine ray: Ray is not installed: pip install 'safeglot[ray]', or leave it out."
    return ""


def address_fault(setting: str) -> str:
    """Return what is wrong with the address of a cluster; "" for nothing."""
    if setting == AUTO or _ADDRESS.fullmatch(setting):
        return ""
    if setting.startswith("ray://"):
        return (
            f"got {setting!r}, the address of a Ray client. Run safeglot on a machine of the cluster, "
            "such as its head, with --ray-address auto."
        )
    return (
        f"got {setting!r}, allowed is auto on a machine of the cluster, or HOST:PORT of its head "
        "(`ray start --head` prints it), as in 10.0.0.1:6379."
    )
