"""Print the pytest markers whose subject the last commits touch, joined by "or": for .ci/run.

`python scripts/touched_markers.py [BASE]`: what differs from BASE; without it from where the branch
left origin/main; where that is this commit, from the last one older than twelve hours, or the first.
Nothing is printed where nothing is touched, or where there is no history to compare with.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LANDING_S = 12 * 3600
SUBJECTS = {
    "simulation": (
        "src/safeglot/score/*", "src/safeglot/experiments/*", "tests/simulation/*",
    ),
    "retraining": (
        "scripts/refusal_baseline/*", "scripts/refusal_encoder/*", "src/safeglot/judge/families/refusal*",
        "tests/unit/judge/families/test_refusal*.py", "src/safeglot/backends/encoders/*",
    ),
    "parity": ("src/safeglot/backends/estimators/*", "tests/parity/*", "tests/extras/tiny_models.py"),
    "kills": (
        "src/safeglot/backends/store/*", "src/safeglot/backends/engine/*",
        "src/safeglot/backends/models/ending.py", "src/safeglot/flow/run/*",
        "src/safeglot/flow/collection.py", "tests/e2e/test_loopback_resume.py", "tests/loopback.py",
        "src/safeglot/backends/cluster/*", "tests/extras/test_ray.py",
    ),
}  # fmt: skip
"""Marker -> the files that it is about, as patterns of fnmatch (* goes through folders)."""


def markers(paths: Iterable[str]) -> list[str]:
    """Return the markers whose subject is among some paths of the repository."""
    touched = list(paths)
    return [
        marker
        for marker, patterns in SUBJECTS.items()
        if any(fnmatch(path, pattern) for path in touched for pattern in patterns)
    ]


def git(*arguments: str) -> str:
    """Return what git prints; nothing where it fails."""
    done = subprocess.run(
        ["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return done.stdout.strip() if done.returncode == 0 else ""


def base() -> str:
    """Return the commit to compare with; nothing where there is no history."""
    head, main = git("rev-parse", "HEAD"), git("merge-base", "HEAD", "origin/main")
    if main and main != head:
        return main
    since = int(git("log", "-1", "--format=%ct") or 0) - LANDING_S
    return git("rev-list", "-1", f"--before={since}", "HEAD") or git(
        "rev-list", "--max-parents=0", "-1", "HEAD"
    )


def main(arguments: list[str]) -> None:
    """Print the markers."""
    since = arguments[0] if arguments else base()
    paths = git("diff", "--name-only", since, "HEAD").splitlines() if since else []
    print(" or ".join(markers(paths)))


if __name__ == "__main__":
    main(sys.argv[1:])
