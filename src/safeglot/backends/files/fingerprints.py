"""Short hashes that pin weights and data of models in revisions and keys.

Large files are hashed by their size and by blocks spread over them, small data byte by byte.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

_BLOCK, _BLOCKS = 65_536, 64


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
    """Return a short hash of a file: its size, and 64 blocks spread over it."""
    return short_hash((str(file.stat().st_size).encode(), *_blocks(file, _BLOCKS)))


def folder_fingerprint(folder: Path) -> str:
    """Return a short hash of a folder's files: names, sizes, and blocks spread over each."""
    return short_hash(part for file in _files(folder) for part in _described(folder, file))


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _described(folder: Path, file: Path) -> Iterator[bytes]:
    size = file.stat().st_size
    yield f"{file.relative_to(folder).as_posix()} {size}\n".encode()
    yield from _blocks(file, _BLOCKS if size > _BLOCK else 1)


def _blocks(file: Path, count: int) -> Iterator[bytes]:
    last = max(0, file.stat().st_size - _BLOCK)
    with file.open("rb") as data:
        for i in range(count):
            data.seek(last * i // (_BLOCKS - 1))
            yield data.read(_BLOCK)
