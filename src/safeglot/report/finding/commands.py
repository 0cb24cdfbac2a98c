"""The commands that lead on from a finding, to be copied: they carry the run's own path."""

from __future__ import annotations

import shlex

from safeglot.report.width import display_width

HARMLESS = ("--kinds", "harmful,benign")
"""Asks harmless requests beside the harmful ones."""
_ON, _DEEPER, _THEN = " \\", "  ", "&&"


def command(*words: str) -> str:
    """Return a command of safeglot as it can be pasted into a shell."""
    return shlex.join(["safeglot", *words])


def asks(given: str) -> bool:
    """Return whether a command asks models for answers."""
    return any(part.startswith("safeglot run ") for part in given.split(f" {_THEN} "))


def pasted(text: str, width: int, indent: str = "") -> list[str]:
    """Return a command in lines of at most `width` columns that a shell reads as one.

    It is broken between arguments; an argument that is wider than a line goes on at the beginning of
    the next, as a shell joins these.
    """
    if display_width(indent + text) <= width:
        return [indent + text]
    lines, line = [], indent
    for given in shlex.split(text):
        word = given if given == _THEN else shlex.quote(given)
        joined = f"{line} {word}" if line.strip() else line + word
        if display_width(joined) + len(_ON) <= width:
            line = joined
            continue
        lines += [line + _ON] if line.strip() else []
        *parts, line = _parts(word, width, indent + _DEEPER)
        lines += [f"{part}\\" for part in parts]
    return [*lines, line]


def _parts(word: str, width: int, indent: str) -> list[str]:
    """Return an argument with its indent in parts that, with a mark at their ends, are one argument."""
    if display_width(indent + word) + len(_ON) <= width:
        return [indent + word]
    parts, part = [], ""
    for sign in shlex.split(word)[0]:
        if display_width(shlex.quote(part + sign)) >= width - len(_ON):
            at = max(part.rfind(","), part.rfind("/")) + 1
            at = at if at > len(part) // 2 else len(part)
            parts.append(shlex.quote(part[:at]))
            part = part[at:]
        part += sign
    return [*parts, shlex.quote(part)]
