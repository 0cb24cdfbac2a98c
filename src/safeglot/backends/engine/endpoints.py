"""What one command learns of endpoints: their lanes, what failed there lately, and which gave up."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from safeglot.backends.engine.lane import Lane
from safeglot.backends.engine.replicas import refusal
from safeglot.errors import EndpointStopped, Stopped
from safeglot.types import Failure

_ROWS = 256
"""Failures of an endpoint that can still be taken back when it gives up because of them."""


def _silent(_note: str) -> None:
    """Say nothing."""


@dataclass(slots=True)
class Endpoints:
    """The endpoints of a command; its engines, one after the other, go on with what was learnt."""

    say: Callable[[str], None] = _silent
    """Is told at once what gave up."""
    known: Callable[[], Collection[str]] = tuple
    """Returns the models that answered before this command."""
    lanes: dict[str, Lane] = field(default_factory=dict)
    stopped: list[EndpointStopped] = field(default_factory=list)
    """What gave up, each once."""
    _failed: defaultdict[str, deque[tuple[Failure, Any]]] = field(
        default_factory=lambda: defaultdict(lambda: deque(maxlen=_ROWS))
    )
    _told: set[str] = field(default_factory=set)

    def failed(self, lane: str, failure: Failure, origin: Any) -> None:
        """Remember what failed at a lane for a while."""
        self._failed[lane].append((failure, origin))

    def taken_back(self, lane: Lane) -> list[tuple[Failure, Any]]:
        """Return what failed as what made a lane give up; it is no failure for good."""
        return [
            (replace(failure, transient=True), origin)
            for failure, origin in self._failed.pop(lane.name, ())
            if failure.kind == lane.gave_up and not failure.transient
        ]

    def gave_up(self, lane: str, kind: str) -> bool:
        """Return whether errors of a kind made a lane give up."""
        return lane in self.lanes and self.lanes[lane].gave_up == kind

    def replica_stopped(self, lane: Lane) -> None:
        """Tell that a lane gave up whose replicas go on."""
        if self._is_new(lane.name):
            self.say(f"{lane.refusal} Its replicas go on.")

    def none_left(self, lanes: Sequence[Lane], model: str) -> Stopped:
        """Return what is raised where all lanes of a model gave up; the first time it is kept and told."""
        stop = refusal(lanes)
        if isinstance(stop, EndpointStopped):
            stop.answered = stop.answered or model in self.known()
            if self._is_new(f"all of {stop.endpoint}"):
                self.stopped.append(stop)
                if any(lane.is_open for lane in self.lanes.values()):
                    self.say(f"{stop} Nothing more is asked there; what others are asked goes on.")
        return stop

    def _is_new(self, what: str) -> bool:
        is_new = what not in self._told
        self._told.add(what)
        return is_new
