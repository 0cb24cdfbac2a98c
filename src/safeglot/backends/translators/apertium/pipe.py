"""Programs that stay and answer text for text, each with a null byte behind it (null-flush).

Everything here blocks; it runs in the thread of a Batcher.
"""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from safeglot.backends.models.ending import closed
from safeglot.errors import ModelError

_SHORTEST_REST_S, _HUNGRY_REST_S, _LONGEST_REST_S = 1e-3, 5e-3, 0.2
_REST_SHARE = 0.65
"""Of what is expected to be missing; more would save little and come late."""
_ENOUGH = 32
"""Texts from which on an exchange shows how long the next will take."""
_ROOM = 1 << 19
"""Bytes that a pipe to or from us is asked to hold: then we are woken less often."""
_USUAL_ROOM, _FULL = 1 << 14, 0.75
"""Bytes of the smallest usual pipe, and the share of it from which on it counts as full."""
_IDLE_S = 0.2
"""Idle time after which all processes are checked; before, a dead one shows by itself."""


@dataclass(slots=True)
class _Pace:
    """The pauses between two looks at a pipe: waking for each text would cost more than the text."""

    room: int = _USUAL_ROOM
    """Bytes that the pipe to us holds."""
    longest_s: float = _LONGEST_REST_S
    each_s: float = 0.0
    """Time of a text when there were enough of them last; 0 where it is not known yet."""
    asked: int = 0
    started: float = 0.0

    def start(self, asked: int) -> None:
        self.asked, self.started = asked, time.monotonic()

    def end(self) -> None:
        if self.asked >= _ENOUGH:
            self.each_s = (time.monotonic() - self.started) / self.asked
        self.longest_s = min(_LONGEST_REST_S, 1.25 * self.longest_s)

    def has_read(self, n_bytes: int) -> None:
        if n_bytes > _FULL * self.room:  # who writes had to wait for us
            self.longest_s = max(_SHORTEST_REST_S, self.longest_s / 4)

    def rest(self, missing: int, *, is_hungry: bool) -> None:
        """Sleep for most of what `missing` texts are expected to take.

        A single one is waited for as well: the tagger writes it character by character.
        """
        so_far_s, done = time.monotonic() - self.started, self.asked - missing
        if done:  # no longer than so far: the first may have waited for something else
            expected_s = min(so_far_s, _REST_SHARE * missing * so_far_s / done)
        else:
            expected_s = max(so_far_s / 4, _REST_SHARE * missing * self.each_s)
        most_s = min(self.longest_s, _HUNGRY_REST_S if is_hungry else _LONGEST_REST_S)
        time.sleep(max(_SHORTEST_REST_S, min(most_s, expected_s)))


