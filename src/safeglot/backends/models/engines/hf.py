"""`hf/NAME`: models of transformers, whose requests are decoded together in one thread of this process."""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from pathlib import Path

from safeglot.backends.models.engines.base import seed_of, stopped
from safeglot.backends.models.engines.batching import choose
from safeglot.backends.models.engines.decoding import Decoder, Draft
from safeglot.backends.models.engines.hub import HubEngine, WeightsAt
from safeglot.backends.models.engines.loading import (
    InMemory,
    first_line,
    is_out_of_memory,
    load,
    out_of_memory,
)
from safeglot.backends.models.engines.sampling import sampling_of
from safeglot.backends.models.engines.texts import Written
from safeglot.backends.models.engines.thread import ModelThread, ThreadCall, ThreadedModel
from safeglot.errors import ModelError
from safeglot.types import Model, Reply, Request

_SEEDS = 2**63
_QUIET_S = 0.003
"""Seconds without a request after which an idle model begins with those that came."""
_PATIENCE = 8
"""Tokens that are written before even a single newcomer is read in."""


class HfEngine(HubEngine):
    """The model of a folder, a GGUF file or a name of the Hub."""

    name = "hf"
    packages = ("torch", "transformers")
    extra = "hf"

    def open(self, parallel: int, progress: Callable[[str, int, int], None] | None = None) -> Model:
        """Return the model, its weights fetched, which loads at its first request. Raises: UsageError."""
        del progress  # the Hub's own bars tell
        return HfModel(self.origin, parallel=parallel, folder=self.origin.folder())


class HfModel(ThreadedModel):
    """Answers requests with a model of transformers, at most `parallel` of them together."""

    def __init__(self, origin: WeightsAt, *, parallel: int, folder: Path | None = None) -> None:
        self.name = origin.model
        loop = _Loop(
            load=lambda: load(origin, folder or origin.folder()), slots=parallel, name=origin.model
        )
        super().__init__(loop, loop.submit)


