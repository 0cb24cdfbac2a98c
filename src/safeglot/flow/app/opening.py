"""The local app from its start to its end: which page an address leads to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from safeglot.backends.app.server import Call, WebPage, check_installed, serve
from safeglot.backends.console import Console
from safeglot.backends.files.rundir import RunDir
from safeglot.backends.files.translation_folder import TranslationFolder
from safeglot.errors import InputErrors, SafeglotError
from safeglot.flow.app.labelling import RunLabelling
from safeglot.flow.app.rating import SetRating
from safeglot.flow.app.reading import RunReading
from safeglot.report.app.reading import AppFrame, assets, render_message

Pages = Mapping[str, Callable[[Call], WebPage]]


def view(run: Path, console: Console, *, port: int, first: str = "read") -> None:
    """Serve the pages of a run, or of a translation set, until interrupted. Raises: UsageError."""
    check_installed()
    if (run / "translations.jsonl").exists():
        _rate(run, console, port)
        return
    reading = RunReading(RunDir(run))
    labelling = RunLabelling(reading)
    pages: Pages = {
        "read": reading.page,
        "progress": lambda _: reading.progress(),
        "label": labelling.page,
        "labels.csv": lambda _: labelling.file(),
    }
    _serve(pages, run, console, port=port, first=first, then=reading.begin)


def _rate(folder: Path, console: Console, port: int) -> None:
    rating = SetRating(TranslationFolder(folder))
    pages: Pages = {"label": rating.page, "ratings.csv": lambda _: rating.file()}
    _serve(pages, folder, console, port=port, first="label")


def _serve(
    pages: Pages,
    path: Path,
    console: Console,
    *,
    port: int,
    first: str,
    then: Callable[[], None] = lambda: None,
) -> None:
    def ready(address: str) -> None:
        console.show(f"{address}{first}")
        console.say("The app is open on this machine alone; press Ctrl+C here to end it.")
        then()

    serve(routed(pages, path.resolve().name, first), port=port, ready=ready)


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
        page = pages.get(call.path)
        if page is None:
            return WebPage(text=render_message(frame, "There is no such page."), status=404)
        try:
            return page(call)
        except InputErrors as error:
            return WebPage(text=render_message(frame, "\n".join(error.problems)), status=400)
        except SafeglotError as error:
            return WebPage(text=render_message(frame, str(error)), status=400)

    return answer