class Pipe:
    """Programs of which each reads what the one before it writes; started at first use.

    `commands` are their argument lists; `timeout_s` is how long they may neither take nor give a
    byte while texts are in them. What the last one complains of is kept if it is `heard`.
    """

    def __init__(
        self,
        name: str,
        commands: Sequence[Sequence[str]],
        *,
        timeout_s: float,
        heard: bool = False,
    ) -> None:
        self.name = name
        self.timeout_s = timeout_s
        self._commands = commands
        self._heard = heard
        self._processes: list[subprocess.Popen[bytes]] = []
        self._lock = threading.Lock()
        self._closed = False
        self._complaints = bytearray()
        self._used_at = 0.0
        self._pace = _Pace()

    @property
    def pids(self) -> tuple[int, ...]:
        """The process ids, in the order of the pipe; none while it does not run."""
        return tuple(process.pid for process in self._processes)

    def exchange(self, texts: Sequence[bytes]) -> list[bytes]:
        """Return what texts without null bytes become. Raises: ModelError."""
        if not self._commands or not texts:
            return list(texts)
        self.start()
        try:
            output = self._through(b"\0".join(texts) + b"\0", len(texts))
        except OSError as error:
            raise self._fault(f"broke: {error.strerror}") from error
        except ValueError:  # another thread has closed the ends
            raise self._fault("was stopped") from None
        *replies, rest = output.split(b"\0")
        if rest or len(replies) != len(texts):
            raise self._fault(f"is out of step: it gave {len(replies)} texts for {len(texts)}")
        return replies

    def complaints(self) -> bytes:
        """Return what the last program has written to its error output since it was asked."""
        errors = self._errors()
        while errors is not None and select.select([errors], [], [], 0)[0]:
            if not self._listen(errors):
                break
        complaints, self._complaints = bytes(self._complaints), bytearray()
        return complaints

    def stop(self, *, for_good: bool = False) -> None:
        """End the processes; what is in them is lost."""
        with self._lock:
            self._closed = self._closed or for_good
            processes, self._processes = self._processes, []
            self._complaints = bytearray()
        for process in processes:
            process.kill()
        for process in processes:
            process.wait()
            for end in (process.stdin, process.stdout, process.stderr):
                if end is not None:
                    with contextlib.suppress(OSError):
                        end.close()

    def start(self) -> None:
        """Start what does not run; what has something left to say is out of step. Raises: ModelError."""
        if self._processes and not self._in_step():  # a dead process, or a reply of before
            self.stop()
        with self._lock:
            if self._closed:
                raise closed()
            if not self._processes and self._commands:
                try:
                    self._launch()
                except OSError as error:
                    fault = f"cannot be started: {error.filename or ''} {error.strerror}"
                    raise self._fault(fault, transient=False) from error

    def _in_step(self) -> bool:
        _, outlet = self._ends()
        if time.monotonic() > self._used_at + _IDLE_S and any(
            process.poll() is not None for process in self._processes
        ):
            return False
        return not select.select([outlet], [], [], 0)[0]

    def _launch(self) -> None:
        for place, command in enumerate(self._commands):
            before = self._processes[-1].stdout if self._processes else None
            is_last = place == len(self._commands) - 1
            process = subprocess.Popen(  # noqa: S603 - no shell; the modes of the machine's Apertium
                command,
                stdin=before or subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE if is_last and self._heard else subprocess.DEVNULL,
                bufsize=0,
                start_new_session=True,  # Ctrl-C is for safeglot, which ends them itself
            )
            if before is not None:
                before.close()
            self._processes.append(process)
        entry, outlet = self._ends()
        os.set_blocking(entry, False)
        _widen(entry)
        self._pace.room = _widen(outlet)

    def _ends(self) -> tuple[int, int]:
        """Return where to write and where to read."""
        processes = self._processes
        first = processes[0].stdin if processes else None
        last = processes[-1].stdout if processes else None
        if first is None or last is None:
            raise self._fault("was stopped")
        return first.fileno(), last.fileno()

    def _errors(self) -> int | None:
        """Return the end at which complaints arrive; None where nobody reads them."""
        processes = self._processes
        errors = processes[-1].stderr if processes else None
        return errors.fileno() if errors is not None else None

    def _through(self, data: bytes, missing: int) -> bytes:
        """Return what comes back, read while writing: a full pipe would wait for ever."""
        (entry, outlet), errors = self._ends(), self._errors()
        output, left = bytearray(), memoryview(data)
        self._pace.start(missing)
        poll = select.poll()
        for end in (outlet, errors):
            if end is not None:
                poll.register(end, select.POLLIN)
        left = left[self._write(entry, left) :]
        if left:
            poll.register(entry, select.POLLOUT)
        while missing > 0:
            ready = self._ready(poll)
            if entry in ready:
                left = left[self._write(entry, left) :]
                if not left:
                    poll.unregister(entry)
            if errors is not None and errors in ready and not self._listen(errors):
                poll.unregister(errors)
            self._pace.rest(missing, is_hungry=bool(left))
            if outlet in ready:
                piece = self._read(outlet)
                missing -= piece.count(b"\0")
                output += piece
        self._pace.end()
        self._used_at = time.monotonic()
        return bytes(output)

    def _ready(self, poll: select.poll) -> set[int]:
        events = poll.poll(self.timeout_s * 1000)
        if not events:
            fault = f"neither took nor gave anything for {self.timeout_s:g} s"
            raise self._fault(fault, kind="timeout")
        return {descriptor for descriptor, _ in events}

    def _listen(self, errors: int) -> bool:
        piece = os.read(errors, _ROOM)
        self._complaints += piece
        return bool(piece)

    def _read(self, outlet: int) -> bytes:
        piece = os.read(outlet, _ROOM)
        if not piece:
            raise self._fault("ended before it had answered")
        self._pace.has_read(len(piece))
        return piece

    @staticmethod
    def _write(entry: int, data: memoryview) -> int:
        try:
            return os.write(entry, data)
        except BlockingIOError:
            return 0

    def _fault(self, what: str, *, kind: str = "engine", transient: bool = True) -> ModelError:
        ended = [
            f"{command[0]} ({process.returncode})"
            for command, process in zip(self._commands, self._processes, strict=False)
            if process.poll() is not None
        ]
        more = f"; ended: {', '.join(ended)}" if ended else ""
        return ModelError(
            kind, f"the pipeline {self.name} of Apertium {what}{more}", transient=transient
        )


def _widen(end: int) -> int:
    """Return how many bytes a pipe holds, more than before where that can be had."""
    with contextlib.suppress(ImportError, AttributeError, OSError):  # not Linux, or too much for us
        import fcntl

        return fcntl.fcntl(end, fcntl.F_SETPIPE_SZ, _ROOM)
    return _USUAL_ROOM
