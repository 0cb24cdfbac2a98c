"""The recorded runs that ship with the tests; every number in them is invented.

In a test:      run = recorded(tmp_path)            # or recorded(tmp_path, "samples")
As a process:   PYTHONPATH=src python tests/example/recorded.py FOLDER [NAME]

See docs/reference/recorded-run.md; scripts/record_run.py makes them.
"""

from __future__ import annotations

import lzma
import sys
import tarfile
from pathlib import Path

DATA = Path(__file__).parents[1] / "data"
RUNS = ("recorded", "samples")
MODELS, PROPERTIES = DATA / "models.csv", DATA / "languages.csv"


def recorded(folder: Path, name: str = "recorded", *, results: bool = True) -> Path:
    """Unpack a run below a folder and return its run directory, with results.json in it."""
    assert name in RUNS, f"no recorded run {name!r}; there are {', '.join(RUNS)}"
    run = folder / name
    with tarfile.open(DATA / f"{name}.tar.xz") as archive:
        archive.extractall(folder, filter="data")
    if results:
        (run / "results.json").write_bytes(stored_results(name))
    return run


def stored_results(name: str = "recorded") -> bytes:
    return lzma.decompress((DATA / f"{name}.results.json.xz").read_bytes())


if __name__ == "__main__":
    print(recorded(Path(sys.argv[1]), *sys.argv[2:]))
