"""The user's browser: a page opens in it where somebody sits at a terminal."""

from __future__ import annotations

import sys
import webbrowser
from pathlib import Path


def opened(page: Path) -> bool:
    """Return whether a page was opened; nothing is, where the output goes to a file or another program."""
    if not sys.stdout.isatty():
        return False
    try:
        return webbrowser.open(page.resolve().as_uri())
    except webbrowser.Error:
        return False
