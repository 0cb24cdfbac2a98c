"""A replica of a model, in a process of a cluster: it answers lists, and tells what is done as it is done.

It knows nothing of the cluster: what starts it there is `ray_cluster`. It prints nothing, and raises
nothing but what has no meaning of its own, since the cluster's log would hold that with its texts.
"""

from __future__ import annotations

import asyncio
import os
import platform
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from safeglot import __version__
from safeglot.errors import ModelError, SafeglotError
from safeglot.types import Model, Reply, Request

Asked: TypeAlias = "Sequence[tuple[str, Request]]"
"""The requests of a list, by their keys."""
Told: TypeAlias = "list[tuple[str, Reply | ModelError]]"
_OF_MODEL = ("lane", "concurrency", "fixed", "usd_in", "usd_out")
TOGETHER_S = 0.005
"""What is done within this time is told together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenModel:
    """A model that was opened, and how it may be asked."""

    model: Model
    lane: str
    concurrency: int
    fixed: bool
    usd_in: float | None
    usd_out: float | None
    heard: list[tuple[str, str]] = field(default_factory=list)
    """What its server refused to be sent since it was last asked: the entry, and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplicaState:
    """What a replica says of itself once its model is open; `fault` says why it is not."""

    machine: str
    process: int
    version: str
    """Of safeglot."""
    fault: str = ""
    lane: str = ""
    concurrency: int = 1
    fixed: bool = False
    usd_in: float | None = None
    usd_out: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What is done of a list since the last time."""

    told: Told
    heard: list[tuple[str, str]]
    notes: list[str]


class Replica:
    """Answers lists of requests with the model that `opening` gives; it is opened at first use."""

    def __init__(self, opening: Callable[[], OpenModel]) -> None:
        self._opening = opening
        self._opened: OpenModel | None = None

    async def about(self) -> ReplicaState:
        """Return what is known of the model, which is opened."""
        about = ReplicaState(machine=platform.node(), process=os.getpid(), version=__version__)
        try:
            o = self._open()
        except SafeglotError as error:
            return replace(about, fault=str(error))
        except Exception as error:  # noqa: BLE001 - an engine may raise anything; it is told
            return replace(about, fault=f"{type(error).__name__}: {error}")
        asked = {name: getattr(o, name) for name in _OF_MODEL}
        return replace(about, **asked)

    async def answers(self, asked: Asked) -> AsyncIterator[Done]:
        """Yield what came of the requests of a list, as it comes."""
        if (about := await self.about()).fault:
            error = ModelError("engine", about.fault)
            yield Done(told=[(key, error) for key, _ in asked], heard=[], notes=[])
            return
        opened = self._open()
        left = {
            asyncio.create_task(self._answer(opened.model, request)): key for key, request in asked
        }
        while left:
            await asyncio.wait(left, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.sleep(TOGETHER_S)
            done = [task for task in left if task.done()]
            told = [(left.pop(task), task.result()) for task in done]
            heard, notes = list(opened.heard), list(getattr(opened.model, "notes", ()))
            opened.heard.clear()
            yield Done(told=told, heard=heard, notes=notes)

    async def _answer(self, model: Model, request: Request) -> Reply | ModelError:
        try:
            return await model.answer(request)
        except ModelError as error:
            return error
        except Exception as error:  # noqa: BLE001 - one request fails, not the replica
            said = f"{request.model}: {type(error).__name__}"
            return ModelError("fault", said, transient=True)

    def _open(self) -> OpenModel:
        if self._opened is None:
            self._opened = self._opening()
        return self._opened
