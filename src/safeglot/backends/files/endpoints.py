"""What the user named on this machine: for each run the addresses, and the variables whose keys go there.

The record lies with the user, not with the run: a run from somebody else cannot bring it along.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Collection, Mapping
from pathlib import Path

from safeglot.backends.files.manifest import Manifest
from safeglot.keys import digest

Endpoint = tuple[str, str]


def state_folder(environ: Mapping[str, str] = os.environ, platform: str = sys.platform) -> Path:
    """Return the folder for what safeglot remembers of its user: the system's own place."""
    if environ.get("XDG_STATE_HOME"):
        return Path(environ["XDG_STATE_HOME"]) / "safeglot"
    if platform == "win32" and environ.get("LOCALAPPDATA"):
        return Path(environ["LOCALAPPDATA"]) / "safeglot" / "State"
    if platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "safeglot"
    return Path.home() / ".local" / "state" / "safeglot"


def _record() -> Path:
    return state_folder() / "endpoints.jsonl"


def run_id(about: Manifest) -> str:
    """Return what a run is known by: what never changes in its manifest, wherever it is moved."""
    return digest("run", about.created, dict(about.identity), about.source.sha256)


def endpoints(about: Manifest) -> set[Endpoint]:
    """Return the endpoints that were named for a run; none where nothing can be read."""
    try:
        lines = _record().read_text("utf-8").splitlines()
    except (OSError, RuntimeError, UnicodeDecodeError):  # RuntimeError: there is no home
        return set()
    wanted = run_id(about)
    found = set()
    for line in lines:
        try:
            row = json.loads(line)
            if row["run"] == wanted:
                found.add((str(row["address"]), str(row["key"])))
        except (ValueError, TypeError, KeyError):  # a line that was cut off
            continue
    return found


def note(about: Manifest, named: Collection[Endpoint]) -> None:
    """Note the endpoints that the user named for a run; where that cannot be written they are asked for again."""
    new = [endpoint for endpoint in named if endpoint not in endpoints(about)]
    if not new:
        return
    run = run_id(about)
    rows = ({"run": run, "address": address, "key": variable} for address, variable in new)
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    try:
        _record().parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(_record(), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    except (OSError, RuntimeError):
        return
    with os.fdopen(handle, "a", encoding="utf-8") as file:
        file.write(text)
