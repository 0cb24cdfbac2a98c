"""Refresh the outputs shown in the docs from the recorded run: `python scripts/doc_outputs.py [--check]`.

A block of text below a block with one command, on the recorded run or on none, shows lines of its
output. A line that the output has not word for word is replaced by the one that begins with the
same words; with --check nothing is written, and the exit code is 1 where a line would change or is
not there.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "src")]

from example.recorded import recorded  # noqa: E402  the path comes first
from safeglot.cli import main as main_of_safeglot  # noqa: E402

PAGES = (
    "docs/how-to/experiments.md", "docs/how-to/compare.md", "docs/how-to/guard-the-judge.md",
    "docs/how-to/guide.md",
)  # fmt: skip
_BLOCKS = re.compile(r"```console\n(?P<command>[^`]+?)```\n(?P<between>[^`]*?)```text\n(?P<shown>.*?)```", re.DOTALL)  # fmt: skip
_GAP = re.compile(r" {2,}")
_NUMBER = re.compile(r"[−+]?[\d,.]+%?")
_RUN = re.compile(r"runs/[\w.-]+")
LEFT_OUT = "…"


def output_of(command: str, folder: Path) -> list[str]:
    """Return the lines of one command of the docs, run where runs/recorded is."""
    words = command.replace("\\\n", " ").split()
    files = [str(ROOT / word) if word.startswith("tests/data/") else word for word in words]
    out = io.StringIO()
    wide = words[1] in ("compare", "experiment")  # a page scrolls: its tables stand as they are
    os.environ["COLUMNS"] = "300" if wide else "100"
    with contextlib.chdir(folder), contextlib.redirect_stdout(out):
        try:
            main_of_safeglot(files[1:])
        except SystemExit as stop:
            if stop.code:
                raise SystemExit(f"{command.strip()}: exit {stop.code}") from None
    return [line.rstrip() for line in out.getvalue().splitlines()]


def key(line: str) -> tuple[str, ...]:
    """Return what a line begins with: its columns up to a number behind the first, in plain spaces.

    A first column of numbers, such as ranks, tells lines apart only with the names behind it.
    """
    found: list[str] = []
    for column in _GAP.split(line.strip()):
        if (found and _NUMBER.match(column)) or set(column) == {"-"}:
            break
        found.append(column if found else _NUMBER.sub("#", column))
    if len(found) > 1 or (found and not _NUMBER.match(line.strip())):
        return tuple(found)
    return (_NUMBER.sub("#", " ".join(line.split())),)


def refreshed(shown: str, output: Sequence[str]) -> Iterator[tuple[str, bool]]:
    """Yield each line as the output has it, and whether it was found."""
    known, at = set(output), 0
    for line in shown.splitlines():
        if not line.strip() or line.strip() == LEFT_OUT:
            yield line, True
            continue
        if line.rstrip() in known:
            at = _after(output, line.rstrip(), at)
            yield line, True
            continue
        rest = [i for i in (*range(at, len(output)), *range(at)) if key(output[i]) == key(line)]
        if rest:
            at = rest[0] + 1
        yield (output[rest[0]], True) if rest else (line, False)


def _after(output: Sequence[str], line: str, at: int) -> int:
    return output.index(line, at) + 1 if line in output[at:] else output.index(line) + 1


def page(path: Path, folder: Path) -> tuple[str, list[str]]:
    """Return a page with its outputs refreshed, and the lines that no output has."""
    text, lost = path.read_text("utf-8"), list[str]()

    def block(found: re.Match[str]) -> str:
        command = found["command"].strip()
        others = set(_RUN.findall(command)) - {"runs/recorded"}
        if others or command.count("safeglot ") != 1:
            return found[0]
        lines = list(refreshed(found["shown"], output_of(command, folder)))
        lost.extend(f"{path.name}: {line}" for line, known in lines if not known)
        told = "".join(f"{line}\n" for line, _ in lines)
        return f"```console\n{found['command']}```\n{found['between']}```text\n{told}```"

    return _BLOCKS.sub(block, text), lost


def main(arguments: Sequence[str]) -> int:
    """Refresh or check all pages."""
    os.environ |= {"COLUMNS": "100", "NO_COLOR": "1"}
    wrong = 0
    with tempfile.TemporaryDirectory() as name:
        recorded(Path(name) / "runs")
        for path in (ROOT / page for page in PAGES):
            if not path.exists():
                continue
            new, lost = page(path, Path(name))
            changed = new != path.read_text("utf-8")
            wrong += changed or bool(lost)
            for line in lost:
                print(f"not in the output: {line}")
            if changed and "--check" not in arguments:
                path.write_text(new, "utf-8")
            if changed:
                print(f"{'stale' if '--check' in arguments else 'written'}: {path.name}")
    return int(bool(wrong)) if "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
