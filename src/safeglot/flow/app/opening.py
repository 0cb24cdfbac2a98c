"""The local app from its start to its end: which page an address leads to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from safeglot.backends.app.server import Call, WebPage, check_installed, serve
from safeglot.backends.console import Console
from safeglot.backends.files.rundir import RunDir, runs_below
from safeglot.errors import SafeglotError, UsageError
from safeglot.flow.app.reading import RunReading
from safeglot.report.app.reading import AppFrame, assets, render_message

if TYPE_CHECKING:
    from safeglot.flow.app.labelling import RunLabelling

Pages: TypeAlias = Mapping[str, Callable[[Call], WebPage]]
"""What answers a call by its path, or by the folder of it, as `folder/`."""
MOST_OPEN = 3
"""Runs beside the first one whose answers are held in memory."""


def view(run: Path, console: Console, *, port: int, first: str = "read") -> None:
    """Serve the pages of a run, or of a translation set, until interrupted. Raises: UsageError."""
    check_installed()
    if (run / "translations.jsonl").exists():
        pages, first = _set_pages(run), "label"
    else:
        pages = RunsBeside(run).pages

    def ready(address: str) -> None:
        console.show(f"{address}{first}")
        console.say("The app is open on this machine alone; press Ctrl+C here to end it.")

    serve(routed(pages, run.resolve().name, first), port=port, ready=ready)


class RunsBeside:
    """The pages of a run, and of those in the same folder once they are asked for."""

    def __init__(self, first: Path) -> None:
        path = first.resolve()
        self._folder, self._first = path.parent, path.name
        own = run_pages(first, self.names)
        self._open: dict[str, Pages] = {path.name: own}
        self.pages: Pages = {**own, "run/": self.page}

    def names(self) -> Sequence[str]:
        """Return the names of the runs, the first one's among them; links to other places are none."""
        runs = (run.path for run in runs_below(self._folder) if run.path.parent == self._folder)
        return [path.name for path in runs if path.name == self._first or not path.is_symlink()]

    def page(self, call: Call) -> WebPage:
        """Return a page of a run by `run/NAME/PAGE`. Raises: UsageError where it is none of them."""
        name, _, path = call.path.removeprefix("run/").partition("/")
        if name not in self.names():
            raise UsageError(f"{name!r:.80} is no run in {self._folder}.")
        base = call.base_of(name)
        page = routed(self._of(name), name, "read")(replace(call, base=base, path=path))
        if page.place is None:
            return page
        return replace(page, place=base.removeprefix(call.root) + page.place)

    def _of(self, name: str) -> Pages:
        """Return the pages of a run; the one that was not asked for longest goes where there are too many."""
        pages = self._open.pop(name, None) or run_pages(self._folder / name, self.names)
        self._open[name] = pages
        for old in [n for n in self._open if n != self._first][:-MOST_OPEN]:
            self._open.pop(old, None)
        return pages


def run_pages(path: Path, names: Callable[[], Sequence[str]]) -> Pages:
    """Return the pages of a run, whose answers begin to be read; `names` are the runs to choose from."""
    reading = RunReading(RunDir(path), names)
    reading.begin()

    @cache
    def labelling() -> RunLabelling:
        from safeglot.flow.app.labelling import RunLabelling  # late: it loads statistics

        return RunLabelling(reading)

    return {
        "read": reading.page,
        "progress": lambda _: reading.progress(),
        "label": lambda call: labelling().page(call),
        "labels.csv": lambda _: labelling().file(),
        reading.run_dir.report.name: reading.report,
        f"{reading.run_dir.report_answers.name}/": reading.report,
    }


def _set_pages(folder: Path) -> Pages:
    from safeglot.backends.files.translation_folder import TranslationFolder
    from safeglot.flow.app.rating import SetRating

    rating = SetRating(TranslationFolder(folder))
    return {"label": rating.page, "ratings.csv": lambda _: rating.file()}


def routed(pages: Pages, name: str, first: str) -> Callable[[Call], WebPage]:
    """Return what answers every call: a file of the app, a page, or a message."""
    files = assets()

    def answer(call: Call) -> WebPage:
        if call.path in files:
            kind, text = files[call.path]
            return WebPage(text=text, kind=kind)
        if call.path == "":
            return WebPage(place=first)
        frame = AppFrame(base=call.base, title="This cannot be shown", name=name, tab="")
        page = pages.get(call.path) or pages.get(f"{call.path.partition('/')[0]}/")
        if page is None:
            return WebPage(text=render_message(frame, "There is no such page."), status=404)
        try:
            return page(call)
        except SafeglotError as error:
            return WebPage(text=render_message(frame, str(error)), status=400)

    return answer
