"""The items of a list in a JSON file, one after the other: a file of any size needs the memory of one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, TextIO

from safeglot.errors import UsageError

CHUNK = 1 << 16
MOST = 64 << 20
"""Characters of one item, or one line, at most."""
_SPACE = " \t\r\n"
_AFTER = tuple(f",]}}{_SPACE}")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_MARK = re.compile(r'[\[\]{}"]')
_DECODER = json.JSONDecoder()


def items(stream: TextIO, where: str, path: Sequence[str]) -> Iterator[Any]:
    """Yield the items of the list that stands under a path of keys. Raises: UsageError."""
    scanner = JsonScanner(stream, where)
    for key in path:
        if not scanner.enter(key):
            raise UsageError(
                f"{where}: has no {'.'.join(path)}; is it whole, and of the tool it seems to be of?"
            )
    yield from scanner.items()


def lines(stream: TextIO, where: str) -> Iterator[tuple[int, Any]]:
    """Yield the number and the object of each line of JSON Lines. Raises: UsageError."""
    number = 0
    while line := stream.readline(MOST):
        number += 1
        if len(line) == MOST:
            raise UsageError(
                f"{where}:{number}: a line of over {MOST >> 20} million characters, which is not read. {_DO}"
            )
        if not line.strip():
            continue
        try:
            found = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise UsageError(f"{where}:{number}: is not JSON ({error}). {_DO}") from None
        if not isinstance(found, dict):
            raise UsageError(f"{where}:{number}: is not a JSON object. {_DO}")
        yield number, found


_DO = "Write the log anew with its tool, or give another file."


class JsonScanner:
    """Goes through the text of a JSON value, of which the next piece is in memory."""

    def __init__(self, stream: TextIO, where: str) -> None:
        self._stream, self._where = stream, where
        self._text, self._at, self._gone = "", 0, 0
        self._step = CHUNK

    def keys(self) -> Iterator[str]:
        """Yield the keys of the object that begins here; each value is passed over unless it was entered."""
        self._expect("{")
        while self._next() != "}":
            key = json.loads(self._string())
            self._expect(":")
            self._next()
            place = self._gone + self._at
            yield key
            if self._gone + self._at == place:
                self.skip()
            if self._next() == ",":
                self._at += 1
        self._at += 1

    def enter(self, wanted: str) -> bool:
        """Return whether the object that begins here has a key, having gone to its value."""
        return self._next() == "{" and any(key == wanted for key in self.keys())

    def items(self) -> Iterator[Any]:
        """Yield the items of the list that begins here."""
        self._expect("[")
        while self._next() != "]":
            yield self.value()
            if self._next() == ",":
                self._at += 1
        self._at += 1

    def value(self) -> Any:
        """Return the value that begins here."""
        self._next()
        while True:
            try:
                found, end = _DECODER.raw_decode(self._text, self._at)
            except RecursionError:
                raise self._fault("is nested too deeply") from None
            except ValueError as error:
                if not self._more():
                    raise self._fault(f"is not JSON ({error})") from None
                continue
            if self._text[end : end + 1] not in _AFTER and self._more():
                continue  # a number goes on, or may
            self._at = end
            self._step = CHUNK
            return found

    def skip(self) -> None:
        """Pass over the value that begins here."""
        if self._next() not in "[{":
            self.value()
            return
        depth = 0
        while True:
            mark = _MARK.search(self._text, self._at)
            if mark is None:
                self._at = len(self._text)
                self._need()
                continue
            self._at = mark.start()
            if mark[0] == '"':
                self._string()
                continue
            self._at += 1
            depth += 1 if mark[0] in "[{" else -1
            if depth == 0:
                return

    def _string(self) -> str:
        """Return the string that begins here, as it is written."""
        while (match := _STRING.match(self._text, self._at)) is None:
            if self._next() != '"':
                raise self._fault("has no key where one should stand")
            self._need()
        self._at = match.end()
        self._step = CHUNK
        return match[0]

    def _expect(self, sign: str) -> None:
        if self._next() != sign:
            raise self._fault(
                f"has {self._text[self._at : self._at + 1]!r} where {sign!r} should stand"
            )
        self._at += 1

    def _next(self) -> str:
        """Return the next character that is no space. Raises: UsageError at the end."""
        while True:
            while self._at < len(self._text):
                if (sign := self._text[self._at]) not in _SPACE:
                    return sign
                self._at += 1
            self._need()

    def _need(self) -> None:
        if not self._more():
            raise self._fault("ends in the middle")

    def _more(self) -> bool:
        """Return whether there is more text, having read a piece of it. Raises: UsageError for a huge value."""
        if len(self._text) - self._at > MOST:
            raise self._fault(
                f"has a value of over {MOST >> 20} million characters, which is not read"
            )
        self._text, self._gone, self._at = self._text[self._at :], self._gone + self._at, 0
        new = self._stream.read(self._step)
        self._step = min(2 * self._step, MOST)
        self._text += new
        return bool(new)

    def _fault(self, what: str) -> UsageError:
        return UsageError(f"{self._where}: {what} (character {self._gone + self._at + 1}). {_DO}")
