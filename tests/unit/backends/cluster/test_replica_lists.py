"""Lists to a replica, with one in this process in place of Ray's: tests/extras/test_ray.py has the real one."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from safeglot.backends.cluster.replica import Done
from safeglot.backends.cluster.replica_lists import ReplicaLists
from safeglot.backends.engine.lists import PartOfList
from safeglot.errors import ModelError
from safeglot.types import Reply, Request


class RayError(Exception):
    pass


class RayTaskError(RayError):
    pass


class OutOfMemoryError(RayError):
    pass


class Cluster:
    """What is used of Ray: streams of what is yet to come, errors, and the end of a process."""

    exceptions = SimpleNamespace(
        RayError=RayError, RayTaskError=RayTaskError, OutOfMemoryError=OutOfMemoryError
    )

    def __init__(self, *parts) -> None:
        self.parts = list(parts)
        self.killed = []
        self.asked = []
        self.answers = self

    def options(self, **given):
        assert given == {"num_returns": "streaming"}
        return self

    def remote(self, asked):
        self.asked.append(asked)
        return self._stream()

    async def _stream(self):
        async def one(part):
            return part

        while self.parts:
            part = self.parts.pop(0)
            if isinstance(part, Exception):
                raise part
            yield one(part)

    def kill(self, handle):
        self.killed.append(handle)


ASKED = [("k", Request(model="m", max_tokens=1)), ("l", Request(model="m", max_tokens=1))]


def lists_of(cluster, heard=None):
    return ReplicaLists(
        cluster, cluster, "m, replica 1", (heard if heard is not None else {}).update
    )


def test_a_list_comes_back_in_parts_with_what_its_server_refused():
    async def main() -> None:
        heard = []
        first = Done(told=[("k", Reply(text="a"))], heard=[("seed=none", "no")], notes=["slow"])
        second = Done(told=[("l", Reply(text="b"))], heard=[], notes=["slow"])
        cluster = Cluster(first, second)
        lists = ReplicaLists(cluster, cluster, "m", lambda *given: heard.append(given))
        ticket = await lists.submit(ASKED)
        assert cluster.asked == [tuple(ASKED)]
        told = await lists.poll(ticket)
        assert isinstance(told, PartOfList)
        assert told == [("k", Reply(text="a"))]
        assert await lists.poll(ticket) == [("l", Reply(text="b"))]
        assert await lists.poll(ticket) == ()
        assert heard == [("seed=none", "no")]
        assert lists.notes == ["slow"]
        await lists.close()
        assert cluster.killed == [cluster]

    asyncio.run(main())


def test_a_lost_replica_is_down_and_counted_once_however_many_lists_it_held():
    async def main() -> None:
        cluster = Cluster(RayError("gone"), RayError("gone"))
        lists = lists_of(cluster)
        for ticket in [await lists.submit(ASKED), await lists.submit(ASKED)]:
            with pytest.raises(ModelError) as raised:
                await lists.poll(ticket)
            assert (raised.value.kind, raised.value.transient, raised.value.down) == (
                "unreachable",
                True,
                True,
            )
        assert lists.notes == ["m, replica 1 was lost once; 2 lists were asked again"]
        cluster.parts = [Done(told=[], heard=[], notes=[]), OutOfMemoryError("full")]
        ticket = await lists.submit(ASKED)
        await lists.poll(ticket)
        with pytest.raises(ModelError, match="ran out of memory; ask for fewer replicas"):
            await lists.poll(ticket)
        assert lists.notes == ["m, replica 1 was lost 2 times; 3 lists were asked again"]

    asyncio.run(main())


def test_a_fault_in_a_replica_is_no_loss_of_it():
    async def main() -> None:
        cluster = Cluster(RayTaskError("ray::Replica.answers()\nKeyError: 1"))
        lists = lists_of(cluster)
        with pytest.raises(ModelError) as raised:
            await lists.poll(await lists.submit(ASKED))
        assert (raised.value.kind, raised.value.down) == ("fault", False)
        assert lists.notes == []

    asyncio.run(main())
