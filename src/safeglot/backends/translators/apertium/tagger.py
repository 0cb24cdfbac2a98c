"""The tagger of one direction of Apertium; it reads each text as a fresh tagger would.

At a word whose class of ambiguity its training had not, the tagger of Apertium 3.8.3 overwrites
its class of unknown words with a similar one (find_similar_ambiguity_class in tagger_utils.cc
assigns through a reference). From there on it reads unknown words differently, and may liken
another new class to a wrong one; nothing else changes. With -d it reports the word and the class
on its error output. So

- a tagger that has reported no class is as good as new;
- one that has reported a single class is as good as new for texts that have no other new class and
  no unknown word before the first word of that class: behind it a new one reads as this one does.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Sequence

from safeglot.backends.translators.apertium.pipe import Pipe

_REPORT = re.compile(rb"Word '(.*)'\.\nNew ambiguity class: (.*)\n")
_WORD = re.compile(rb"\^([^/$]*)/")
_UNKNOWN = b"/*"
_CLEAN = b""
_MOST_KEPT = 4


class Tagger:
    """Taggers that stay, by the one new class that each has met, and a clean one.

    Which texts may be sent together is foreseen by the words that have been reported; whether that
    was right is seen by what the tagger reports, and where it was not, they are sent again.
    """

    def __init__(self, name: str, command: Sequence[str], *, timeout_s: float) -> None:
        self._name, self._timeout_s = name, timeout_s
        self._command = _reporting(command)
        self._class_of: dict[bytes, bytes] = {}
        self._lock = threading.Lock()
        self._closed = False
        self._all: list[Pipe] = []
        self._kept = {_CLEAN: self._new()}
        self._spare = self._new()

    @property
    def pids(self) -> tuple[int, ...]:
        """The process ids of the taggers in use, the clean one first."""
        return tuple(pid for pipe in list(self._kept.values()) for pid in pipe.pids)

    def tag(self, lines: Sequence[bytes]) -> list[bytes]:
        """Return the lines with one reading a word. Raises: ModelError."""
        tagged = [b""] * len(lines)
        waiting = list(range(len(lines)))
        while waiting:
            groups: dict[bytes | None, list[int]] = {}
            for place in waiting:
                groups.setdefault(self._foreseen(lines[place]), []).append(place)
            waiting = []
            for new, group in groups.items():
                replies = self._together(new, [lines[place] for place in group])
                if replies is None:
                    waiting += group
                    continue
                for place, reply in zip(group, replies, strict=True):
                    tagged[place] = reply
        return tagged

    def stop(self, *, for_good: bool = False) -> None:
        """End the processes; what is in them is lost."""
        with self._lock:
            self._closed = self._closed or for_good
            running = self._all[:]
        for pipe in running:
            pipe.stop(for_good=for_good)

    def _foreseen(self, line: bytes) -> bytes | None:
        """Return the new class that a line is known to have, b"" for none; None: it has to go alone."""
        words = [word for word in _WORD.findall(line) if word in self._class_of]
        if not words:
            return _CLEAN
        new = {self._class_of[word] for word in words}
        unknown = line.find(_UNKNOWN)
        if len(new) > 1 or -1 < unknown < line.find(b"^" + words[0] + b"/"):
            return None
        (new_class,) = new
        return new_class if new_class in self._kept or len(self._kept) <= _MOST_KEPT else None

    def _together(self, new: bytes | None, lines: Sequence[bytes]) -> list[bytes] | None:
        """Return lines of one kind tagged; None where a class was reported that was not foreseen."""
        if new is None or (new == _CLEAN and len(lines) == 1):
            return [self._alone(line) for line in lines]
        if new not in self._kept:
            self._kept[new] = self._take_spare()
        replies = self._kept[new].exchange(lines)
        reported = self._reported(new)
        if reported.keys() <= {new}:
            return replies
        self._kept[new].stop()
        return None if self._learn(reported) else [self._alone(line) for line in lines]

    def _alone(self, line: bytes) -> bytes:
        """Return a line tagged by the clean tagger; one that met a new class is kept for its like."""
        (reply,) = self._kept[_CLEAN].exchange([line])
        reported = self._reported(_CLEAN)
        if reported:
            self._learn(reported)
            used, self._kept[_CLEAN] = self._kept[_CLEAN], self._take_spare()
            (new_class, *more) = reported
            if more or new_class in self._kept or len(self._kept) > _MOST_KEPT:
                self._drop(used)
            else:
                self._kept[new_class] = used
        return reply

    def _reported(self, kept: bytes) -> dict[bytes, list[bytes]]:
        """Return the new classes that a tagger has reported, each with its words."""
        reported: dict[bytes, list[bytes]] = {}
        for word, new in _REPORT.findall(self._kept[kept].complaints()):
            reported.setdefault(new, []).append(word)
        return reported

    def _learn(self, reported: dict[bytes, list[bytes]]) -> bool:
        before = len(self._class_of)
        for new, words in reported.items():
            for word in words:
                self._class_of.setdefault(word, new)
        return len(self._class_of) > before

    def _take_spare(self) -> Pipe:
        """Return a fresh tagger; the next loads while this one works."""
        taken, self._spare = self._spare, self._new()
        taken.start()
        self._spare.start()
        return taken

    def _new(self) -> Pipe:
        """Return a tagger that `stop` finds, even if that is called by another thread at this moment."""
        pipe = Pipe(self._name, [self._command], timeout_s=self._timeout_s, heard=True)
        with self._lock:
            self._all.append(pipe)
            closed = self._closed
        if closed:
            pipe.stop(for_good=True)
        return pipe

    def _drop(self, pipe: Pipe) -> None:
        pipe.stop(for_good=True)
        with self._lock:
            self._all.remove(pipe)


def _reporting(tagger: Sequence[str]) -> list[str]:
    """Return a command that reports new classes; the perceptron (-x) has none, and prints too much."""
    perceptron = any(re.fullmatch(r"-\w*x\w*", argument) for argument in tagger)
    return [*tagger] if perceptron else [tagger[0], "-d", *tagger[1:]]
