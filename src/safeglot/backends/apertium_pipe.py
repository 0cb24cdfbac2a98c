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

from safeglot.errors import ModelError

_CHUNK = 1 << 16
_FIRST_REST_S, _LONGEST_REST_S = 5e-4, 2e-2
_IDLE_S = 0.2
"""After so long it is asked whether all processes still live; before, a dead one shows by itself."""


class Pipe:
    """Programs of which each reads what the one before it writes; started at first use.

    `commands` are their argument lists; `timeout_s` is how long they may neither take nor give a
    byte while texts are in them.
    """

    def __init__(self, name: str, commands: Sequence[Sequence[str]], *, timeout_s: float) -> None:
        self.name = name
        self.timeout_s = timeout_s
        self._commands = commands
        self._processes: list[subprocess.Popen[bytes]] = []
        self._lock = threading.Lock()
        self._closed = False
        self._told = bytearray()
        self._used_at = 0.0

    @property
    def pids(self) -> tuple[int, ...]:
        """The process ids, in the order of the pipe; none while it does not run."""
        return tuple(process.pid for process in self._processes)

    def exchange(self, texts: Sequence[bytes]) -> list[bytes]:
        """Send texts without null bytes, and return what they became. Raises: ModelError."""
        if not self._commands or not texts:
            return list(texts)
        self.start()
        try:
            found = self._through(b"\0".join(texts) + b"\0", len(texts))
        except OSError as error:
            raise self._fault(f"broke: {error.strerror}") from error
        except ValueError:  # another thread has closed the ends
            raise self._fault("was stopped") from None
        *replies, rest = found.split(b"\0")
        if rest or len(replies) != len(texts):
            raise self._fault(f"is out of step: it gave {len(replies)} texts for {len(texts)}")
        return replies

    def complaints(self) -> bytes:
        """Return what the last program has written to its error output since it was asked."""
        errors = self._processes[-1].stderr if self._processes else None
        while errors is not None and select.select([errors], [], [], 0)[0]:
            if not self._listen(errors.fileno()):
                break
        told, self._told = bytes(self._told), bytearray()
        return told

    def stop(self, *, for_good: bool = False) -> None:
        """End the processes; what is in them is lost."""
        with self._lock:
            self._closed = self._closed or for_good
            processes, self._processes = self._processes, []
            self._told = bytearray()
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
                raise ModelError("engine", "the model has been closed", transient=False)
            if not self._processes and self._commands:
                try:
                    self._launch()
                except OSError as error:
                    fault = f"cannot be started: {error.filename or ''} {error.strerror}"
                    raise self._fault(fault, transient=False) from error

    def _in_step(self) -> bool:
        _, sink, _ = self._ends()
        if time.monotonic() > self._used_at + _IDLE_S and any(
            process.poll() is not None for process in self._processes
        ):
            return False
        return not select.select([sink], [], [], 0)[0]

    def _launch(self) -> None:
        for at, command in enumerate(self._commands):
            before = self._processes[-1].stdout if self._processes else None
            is_last = at == len(self._commands) - 1
            process = subprocess.Popen(  # noqa: S603 - no shell; the modes of the machine's Apertium
                command,
                stdin=before or subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE if is_last else subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is for safeglot, which ends them itself
            )
            if before is not None:
                before.close()
            self._processes.append(process)
        os.set_blocking(self._ends()[0], False)

    def _ends(self) -> tuple[int, int, int]:
        """Return where to write, where to read, and where complaints come."""
        processes = self._processes
        first = processes[0].stdin if processes else None
        last = processes[-1].stdout if processes else None
        errors = processes[-1].stderr if processes else None
        if first is None or last is None or errors is None:
            raise self._fault("was stopped")
        return first.fileno(), last.fileno(), errors.fileno()

    def _through(self, data: bytes, missing: int) -> bytes:
        """Write and read at once: a pipe that is full on one side would wait for ever."""
        source, sink, errors = self._ends()
        found, left = bytearray(), memoryview(data)
        started, asked = time.monotonic(), missing
        poll = select.poll()
        poll.register(sink, select.POLLIN)
        poll.register(errors, select.POLLIN)
        left = left[self._write(source, left) :]
        if left:
            poll.register(source, select.POLLOUT)
        while missing > 0:
            ready = self._ready(poll)
            if missing > 1:
                _rest(time.monotonic() - started, asked - missing, missing)
            if sink in ready:
                got = os.read(sink, _CHUNK)
                if not got:
                    raise self._fault("ended before it had answered")
                missing -= got.count(b"\0")
                found += got
            if errors in ready and not self._listen(errors):
                poll.unregister(errors)
            if source in ready:
                left = left[self._write(source, left) :]
                if not left:
                    poll.unregister(source)
        self._used_at = time.monotonic()
        return bytes(found)

    def _ready(self, poll: select.poll) -> set[int]:
        events = poll.poll(self.timeout_s * 1000)
        if not events:
            fault = f"neither took nor gave anything for {self.timeout_s:g} s"
            raise self._fault(fault, kind="timeout")
        return {descriptor for descriptor, _ in events}

    def _listen(self, errors: int) -> bool:
        got = os.read(errors, _CHUNK)
        self._told += got
        return bool(got)

    @staticmethod
    def _write(source: int, data: memoryview) -> int:
        try:
            return os.write(source, data[:_CHUNK])
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


def _rest(so_far_s: float, done: int, missing: int) -> None:
    """Wait for half of what is missing: to wake for each text costs more than the text."""
    half_s = so_far_s / done * missing / 2 if done else _FIRST_REST_S
    time.sleep(min(_LONGEST_REST_S, half_s))