class _Loop(ModelThread):
    """The thread that has the model, and the calls that wait for it or are being answered."""

    def __init__(self, *, load: Callable[[], InMemory], slots: int, name: str) -> None:
        super().__init__("hf", "a model of transformers")
        self.load = load
        self.slots = slots
        self.name = name
        self.arrived: list[ThreadCall] = []
        self.waiting: list[ThreadCall] = []
        """Those whose tokens are known, in the order in which they came."""
        self.active: dict[int, ThreadCall] = {}

    def submit(self, call: ThreadCall) -> None:
        """Queue a call. Raises: ModelError after `stop`."""
        with self.changed:
            self.begin()
            self.arrived.append(call)
            self.changed.notify()

    def run_calls(self) -> None:
        """Load the model and answer calls until `stopping` is set."""
        try:
            self._answer_all(self.load())
        except ModelError as error:
            self._fail_all(error)
        except Exception as error:  # noqa: BLE001 - it belongs to those who wait
            self._fail_all(ModelError("engine", first_line(error)))
        finally:
            self._fail(stopped())
            gc.collect()  # models are full of cycles
            _empty_cache()

    def _answer_all(self, loaded: InMemory) -> None:
        decoder = Decoder(loaded.model, ends=loaded.ends, most_tokens=loaded.most_tokens)
        since = 0
        while self._take(loaded, busy=bool(decoder.live)):
            try:
                new = self._newcomers(decoder, loaded.most_at_once, since)
                since = 0 if new else since + 1
                if new:
                    self._deliver(loaded, decoder.add(new))
                self._deliver(loaded, decoder.step())
            except Exception as error:
                if not is_out_of_memory(error):
                    raise
                self._make_room(decoder, loaded)

    def _take(self, loaded: InMemory, *, busy: bool) -> bool:
        """Return whether the loop goes on, with what came read; wait where there is nothing to do."""
        with self.changed:
            while not (self.stopping or self.arrived or self.waiting or busy):
                self.changed.wait()
            n = 0
            while not (busy or self.stopping) and n < len(self.arrived) < self.slots:
                n = len(self.arrived)  # others are on their way: who joins later leaves later
                self.changed.wait(_QUIET_S)
            new, self.arrived = self.arrived, []
            if self.stopping:
                self.waiting += new
                return False
        for call in new:
            try:
                ids = loaded.texts.ids(call.request)
            except ModelError as error:
                _settle(call, error)
                continue
            request = call.request
            call.line = Draft(
                ids=ids,
                room=loaded.texts.room(request, ids),
                sampling=sampling_of(request, seed_of(request, _SEEDS)),
                is_stop=_is_stop(loaded, request) if request.stop else None,
            )
            self.waiting.append(call)
        return True

    def _newcomers(self, decoder: Decoder, most: int, since: int) -> list[Draft]:
        """Return the lines that join now: some together, since to read them holds all others up."""
        for call in self.active.values():
            call.line.left = call.left
        self.active = {key: call for key, call in self.active.items() if not call.left}
        self.waiting = [call for call in self.waiting if not call.left]
        live = len(decoder.live)
        free = self.slots - live
        if not self.waiting or free <= 0:
            return []
        if live and since < _PATIENCE and min(len(self.waiting), free) < self.slots // 8:
            return []
        chosen = choose([len(call.line.ids) for call in self.waiting], most)
        start = max(0, min(chosen.index(0), len(chosen) - free))  # with the one that waited longest
        taken = [self.waiting[place] for place in chosen[start : start + free]]
        while len(taken) > 1 and not decoder.fits([call.line for call in taken]):
            taken = taken[: len(taken) // 2]  # the shorter ones
        if live and not decoder.fits([call.line for call in taken]):
            return []
        self.waiting = [call for call in self.waiting if call not in taken]
        self.active |= {id(call.line): call for call in taken}
        return [call.line for call in taken]

    def _deliver(self, loaded: InMemory, lines: Sequence[Draft]) -> None:
        for line in lines:
            call = self.active.pop(id(line))
            written = Written(
                n_prompt=len(line.ids), tokens=line.out, logprobs=line.logprobs, ended=line.ended
            )
            try:
                _settle(call, loaded.texts.reply(call.request, written))
            except ModelError as error:
                _settle(call, error)

    def _make_room(self, decoder: Decoder, loaded: InMemory) -> None:
        """Begin all lines anew, half as many together; a single one that does not fit fails."""
        decoder.clear()
        calls = list(self.active.values())
        self.active.clear()
        _empty_cache()
        self.slots = max(1, min(self.slots, len(calls)) // 2)
        if len(calls) == 1:
            n = len(calls[0].line.ids)
            _settle(calls.pop(), out_of_memory(self.name, loaded.device, f"one text of {n} tokens"))
        for call in calls:
            call.line.begin()
        self.waiting = [*calls, *self.waiting]

    def _fail_all(self, error: ModelError) -> None:
        """Give the error to all who ask, until the model is closed."""
        while True:
            self._fail(error)
            with self.changed:
                while not (self.stopping or self.arrived):
                    self.changed.wait()
                if self.stopping:
                    return

    def _fail(self, error: ModelError) -> None:
        with self.changed:
            left = [*self.active.values(), *self.waiting, *self.arrived]
            self.active, self.waiting, self.arrived = {}, [], []
        for call in left:
            _settle(call, ModelError(error.kind, error.message, transient=error.transient))


def _is_stop(loaded: InMemory, request: Request) -> Callable[[Sequence[int]], bool]:
    return lambda tokens: any(stop in loaded.texts.text(tokens) for stop in request.stop)


def _settle(call: ThreadCall, result: Reply | ModelError) -> None:
    if not call.done.set_running_or_notify_cancel():
        return
    if isinstance(result, ModelError):
        call.done.set_exception(result)
    else:
        call.done.set_result(result)


def _empty_cache() -> None:
    import torch

    if torch.cuda.is_available():
        torch.cuda.empty_cache()
