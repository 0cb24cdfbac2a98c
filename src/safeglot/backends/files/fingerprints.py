"""Short hashes that pin weights and data of models in revisions and keys.

Every byte counts: what a signature names is what was read.
"""

from __future__ import annotations

import functools
import hashlib
import os
from collections.abc import Iterable
from pathlib import Path


def short_hash(parts: Iterable[bytes]) -> str:
    """Return 12 hex digits of all parts, one behind the other."""
    hasher = hashlib.blake2b(digest_size=6)
    for part in parts:
        hasher.update(part)
    return hasher.hexdigest()


def content_hash(file: Path) -> bytes:
    """Return a hash of every byte of a file."""
    with file.open("rb") as data:
        return hashlib.file_digest(data, "blake2b").digest()


def file_fingerprint(file: Path) -> str:
    """Return a short hash of every byte of a file."""
    return short_hash((_sha256(file),))


def folder_fingerprint(folder: Path) -> str:
    """Return a short hash of a folder's files: their names, and every byte of each."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    names = (f"{file.relative_to(folder).as_posix()}\n".encode() for file in files)
    return short_hash(
        part for pair in zip(names, map(_sha256, files), strict=True) for part in pair
    )


def sha256_of(file: Path) -> str:
    """Return the sha256 of a file, in hexadecimal."""
    return _sha256(file).hex()


def _sha256(file: Path) -> bytes:
    about = file.stat()
    return _hashed(os.fspath(file), about.st_ino, about.st_size, about.st_mtime_ns)


@functools.lru_cache(maxsize=256)
def _hashed(path: str, *_state: int) -> bytes:
    """Return the hash of a file in that state: models are named several times in a command."""
    with Path(path).open("rb") as data:
        return hashlib.file_digest(data, "sha256").digest()
