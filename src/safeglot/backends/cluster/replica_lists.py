"""Lists of requests to one replica in a cluster, and what became of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from safeglot.backends.cluster import ray_cluster
from safeglot.backends.engine.lists import Asked, PartOfList, Told
from safeglot.errors import ModelError


class ReplicaLists:
    """What a replica is sent, as lists that come back in parts; a lost replica loses those under way."""

    most = 256
    most_bytes = 0

    def __init__(self, ray: Any, handle: Any, name: str, heard: Callable[[str, str], None]) -> None:
        self._ray = ray
        self._handle = handle
        self._name = name
        self._heard = heard
        self._streams: dict[str, Any] = {}
        self._sent = 0
        self._is_lost = False
        self._losses = 0
        self._lost_lists = 0
        self._notes: list[str] = []

    @property
    def notes(self) -> list[str]:
        """What was noticed of the server behind it, and how often it was lost."""
        if not self._losses:
            return self._notes
        times = "once" if self._losses == 1 else f"{self._losses} times"
        said = f"{self._name} was lost {times}; {self._lost_lists} lists were asked again"
        return [*self._notes, said]

    def size(self, _asked: Asked) -> int:
        """Return 0: the bytes of a list do not matter."""
        return 0

    async def submit(self, asked: Sequence[Asked]) -> str:
        """Return the ticket of a list, which is on its way."""
        self._sent += 1
        ticket = f"{self._name}: list {self._sent}"
        call = self._handle.answers.options(num_returns="streaming")
        self._streams[ticket] = call.remote(tuple(asked))
        return ticket

    async def poll(self, ticket: str) -> Sequence[Told]:
        """Return what is done of a list since the last time; nothing once all is. Raises: ModelError where the replica is lost."""
        try:
            done = await (await anext(self._streams[ticket]))
        except StopAsyncIteration:
            del self._streams[ticket]
            return ()
        except self._ray.exceptions.RayError as error:
            del self._streams[ticket]
            raise self._loss(error) from None
        self._is_lost = False
        for entry, why in done.heard:
            self._heard(entry, why)
        self._notes = done.notes
        return PartOfList(done.told)

    def _loss(self, error: Exception) -> ModelError:
        """Return the error of a list whose replica is gone; of one loss it is counted once."""
        if isinstance(error, self._ray.exceptions.RayTaskError):
            last = str(error).strip().rpartition("\n")[2].partition(":")[0]
            return ModelError("fault", f"{self._name}: {last}", transient=True)
        if not self._is_lost:
            self._is_lost = True
            self._losses += 1
        self._lost_lists += 1
        why = ray_cluster.lost(self._ray, error)
        gone = ModelError("unreachable", f"{self._name} is lost: {why}")
        gone.down = True
        return gone

    async def close(self) -> None:
        """Free the replica's processors, GPUs and memory."""
        self._ray.kill(self._handle)
