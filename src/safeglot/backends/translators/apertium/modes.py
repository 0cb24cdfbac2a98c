"""The directions that this machine's Apertium has, and the way from one language to another."""

from __future__ import annotations

import os
import re
import shlex
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from safeglot.text.languages import canonical, tag_of

DATA = Path("/usr/share/apertium")
MOST_MODES = 3
"""A chain goes over two pivots at the most."""

BROKEN: Mapping[str, str] = {
    "eng-hbs": "this direction of Apertium is known to be broken",
}
"""Modes that run, but whose output is no translation."""

_NAME = re.compile(r"([a-z]{2,3})((?:_\w+)?)-([a-z]{2,3})((?:_\w+)?)")
_VARIANTS: Mapping[str, str] = {
    "": "",
    "_BR": "-BR",
    "_US": "-US",
    "_valencia": "-valencia",
    "_aran": "-aranes",
}
"""Endings of Apertium's codes that a BCP 47 tag can express; modes with others are asked for by name."""
_SHELL = re.compile(r"[;&<>()`$*?]")
_PIVOTS = ("es", "ca")
_NULL_FLUSH = frozenset(
    {
        "apertium-anaphora",
        "apertium-interchunk",
        "apertium-postchunk",
        "apertium-pretransfer",
        "apertium-tagger",
        "apertium-transfer",
        "cg-proc",
        "lrx-proc",
        "lsx-proc",
        "lt-proc",
        "rtx-proc",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mode:
    """One direction; `fault` says why it cannot be used, "" where it can."""

    name: str
    source: str
    target: str
    commands: tuple[tuple[str, ...], ...] = ()
    fault: str = ""

    @property
    def files(self) -> tuple[Path, ...]:
        """The data files that it reads, in their order."""
        words = (Path(word) for command in self.commands for word in command[1:] if "/" in word)
        return tuple(dict.fromkeys(words))


def data_folder() -> Path:
    """Return the folder of Apertium's data; APERTIUM_DATADIR names it, as for `apertium` itself."""
    return Path(os.environ.get("APERTIUM_DATADIR") or DATA)


def find_modes(folder: Path) -> dict[str, Mode]:
    """Return the modes of a data folder by name, those with two languages in theirs."""
    modes = (_mode(file) for file in sorted((folder / "modes").glob("*.mode")))
    return {mode.name: mode for mode in modes if mode is not None}


def plain_modes(modes: Mapping[str, Mode]) -> dict[tuple[str, str], Mode]:
    """Return the mode of each direction: the plain one, and of several the one of newer codes."""
    plain: dict[tuple[str, str], Mode] = {}
    for mode in sorted(modes.values(), key=lambda m: (bool(m.fault), -len(m.name), m.name)):
        if _tags(mode.name):
            plain.setdefault((mode.source, mode.target), mode)
    return plain


def shortest(edges: Mapping[tuple[str, str], Mode], source: str, target: str) -> tuple[Mode, ...]:
    """Return the shortest chain of usable modes, of several the one over Spanish, then Catalan."""
    chains: list[tuple[Mode, ...]] = [
        (mode,) for (start, _), mode in edges.items() if start == source and not mode.fault
    ]
    for _ in range(MOST_MODES):
        complete = [chain for chain in chains if chain[-1].target == target]
        if complete:
            return min(complete, key=_preference)
        chains = [
            (*chain, mode)
            for chain in chains
            for (start, end), mode in edges.items()
            if start == chain[-1].target
            and not mode.fault
            and end not in {source, *(m.target for m in chain)}
        ]
    return ()


def known(tag: str, tags: Sequence[str]) -> str:
    """Return the tag of Apertium's that stands for a language, "" where none does.

    A region or variant that Apertium has not falls back to the language; another script does not.
    """
    wanted = canonical(tag)
    if wanted in tags:
        return wanted
    language, *rest = wanted.split("-")
    other_script = any(len(part) == 4 and part.isalpha() for part in rest)
    return language if language in tags and not other_script else ""


def _preference(chain: Sequence[Mode]) -> tuple[tuple[int, str], ...]:
    return tuple(
        (_PIVOTS.index(m.target) if m.target in _PIVOTS else len(_PIVOTS), m.target)
        for m in chain[:-1]
    )


def _tags(name: str) -> tuple[str, ...]:
    match = _NAME.fullmatch(name)
    if match is None or match[2] not in _VARIANTS or match[4] not in _VARIANTS:
        return ()
    tags = tag_of(match[1] + _VARIANTS[match[2]]), tag_of(match[3] + _VARIANTS[match[4]])
    return tags if all(tags) else ()


def _mode(file: Path) -> Mode | None:
    """Return the mode of a file; None where its name holds no two languages."""
    codes = re.findall(r"(?:^|-)([a-z]{2,3})(?=[-_]|$)", file.stem)
    tags = _tags(file.stem) or tuple(map(tag_of, codes[:2]))
    if len(tags) != 2 or tags[0] == tags[1] or not all(tags):
        return None
    commands, fault = _commands(file)
    return Mode(
        name=file.stem,
        source=tags[0],
        target=tags[1],
        commands=commands,
        fault=BROKEN.get(file.stem, "") or fault,
    )


def _commands(file: Path) -> tuple[tuple[tuple[str, ...], ...], str]:
    """Return the argument lists of a mode's programs, with null-flush and without marks.

    $1 stands for an option of the generator (-n: no marks), $2 for one of the tagger (none).
    """
    try:
        parts = file.read_text("utf-8").split("|")
        commands = [shlex.split(part) for part in parts if part.strip()]
    except (OSError, ValueError) as error:
        return (), f"its mode file cannot be read: {error}"
    commands = [
        ["-n" if word == "$1" else word for word in command if word != "$2"] for command in commands
    ]
    fault = _command_fault([command for command in commands if command])
    return tuple((c[0], "-z", *c[1:]) for c in commands if c), fault


def _command_fault(commands: Sequence[Sequence[str]]) -> str:
    if not commands:
        return "its mode file names no program"
    for command in commands:
        if shutil.which(command[0]) is None:
            return f"it needs {command[0]}, which is not installed"
        if command[0].rpartition("/")[2] not in _NULL_FLUSH:
            return f"it needs {command[0]}, which cannot answer text for text"
        if strange := [word for word in command if _SHELL.search(word)]:
            return f"its mode file has {strange[0]!r}, which only a shell understands"
    files = (Path(word) for command in commands for word in command[1:] if "/" in word)
    lost = [str(file) for file in files if not file.is_file() or not file.stat().st_size]
    return f"its file {lost[0]} is missing or empty" if lost else ""
