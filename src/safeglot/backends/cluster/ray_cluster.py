"""The Ray cluster of this process: one that is there, or one that is started here and ends with it.

One that is started here talks to nobody: no usage statistics, no dashboard, a token of its own (Ray's
processes listen on all interfaces), and a folder for its logs that no other user may read and that
goes at the end. Keys reach its processes as they reach this one, through the environment.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import functools
import os
import secrets
import shutil
import socket
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from safeglot import __version__
from safeglot.backends.cluster.choice import AUTO
from safeglot.backends.cluster.replica import OpenModel, Replica, ReplicaState
from safeglot.errors import UsageError

_STORE_BYTES = 200_000_000
"""Ray's shared memory; lists of texts are small."""
_LISTS = 64
"""Lists that a replica works on at once; Ray queues further ones."""
_CONNECT_S = 10.0


_TRIES = 3
"""How often a replica is opened whose process is lost meanwhile."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Placed:
    """A replica that has been asked for."""

    model: str
    name: str
    handle: Any


def connect(address: str | None) -> Any:
    """Return Ray, joined to the cluster at an address, or to one started here. Raises: UsageError."""
    if (loaded := sys.modules.get("ray")) is not None and loaded.is_initialized():
        return loaded
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    if address not in (None, AUTO):
        _check_listens(str(address))
    elif address is None and loaded is None:  # Ray reads it when it is loaded
        token = secrets.token_hex(32)
        os.environ |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": token}
    import ray

    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": "critical"}
    if address is None:
        _start(ray, quiet)
    else:
        _join(ray, address, quiet)
    _hush()
    return ray


def _start(ray: Any, quiet: dict[str, Any]) -> None:
    folder = tempfile.mkdtemp(prefix="safeglot-ray-")  # its sockets' names have to be short
    atexit.register(shutil.rmtree, folder, ignore_errors=True)  # after Ray's own end
    atexit.register(ray.shutdown)
    try:
        ray.init(
            address="local",
            include_dashboard=False,
            dashboard_host="127.0.0.1",
            object_store_memory=_STORE_BYTES,
            _temp_dir=f"{folder}/r",  # Ray opens it to all; the one around it is ours alone
            **quiet,
        )
    except (OSError, RuntimeError, ValueError, SystemExit, ray.exceptions.RayError) as error:
        raise UsageError(
            f"--engine ray: Ray cannot start here ({_first_line(error)}). It needs some 200 MB of "
            "shared memory (/dev/shm) and 1 GB of memory; without it: --engine local."
        ) from None


def _check_listens(address: str) -> None:
    """Check that somebody listens: Ray itself tries for minutes and then ends this process."""
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), _CONNECT_S).close()
    except (OSError, OverflowError) as error:
        raise UsageError(_unreachable(address, error)) from None


def _join(ray: Any, address: str, quiet: dict[str, Any]) -> None:
    try:
        ray.init(address=address, **quiet)
    except (OSError, RuntimeError, ValueError, SystemExit, ray.exceptions.RayError) as error:
        raise UsageError(_unreachable(address, error)) from None


def _unreachable(address: str, error: BaseException) -> str:
    return (
        f"--ray-address {address}: no Ray cluster can be joined there ({_first_line(error)}). Start "
        "one on its first machine: ray start --head --disable-usage-stats; then on the others: ray "
        "start --address=HOST:6379; `ray status` shows it. Ray, Python and the token (export "
        "RAY_AUTH_MODE=token) must be the same everywhere. Without --ray-address a cluster is "
        "started here."
    )


def _first_line(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0] or type(error).__name__


def _hush() -> None:
    """Keep Ray from writing to the terminal of a lost process: that is said in our words."""
    from ray._private import worker

    with contextlib.suppress(AttributeError):  # of a Ray that has it no more
        worker.print_to_stdstream = lambda *_given, **_named: None


def resources(ray: Any) -> tuple[float, float]:
    """Return the processors and GPUs of all machines."""
    there = ray.cluster_resources()
    return there.get("CPU", 0.0), there.get("GPU", 0.0)


def place(ray: Any, opening: Callable[[], OpenModel], *, cpus: float, gpus: float) -> Any:
    """Return the handle of a replica, which starts where its resources are free.

    Where its process or machine is lost it is started again, and again by lists that come then.
    """
    options = {
        "num_cpus": cpus, "num_gpus": gpus, "max_restarts": -1, "max_task_retries": 0,
        "max_concurrency": _LISTS, "scheduling_strategy": "SPREAD",
    }  # fmt: skip
    return _actor(ray).options(**options).remote(opening)


async def abouts(
    ray: Any, placed: Sequence[Placed], patience_s: float
) -> dict[Placed, ReplicaState]:
    """Return what replicas say of themselves once they are open, or why one is not."""
    tasks = {one: asyncio.ensure_future(_about(ray, one.handle)) for one in placed}
    try:
        await asyncio.wait(tasks.values(), timeout=patience_s)
        late = f"no machine had room for it within {patience_s:.0f} s (--patience)."
        return {
            one: task.result()
            if task.done()
            else ReplicaState(machine="", process=0, version="", fault=late)
            for one, task in tasks.items()
        }
    finally:
        for task in tasks.values():
            task.cancel()


async def _about(ray: Any, handle: Any) -> ReplicaState:
    why = ""
    for _ in range(_TRIES):
        try:
            about: ReplicaState = await handle.about.remote()
        except ray.exceptions.RayError as error:
            why = f"its model cannot be opened: {lost(ray, error)}."
            if getattr(error, "actor_init_failed", False):
                why = _other_package(str(error).strip().rpartition("\n")[2])
                break
        else:
            if about.version != __version__:
                why = _other_package(f"it is safeglot {about.version} on {about.machine}")
                break
            return about
    return ReplicaState(machine="", process=0, version="", fault=why)


def _other_package(what: str) -> str:
    return (
        f"safeglot is another there ({what}). On every machine of the cluster: "
        f"pip install 'safeglot[ray]=={__version__}'"
    )


@functools.cache
def _actor(ray: Any) -> Any:
    return ray.remote(Replica)


def lost(ray: Any, error: BaseException) -> str:
    """Return why a replica is gone, by Ray's error."""
    if isinstance(error, ray.exceptions.OutOfMemoryError) or "OutOfMemory" in str(error):
        return "its machine ran out of memory; ask for fewer replicas a machine, or a smaller model"
    return "its process or machine ended"
