"""The recorded run that comes with the package, unpacked into a folder of its own."""

from __future__ import annotations

import tarfile
from importlib import resources
from pathlib import Path

from safeglot.backends.files.links import private_folder
from safeglot.backends.files.rundir import RunDir
from safeglot.errors import UsageError

NAME = "demo-invented"


def unpack(folder: Path) -> RunDir:
    """Return the recorded run below a folder; what is there stays, with labels that were added to it.

    Raises: UsageError where its place is taken, or cannot be written.
    """
    run = RunDir(folder / NAME)
    if run.exists():
        return run.require()
    if run.path.is_symlink() or (run.path.is_dir() and any(run.path.iterdir())):
        raise UsageError(
            f"{run.path}: holds something else. Move it away, or give another folder: "
            "`safeglot demo --out FOLDER`."
        )
    archive = resources.files("safeglot.experiments").joinpath(f"{NAME}.tar.xz")
    try:
        private_folder(folder)
        with archive.open("rb") as packed, tarfile.open(fileobj=packed) as files:
            files.extractall(folder, filter="data")
    except OSError as error:
        raise UsageError(
            f"{run.path}: {error.strerror or error}. Give a folder that can be written: "
            "`safeglot demo --out FOLDER`."
        ) from error
    return run
