"""What the user sees: bars on a terminal, plain lines elsewhere, and nothing that a terminal would obey.

All text goes to the terminal through here: servers and files have a word in it.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from safeglot.text.control import coloured, escaped_json, visible

if TYPE_CHECKING:
    from rich.progress import Progress, ProgressColumn, TaskID

PLAIN_EVERY_S = 10.0
BAR_AFTER_S, BAR_EVERY_S = 1.0, 0.25
LEFT_AFTER_S = 5.0
"""The pace of less than this tells nothing of the time that is left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """How far a run is."""

    answers: int
    answers_of: int
    verdicts: int
    verdicts_of: int
    failed: int
    tokens: int
    retried: int
    in_flight: int
    batches: str = ""
    """How far the batches are, in words."""


class Console:
    """Progress and notices go to stderr, results to stdout."""

    def __init__(self, *, quiet: bool = False) -> None:
        self.quiet = quiet
        self.terminal = sys.stderr.isatty()
        self._said: set[str] = set()
        self._fetched: tuple[str, int] | None = None
        self.colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ

    @property
    def width(self) -> int:
        """Columns of the terminal, at least 60."""
        import shutil

        return max(60, shutil.get_terminal_size((100, 24)).columns)

    def say(self, text: str) -> None:
        """Print a notice."""
        if not self.quiet:
            print(visible(text), file=sys.stderr, flush=True)  # noqa: T201 - this is the console

    def say_once(self, text: str) -> None:
        """Print a notice that was not printed yet."""
        if text not in self._said:
            self._said.add(text)
            self.say(text)

    def show(self, text: str) -> None:
        """Print a result."""
        print(visible(text), flush=True)  # noqa: T201 - this is the console

    def show_json(self, text: str) -> None:
        """Print JSON; what it says stays the same."""
        print(escaped_json(text), flush=True)  # noqa: T201 - as above

    def show_coloured(self, text: str) -> None:
        """Print a result with colours of our own; texts of others in it are visible already."""
        print(coloured(text), flush=True)  # noqa: T201 - as above

    def fetching(self, phase: str, done: int, total: int) -> None:
        """Tell how far a download is: a line that moves on a terminal, plain lines elsewhere."""
        share = 100 * done // max(total, 1)
        step = (phase, share if self.terminal else share // 25)
        if self.quiet or step == self._fetched:
            return
        self._fetched = step
        text = (
            f"{phase}: {share}% of {total / 1e6:.0f} MB"
            if done
            else f"{phase} ({total / 1e6:.0f} MB)"
        )
        text = visible(text)
        if self.terminal and done:
            end = "\n" if done >= total else ""
            print(f"\r{text}", end=end, file=sys.stderr, flush=True)  # noqa: T201 - as above
        else:
            self.say(text)

    @contextlib.contextmanager
    def counting(self, what: str, of: int) -> Iterator[Callable[[int], None]]:
        """Yield what takes the number that is done; progress is shown where the work takes a while."""
        counted = _Counted(self, what, of)
        try:
            yield counted.tell
        finally:
            counted.end()

    @contextlib.asynccontextmanager
    async def watching(self, look: Callable[[], Snapshot]) -> AsyncIterator[None]:
        """Yield with progress shown while the body runs."""
        if self.quiet:
            yield
            return
        import asyncio

        task = asyncio.ensure_future(self._bars(look) if self.terminal else self._lines(look))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _lines(self, look: Callable[[], Snapshot]) -> None:
        import asyncio

        started, pace, said = time.monotonic(), TimeLeft(look()), None
        try:
            while True:
                await asyncio.sleep(PLAIN_EVERY_S)
                if (now := look()) != said or not now.batches:  # a batch may take a day
                    self.say(line(now, time.monotonic() - started, pace))
                said = now
        finally:
            self.say(line(look(), time.monotonic() - started, pace))

    async def _bars(self, look: Callable[[], Snapshot]) -> None:
        import asyncio

        from rich.console import Console as RichConsole
        from rich.progress import Progress, TextColumn

        columns = (*_columns(), TextColumn("{task.fields[note]}"))
        with Progress(*columns, console=RichConsole(stderr=True)) as progress:
            answers = progress.add_task("answers", note="")
            verdicts = progress.add_task("verdicts", note="")
            try:
                while True:
                    self._update(progress, (answers, verdicts), look())
                    await asyncio.sleep(0.25)
            finally:
                self._update(progress, (answers, verdicts), look())

    @staticmethod
    def _update(progress: object, tasks: tuple[object, object], now: Snapshot) -> None:
        update = progress.update  # type: ignore[attr-defined]
        notes = [*([now.batches] if now.batches else []), f"{now.tokens:,} tokens"]
        notes += [f"{now.retried} retries"] if now.retried else []
        notes += [f"{now.failed} failed"] if now.failed else []
        update(
            tasks[0], completed=now.answers, total=now.answers_of, note=f"{now.in_flight} in flight"
        )
        update(tasks[1], completed=now.verdicts, total=now.verdicts_of, note=", ".join(notes))


class _Counted:
    """The state of one piece of work that is counted."""

    def __init__(self, console: Console, what: str, of: int) -> None:
        self.console, self.what, self.of = console, visible(what), of
        self.done = 0
        self.started = self.shown = time.monotonic()
        self.wait_s = BAR_AFTER_S if console.terminal else PLAIN_EVERY_S
        self.progress: tuple[Progress, TaskID] | None = None

    def tell(self, done: int) -> None:
        """Show what is done, if it is time to."""
        self.done, now = done, time.monotonic()
        if self.console.quiet or now - self.shown < self.wait_s:
            return
        self.shown = now
        if not self.console.terminal:
            self._say()
            return
        if self.progress is None:
            self.progress, self.wait_s = self._bar(), BAR_EVERY_S
        self._move()

    def end(self) -> None:
        """Show the last number, where any was shown."""
        if self.progress is not None:
            self._move()
            self.progress[0].stop()
        elif self.shown > self.started:
            self._say()

    def _say(self) -> None:
        elapsed_s = time.monotonic() - self.started
        left = left_words(self.done, self.of, elapsed_s)
        self.console.say(f"[{elapsed_s:6.0f} s] {self.what} {self.done}/{self.of}{left}")

    def _move(self) -> None:
        if self.progress is not None:
            bar, task = self.progress
            bar.update(task, completed=self.done)

    def _bar(self) -> tuple[Progress, TaskID]:
        from rich.console import Console as RichConsole
        from rich.progress import Progress

        progress = Progress(*_columns(), console=RichConsole(stderr=True))
        progress.start()
        return progress, progress.add_task(self.what, total=self.of)


def _columns() -> tuple[ProgressColumn, ...]:
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    return (
        TextColumn("{task.description:<9}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )


class TimeLeft:
    """The pace of a run since something was done first: loading a model tells nothing of it."""

    def __init__(self, begun: Snapshot) -> None:
        self.done, self.at_s, self.is_known = _done(begun), 0.0, False

    def left(self, now: Snapshot, elapsed_s: float) -> str:
        """Return ", about 3 min left", "" while it is not known and at the end."""
        done, of = _done(now), now.answers_of + now.verdicts_of - now.failed
        if not self.is_known:
            self.is_known, self.done, self.at_s = done > self.done, done, elapsed_s
            return ""
        return left_words(done - self.done, of - self.done, elapsed_s - self.at_s)


def _done(now: Snapshot) -> int:
    return now.answers + now.verdicts


def line(now: Snapshot, elapsed_s: float, pace: TimeLeft | None = None) -> str:
    """Return one plain progress line; with the pace, the time that is left."""
    parts = [f"answers {now.answers}/{now.answers_of}"] if now.answers_of else []
    parts += [f"verdicts {now.verdicts}/{now.verdicts_of}"]
    parts += [f"{now.in_flight} in flight"] if now.in_flight else []
    parts += [now.batches] if now.batches else []
    parts += [f"{now.retried} retries"] if now.retried else []
    parts += [f"{now.failed} failed"] if now.failed else []
    left = pace.left(now, elapsed_s) if pace else ""
    return f"[{elapsed_s:6.0f} s] " + ", ".join(parts) + left


def left_words(done: int, of: int, elapsed_s: float) -> str:
    """Return ", about 3 min left" at the pace so far; "" before anything is done, and at the end."""
    if done <= 0 or done >= of or elapsed_s < LEFT_AFTER_S:
        return ""
    minutes = (of - done) * elapsed_s / done / 60
    if minutes < 1:
        return ", under 1 min left"
    hours, rest = divmod(round(minutes), 60)
    return f", about {f'{hours} h ' if hours else ''}{rest} min left"
