"""One direction of Apertium, and the format that its programs speak."""

from __future__ import annotations

import re
from collections.abc import Sequence

from safeglot.backends.translators.apertium.pipe import Pipe
from safeglot.backends.translators.apertium.tagger import Tagger
from safeglot.backends.translators.lines import cut
from safeglot.errors import ModelError

TAGGER = "apertium-tagger"
_RESERVED = re.compile(r"[\\^$/\[\]{}<>@]")
_BLANK = re.compile(r"[~\t]+")
_SPECIAL = re.compile(r"[\\^$/\[\]{}<>@~\t]")
"""Any of both: few lines have one, and one search finds those in place of two substitutions."""
_ESCAPED_OR_BRACKET = re.compile(r"\\(.)|[\[\]]", re.DOTALL)
_END = "[]"
"""An empty blank at the end of a text: without it lt-proc keeps what it has until more comes."""


class Pipeline:
    """The programs of one mode: what stands before the tagger, the tagger, and what follows."""

    def __init__(
        self, name: str, commands: Sequence[Sequence[str]], *, timeout_s: float = 60.0
    ) -> None:
        self.name = name
        programs = [command[0].rpartition("/")[2] for command in commands]
        place = programs.index(TAGGER) if TAGGER in programs else len(commands)
        self._before = Pipe(name, commands[:place], timeout_s=timeout_s)
        self._tagger = (
            Tagger(name, commands[place], timeout_s=timeout_s) if place < len(commands) else None
        )
        self._after = Pipe(name, commands[place + 1 :], timeout_s=timeout_s)

    @property
    def pids(self) -> tuple[int, ...]:
        """The process ids, in the order of the pipeline."""
        return tuple(pid for part in self._parts() for pid in part.pids)

    def translate(self, texts: Sequence[str]) -> list[str | ModelError]:
        """Return the translations of texts; a fault costs the text that causes it, not the others."""
        try:
            return list(self._translated(texts))
        except ModelError as error:
            if error.transient:
                self._stop()
            if len(texts) == 1:
                return [error]
        return [translation for text in texts for translation in self.translate([text])]

    def close(self) -> None:
        """End the processes for good; what is in them is lost."""
        self._stop(for_good=True)

    def _stop(self, *, for_good: bool = False) -> None:
        for part in self._parts():
            part.stop(for_good=for_good)

    def _parts(self) -> list[Pipe | Tagger]:
        return [self._before, *([self._tagger] if self._tagger else []), self._after]

    def _translated(self, texts: Sequence[str]) -> list[str]:
        """Return the translations of texts sent together. Raises: ModelError."""
        parts = [cut(text) for text in texts]
        try:
            lines = [encode(line).encode() for part in parts for line in part[1::2]]
        except UnicodeEncodeError as error:
            fault = f"the text is not valid Unicode: {error.reason}"
            raise ModelError("bad_request", fault) from None
        read = self._before.exchange(lines)
        tagged = self._tagger.tag(read) if self._tagger else read
        replies = iter(self._after.exchange(tagged))
        for part in parts:
            part[1::2] = [decode(next(replies).decode("utf-8", "replace")) for _ in part[1::2]]
        return ["".join(part) for part in parts]


def encode(line: str) -> str:
    """Return a line in Apertium's stream format.

    Source: the format as apertium-destxt writes it.
    """
    if not _SPECIAL.search(line):
        return line + _END
    escaped = _RESERVED.sub(r"\\\g<0>", line)
    return _BLANK.sub(lambda blank: f"[{blank[0]}]", escaped) + _END


def decode(stream: str) -> str:
    """Return the text of a line in the stream format; a word that is dropped leaves its blank."""
    plain = stream.removesuffix(_END)
    if not ("[" in plain or "]" in plain or "\\" in plain):
        return plain.strip(" ")
    return _ESCAPED_OR_BRACKET.sub(lambda match: match[1] or "", stream).strip(" ")
