"""Progress where the code runs: a bar in a notebook's output, lines in a script."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from safeglot.backends.console import Console, Snapshot, TimeLeft, line

EVERY_S = 0.5


def console_here(*, quiet: bool) -> Console:
    """Return the console of a notebook's cell, or that of a terminal."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if quiet or shell is None or not hasattr(shell, "kernel"):
        return Console(quiet=quiet)
    return NotebookConsole(_display)


def _display(html: str) -> Callable[[str], None]:
    """Return what replaces HTML in the cell's output, after showing it there."""
    from importlib import import_module

    shows = import_module("IPython.display")  # without types
    handle = shows.display(shows.HTML(html), display_id=True)
    return lambda text: handle.update(shows.HTML(text))


class NotebookConsole(Console):
    """Progress in the output of a notebook's cell; `display` shows HTML and returns what replaces it."""

    def __init__(self, display: Callable[[str], Callable[[str], None]]) -> None:
        super().__init__()
        self.terminal = False
        self._display = display

    def show_coloured(self, text: str) -> None:
        """Print nothing: the cell shows what the call returns."""

    async def _lines(self, look: Callable[[], Snapshot]) -> None:
        import asyncio

        from safeglot.report.notebook import progress_html

        started, pace = time.monotonic(), TimeLeft(look())

        def html() -> str:
            now = look()
            return progress_html(_shares(now), line(now, time.monotonic() - started, pace))

        replace = self._display(html())
        try:
            while True:
                await asyncio.sleep(EVERY_S)
                replace(html())
        finally:
            replace(html())


def _shares(now: Snapshot) -> list[tuple[str, int, int]]:
    parts = (("answers", now.answers, now.answers_of), ("verdicts", now.verdicts, now.verdicts_of))
    return [part for part in parts if part[2]]
