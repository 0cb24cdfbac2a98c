"""The run directory: its files, its lock, and what must not change under its name."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from safeglot.backends.files.links import appended, check_regular, private_folder, replaced
from safeglot.backends.files.manifest import Manifest, parse_manifest
from safeglot.backends.files.records import Misfit, table_of
from safeglot.errors import Stopped, UsageError
from safeglot.text.spelling import closest

_LIBRARIES = (
    "aiohttp", "pycurl", "numpy", "scipy", "xllamacpp", "pyarrow", "huggingface_hub", "torch",
    "transformers", "vllm",
)  # fmt: skip


class RunDir:
    """One run's folder."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.config = path / "run.toml"
        self.manifest = path / "manifest.json"
        self.database = path / "safeglot.db"
        self.results = path / "results.json"
        self.report = path / "report.html"
        self.log = path / "log.jsonl"
        self.rubric = path / "rubric.txt"

    def files(self) -> tuple[Path, ...]:
        """Return the paths of all that a run may have."""
        return (
            self.config, self.manifest, self.database, self.results, self.report, self.log, self.rubric,
        )  # fmt: skip

    def exists(self) -> bool:
        """Return whether a run was begun here."""
        return self.manifest.exists()

    def require(self) -> RunDir:
        """Return itself. Raises: UsageError where no run was begun here, or where its files are none."""
        check_regular(self.files())
        if not self.exists():
            names = [run.path.name for run in runs_below(self.path.parent)]
            near = closest(self.path.name, names)
            hint = f" Did you mean {self.path.parent / near}?" if near else ""
            raise UsageError(
                f"{self.path}: no run here (no {self.manifest.name}).{hint} Give the folder of a run; "
                f"`safeglot ls {self.path.parent}` lists those beside it."
            )
        return self

    def check_writable(self, do: str) -> None:
        """Check that files can be written into the run; `do` says what to do if not. Raises: UsageError."""
        if not os.access(self.require().path, os.W_OK):
            raise UsageError(f"{self.path}: cannot be written, only read. {do}")

    def read_manifest(self) -> Manifest:
        """Return the manifest. Raises: UsageError where it cannot be read."""
        do = "Put back the file that the run wrote, or give another run"
        text = read_text(self.require().manifest, do)
        try:
            value = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise UsageError(f"{self.manifest}: not JSON ({error}). {do}.") from None
        try:
            return parse_manifest(value)
        except Misfit as error:
            raise UsageError(
                f"{self.manifest}: not a manifest of this version ({error}). {do}."
            ) from None

    def read_results(self) -> str:
        """Return results.json. Raises: UsageError where the run was not scored yet."""
        path = self.require().results
        if not path.exists():
            raise UsageError(
                f"{path}: not there yet. Run `safeglot score {self.path}`, or "
                "`safeglot run` again to finish the run."
            )
        return read_text(path, f"Write it again with `safeglot score {self.path}`")

    def create(self) -> None:
        """Make the folder. Raises: UsageError where it cannot be made or holds other things."""
        self.check_free()
        try:
            private_folder(self.path)
        except OSError as error:
            raise UsageError(
                f"--out {self.path}: {error.strerror or error}. Give a folder that can be made and written."
            ) from None

    def check_free(self) -> None:
        """Check that a run is here, or may begin here. Raises: UsageError."""
        place = next(p for p in (self.path, *self.path.absolute().parents) if p.exists())
        if not place.is_dir():
            raise UsageError(
                f"--out {self.path}: {place} is a file. Give an empty or a new folder."
            )
        if not os.access(place, os.W_OK | os.X_OK):
            raise UsageError(
                f"--out {self.path}: {place} cannot be written. Check its permissions, or give "
                "another --out."
            )
        there = self.path.iterdir() if self.path.exists() else ()
        others = {p.name for p in there if not self._is_own(p.name)}
        if not self.exists() and others:
            shown = ", ".join(sorted(others)[:3]) + (", …" if len(others) > 3 else "")
            raise UsageError(
                f"--out {self.path}: holds other files ({shown}) and no run. Give an empty or a new folder."
            )

    def check_new(self) -> None:
        """Check that a run may begin here, and none is here. Raises: UsageError."""
        self.check_free()
        if self.exists():
            raise UsageError(
                f"--out {self.path}: holds a run already. Give an empty or a new folder."
            )

    @property
    def report_answers(self) -> Path:
        """The folder beside the report, for answers that are too many for a page."""
        return self.report.with_name(f"{self.report.stem}-answers")

    def clear(self) -> None:
        """Take away what a run without answers left, so that another begins here."""
        beside = [self.database.with_name(self.database.name + end) for end in ("", "-wal", "-shm")]
        for path in (*beside, self.results, self.report, self.manifest):
            path.unlink(missing_ok=True)

    def _is_own(self, name: str) -> bool:
        # a run that was killed while it began leaves these, and files that were not yet moved
        begun = (self.config.name, self.manifest.name, self.database.name)
        return name in (".lock", "translations") or name.lstrip(".").startswith(begun)

    def write(self, config: Mapping[str, Any], manifest: Manifest) -> None:
        """Write run.toml, then the manifest, which marks the run as begun."""
        import tomli_w

        write_text(self.config, tomli_w.dumps(dict(config)))
        text = json.dumps(table_of(manifest), ensure_ascii=False, indent=1)
        write_text(self.manifest, text + "\n")

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Yield while the run is held for this process. Raises: UsageError where another one holds it."""
        with held(self.path, "run"):
            yield


@contextlib.contextmanager
def held(path: Path, what: str) -> Iterator[None]:
    """Yield while a folder is held for this process. Raises: UsageError where another one holds it."""
    try:
        opened = appended(path / ".lock")
    except OSError as error:
        raise UsageError(
            f"{path}: cannot be written ({error.strerror or error}). Check its permissions, give "
            f"another --out, or work on a copy: cp -r {path} COPY && chmod -R u+w COPY"
        ) from None
    with opened as handle:
        if not _try_lock(handle):
            raise UsageError(
                f"{path}: another safeglot process works on this {what}. Wait for it, or give another --out."
            )
        yield


def _try_lock(handle: Any, *, shared: bool = False) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(handle.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def is_held(path: Path) -> bool:
    """Return whether a process works on a folder: it holds the lock, or left work that is not folded in."""
    log = path / "safeglot.db-wal"
    if not log.exists() or not log.stat().st_size:
        return False
    try:
        with (path / ".lock").open("rb") as handle:  # to look at it needs no right to write
            return not _try_lock(handle, shared=True)
    except OSError:
        return False


def read_text(path: Path, do: str) -> str:
    """Return a file's text, read as UTF-8; `do` says what to do where that fails. Raises: UsageError."""
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        byte = error.object[error.start]
        raise UsageError(f"{path}:{line}: byte 0x{byte:02x} is not UTF-8. {do}.") from None
    except OSError as error:
        reason = "no such file" if isinstance(error, FileNotFoundError) else error.strerror or error
        raise UsageError(f"{path}: cannot be read ({reason}). {do}.") from None


