"""The one thread that a model of this process runs in."""

from __future__ import annotations

import atexit
import threading

from safeglot.backends.models.ending import closed, wait_or_leave

STOP_TIMEOUT_S = 60.0


class ModelThread:
    """A thread that starts with the first call and is waited for before the process ends.

    A subclass has `run_calls`, which returns once `stopping` is set; `changed` guards what both sides
    see.
    """

    def __init__(self, name: str, what: str) -> None:
        self.changed = threading.Condition()
        self.stopping = False
        self._name = name
        self._what = what
        self._thread: threading.Thread | None = None

    def run_calls(self) -> None:
        """Answer calls until `stopping` is set."""
        raise NotImplementedError

    def begin(self) -> None:
        """Start the thread where there is none; `changed` is held. Raises: ModelError after `stop`."""
        if self.stopping:
            raise closed()
        if self._thread is None:
            # A daemon: a program can come to its end while a model is inside C++.
            atexit.register(self.end)
            self._thread = threading.Thread(target=self.run_calls, name=self._name, daemon=True)
            self._thread.start()

    def refuse(self) -> None:
        """Refuse the calls that wait; nothing is begun any more."""

    def stop(self, timeout_s: float = STOP_TIMEOUT_S) -> int:
        """Return 1 where the thread has not ended after a while, else 0; what waits is refused."""
        with self.changed:
            self.stopping = True
            self.changed.notify()
        self.refuse()
        if self._thread is not None:
            self._thread.join(timeout_s)
            if self._thread.is_alive():
                return 1
            atexit.unregister(self.end)
        return 0

    def end(self) -> None:
        """Stop before the process ends."""
        wait_or_leave(self._what, self.stop)
