"""Texts by number, outside of the objects that are about them: a million of them need no memory."""

from __future__ import annotations

import io
import weakref
from array import array
from typing import BinaryIO


class TextStream:
    """Texts in a stream of bytes that can be read and written, of which memory holds the ends."""

    def __init__(self, stream: BinaryIO | None = None) -> None:
        self._stream = io.BytesIO() if stream is None else stream
        self._ends = array("Q", [0])
        self._at = 0
        weakref.finalize(self, self._stream.close)

    def add(self, text: str) -> int:
        """Return the number under which a text is kept. Raises: OSError for a full disk."""
        data = text.encode()
        self._go(self._ends[-1])
        self._stream.write(data)
        self._at += len(data)
        self._ends.append(self._at)
        return len(self._ends) - 2

    def size_of(self, number: int) -> int:
        """Return the bytes of a text, which is not read for it."""
        return self._ends[number + 1] - self._ends[number]

    def __getitem__(self, number: int) -> str:
        begin, end = self._ends[number], self._ends[number + 1]
        self._go(begin)
        self._at = end
        return self._stream.read(end - begin).decode()

    def _go(self, place: int) -> None:
        if place != self._at:
            self._stream.seek(place)
            self._at = place