def write_text(path: Path, text: str) -> None:
    """Write a file whole or not at all. Raises: Stopped where the disk is full or refuses."""
    write_parts(path, (text,))


def write_parts(path: Path, parts: Iterable[str]) -> None:
    """Write a text that comes in parts, whole or not at all. Raises: Stopped as write_text."""
    with _placed(path) as temporary, temporary.open("w", encoding="utf-8") as file:
        file.writelines(parts)


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file whole or not at all. Raises: Stopped as write_text."""
    with _placed(path) as temporary:
        temporary.write_bytes(data)


@contextlib.contextmanager
def _placed(path: Path) -> Iterator[Path]:
    try:
        with replaced(path) as temporary:
            yield temporary
    except OSError as error:
        raise Stopped(
            f"{path}: {error.strerror or error}. Make room or check the permissions, then run the "
            "same command again."
        ) from error


def library_versions() -> dict[str, str]:
    """Return the versions of what can move a number."""
    import platform
    from importlib import metadata

    versions = {"python": platform.python_version()}
    for name in _LIBRARIES:
        with contextlib.suppress(metadata.PackageNotFoundError):
            versions[name] = metadata.version(name)
    return versions


def git_commit() -> str:
    """Return the commit of the folder that the run is started in, empty outside a checkout."""
    import subprocess

    try:
        done = subprocess.run(
            ["git", "rev-parse", "HEAD"],  # noqa: S607 - the user's own git
            capture_output=True,
            text=True,
            timeout=5,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def runs_below(folder: Path) -> list[RunDir]:
    """Return the runs in a folder, by name; a run's own folder holds itself."""
    if not folder.is_dir():
        return []
    found = (RunDir(p) for p in [folder, *sorted(folder.iterdir())] if p.is_dir())
    return [run for run in found if run.exists()]
