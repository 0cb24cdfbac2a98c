"""What is refused before Ray is loaded, and what its errors mean; tests/extras/test_ray.py has the real one."""

from __future__ import annotations

import asyncio
import sys
from types import SimpleNamespace

import pytest

from safeglot import __version__
from safeglot.backends.cluster import ray_cluster
from safeglot.backends.cluster.ray_cluster import Placed, abouts, connect
from safeglot.backends.cluster.replica import ReplicaState
from safeglot.errors import UsageError


class RayError(Exception):
    actor_init_failed = False


class OutOfMemoryError(RayError):
    pass


RAY = SimpleNamespace(
    exceptions=SimpleNamespace(RayError=RayError, OutOfMemoryError=OutOfMemoryError)
)


def test_an_address_where_nobody_listens_is_told_without_ray(monkeypatch):
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "1")  # set back afterwards
    with pytest.raises(
        UsageError, match=r"127.0.0.1:1: no Ray cluster can be joined there"
    ) as told:
        connect("127.0.0.1:1")
    assert "ray start --head" in str(told.value)
    assert "ray" not in sys.modules


def placed(*outcomes):
    """A replica whose asking for itself ends as told, one try after the other."""
    left = list(outcomes)

    async def about():
        outcome = left.pop(0)
        if outcome == "never":
            await asyncio.Event().wait()
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    handle = SimpleNamespace(about=SimpleNamespace(remote=about))
    return Placed(model="m", name="m, replica 1", handle=handle)


def about(one, patience_s=600.0):
    async def main():
        return (await abouts(RAY, [one], patience_s))[one]

    return asyncio.run(main())


OPEN = ReplicaState(machine="a", process=1, version=__version__, lane="x")


def test_a_replica_that_is_lost_while_it_opens_is_opened_again():
    assert about(placed(RayError("gone"), OPEN)) == OPEN
    fault = about(placed(*[OutOfMemoryError("full")] * 3)).fault
    assert fault.startswith("its model cannot be opened: its machine ran out of memory")


def test_another_safeglot_on_a_machine_is_not_used():
    old = ReplicaState(machine="b", process=1, version="0.0.1")
    told = about(placed(old)).fault
    assert "it is safeglot 0.0.1 on b" in told
    assert f"pip install 'safeglot[ray]=={__version__}'" in told
    absent = RayError("died\nModuleNotFoundError: No module named 'safeglot'")
    absent.actor_init_failed = True
    assert "No module named 'safeglot'" in about(placed(absent)).fault


def test_a_replica_without_room_is_not_waited_for_for_ever():
    assert "no machine had room for it" in about(placed("never"), patience_s=0.0).fault


def test_resources_are_those_of_all_machines():
    ray = SimpleNamespace(cluster_resources=lambda: {"CPU": 16.0, "GPU": 8.0, "memory": 1.0})
    assert ray_cluster.resources(ray) == (16.0, 8.0)
    assert ray_cluster.resources(SimpleNamespace(cluster_resources=dict)) == (0.0, 0.0)
