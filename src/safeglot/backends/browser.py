"""Browsers: a page opens in the user's own, and figures are drawn in one without a window."""

from __future__ import annotations

import base64
import contextlib
import os
import shutil
import sys
import tempfile
import webbrowser
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safeglot.errors import UsageError

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Playwright

WIDTH, HEIGHT = 1280, 900
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge")
_CHANNELS = ("chrome", "msedge", None)
"""Where browsers are installed by their makers' rules; None is the one that playwright brings."""
_FLAGS = ["--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]
_INSTALL = "pip install 'safeglot[figures]'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """A figure of a page as files."""

    names: tuple[str, ...]
    """Its name; then model, judge and part, where there are several."""
    svg: str
    png: bytes | None
    """None where it is too large for a picture of pixels."""
    csv: str


def opened(page: Path) -> bool:
    """Return whether a page was opened; nothing is, where the output goes to a file or another program."""
    if not sys.stdout.isatty():
        return False
    try:
        return webbrowser.open(page.resolve().as_uri())
    except webbrowser.Error:
        return False


def drawings(html: str, script: str) -> Iterator[Drawing]:
    """Yield every figure of one of our pages, drawn by its own script and `scripts/figures.js`.

    The page may load nothing. Raises: UsageError where playwright or a browser is missing.
    """
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError:
        raise UsageError(f"--format figures: needs the package playwright: {_INSTALL}") from None
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        file = Path(folder) / "page.html"
        file.write_text(html, "utf-8")
        with contextlib.closing(_launched(playwright, Error)) as browser:
            page = browser.new_page(
                viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light"
            )
            ours = file.as_uri()
            page.route(
                "**/*", lambda way: way.continue_() if way.request.url == ours else way.abort()
            )
            page.goto(ours)
            page.evaluate(f"() => {{ {script}\nwindow.figures = {{ picksOf, drawnFigures }}; }}")
            for pick in page.evaluate("() => window.figures.picksOf()"):
                found = page.evaluate("(pick) => window.figures.drawnFigures(pick)", pick)
                yield from map(_drawing, found)


def _drawing(found: dict[str, Any]) -> Drawing:
    png = base64.b64decode(found["png"]) if found["png"] else None
    return Drawing(names=tuple(found["names"]), svg=found["svg"], png=png, csv=found["csv"])


def _launched(playwright: Playwright, error: type[Exception]) -> Browser:
    """Return a browser of this machine. Raises: UsageError."""
    alone = getattr(os, "geteuid", lambda: 1)() == 0  # root has no sandbox to run it in
    flags = [*_FLAGS, "--no-sandbox"] if alone else _FLAGS
    ways: list[dict[str, Any]] = [
        {"executable_path": path} for name in _NAMES if (path := shutil.which(name))
    ]
    ways += [{"channel": channel} for channel in _CHANNELS]
    for way in ways:
        with contextlib.suppress(error):
            return playwright.chromium.launch(args=flags, **way)
    raise UsageError(
        "--format figures: no browser that can draw starts here; Chromium, Chrome and Edge can. "
        "Install one, or: playwright install chromium"
    )
