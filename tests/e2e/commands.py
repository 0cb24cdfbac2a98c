"""Calling the command line, in this process or in its own; what came of it; what must not happen."""

from __future__ import annotations

import csv
import io
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from loopback import Loopback
from safeglot.cli import commands
from waiting import HANG_S

INSTALLED = Path(sys.executable).with_name("safeglot")
SECRET = "sk-never-to-be-shown-1234567890"


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str


def in_own_process(*arguments: object, prelude: str = "", **env: str) -> Done:
    """Run the installed command; with a prelude, Python code that comes before it."""
    start = [str(INSTALLED)]
    if prelude:
        start = [sys.executable, "-c", f"{prelude}\nfrom safeglot.cli.commands import main\nmain()"]
    done = subprocess.run(
        [*start, *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=HANG_S,
        check=False,
        env={**os.environ, "NO_COLOR": "1", **env},
    )
    return Done(done.returncode, done.stdout, done.stderr)


def without(module: str) -> str:
    """Python code after which a module cannot be imported, as where an extra is not installed."""
    return f"import sys; sys.modules[{module!r}] = None"


def exit_code(arguments: Sequence[object]) -> int:
    """Run a command in this process and return the code that its own process would end with."""
    handler = signal.getsignal(signal.SIGTERM)
    try:
        commands.main([str(a) for a in arguments])
    except SystemExit as stop:
        return int(stop.code or 0)
    finally:
        signal.signal(signal.SIGTERM, handler)
    return 0


class Place:
    """A folder to work in and a server; refuse() is a call that must cost and change nothing."""

    def __init__(self, folder: Path, server: Loopback, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.server = server
        self.capsys = capsys
        self.to_server = (
            "--target",
            "vllm/target",
            "--base-url",
            server.base_url,
            "--judge",
            "refusal-baseline",
            "--max-missing",
            "1",
        )

    def __call__(self, *arguments: object) -> Done:
        self.capsys.readouterr()
        code = exit_code(arguments)
        return Done(code, *self.capsys.readouterr())

    def run(self, *arguments: object) -> Done:
        return self("run", *self.to_server, *arguments)

    def files(self) -> dict[str, bytes]:
        """Everything there, but for what SQLite does to a file that is only opened."""
        return {
            str(p.relative_to(self.folder)): p.read_bytes() if p.is_file() else b""
            for p in self.folder.rglob("*")
            if not p.name.startswith("safeglot.db-")
        }

    def refuse(self, *arguments: object, own_process: bool = False, **env: str) -> str:
        """Check that a call is refused before anything is spent or written; return its message."""
        before = self.files()
        self.server.requests.clear()
        done = in_own_process(*arguments, **env) if own_process else self(*arguments)
        assert done.code == 2, (done.code, done.out, done.err)
        assert "Traceback" not in done.err + done.out
        assert done.out == ""
        assert self.server.requests == []
        assert self.files() == before
        return done.err

    def refuse_run(self, *arguments: object, own_process: bool = False, **env: str) -> str:
        return self.refuse("run", *self.to_server, *arguments, own_process=own_process, **env)


def says(message: str, *parts: object) -> None:
    missing = [str(part) for part in parts if str(part) not in message]
    assert not missing, f"{missing} not in {message!r}"


def read_rows(path: Path) -> list[dict[str, str]]:
    """Read a CSV file as a spreadsheet wrote it."""
    text = path.read_bytes().decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def write_rows(path: Path, rows: list[dict[str, str]]) -> Path:
    """Write rows as CSV with the columns of the first."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path
