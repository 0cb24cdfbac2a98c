"""Run the twelve fault scenarios of `tests/faults` with many pairs each.

    python scripts/fault_scenarios.py [--pairs 5000] [--only TEXT] [--client auto]

A pair is a request to a target and one to a judge. Each run must end in the bytes of `results.json`
that an undisturbed run has; exits with 1 where one does not.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from faults.scenarios import CASES, Case, Ended, ended, same  # noqa: E402 - needs the path


def main() -> int:
    """Return the exit code: 0 where all ended alike."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=5000)
    parser.add_argument("--down-s", type=float, default=20.0)
    parser.add_argument("--only", default="")
    parser.add_argument("--client", default="auto", help="as --http-client")
    given = parser.parse_args()
    undisturbed = _ended(None, given)
    _show("undisturbed", undisturbed, "")
    wrong = 0
    for case in CASES:
        if given.only not in case.name:
            continue
        try:
            got = _ended(case, given)
        except AssertionError as error:
            wrong += 1
            print(f"WRONG  {case.name}: {error}", flush=True)
            continue
        alike = same(got, undisturbed)
        wrong += not alike
        _show(case.name, got, "same bytes" if alike else "OTHER BYTES")
    return int(wrong > 0)


def _ended(case: Case | None, given: argparse.Namespace) -> Ended:
    with tempfile.TemporaryDirectory(prefix="faults") as folder:
        return ended(
            case, _run, Path(folder), pairs=given.pairs, down_s=given.down_s, client=given.client
        )


def _run(command: list[str]) -> int:
    done = subprocess.run(
        [sys.executable, "-m", "safeglot.cli", *command],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src"), "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode not in (0, 4):
        print(done.stderr[-2000:], file=sys.stderr, flush=True)
    return done.returncode


def _show(name: str, got: Ended, verdict: str) -> None:
    print(
        f"{name:50s} exit {got.code}  {got.took_s:7.1f} s  {got.asked:6d} requests  "
        f"{got.connections:6d} connections  {verdict}",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
