"""Apertium, run as programs of the machine: `apertium` (all directions) or `apertium/eng-spa` (one).

Its parts are under the GPL: they are started and spoken to, never linked.
"""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import weakref
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path

from safeglot.backends.files.fingerprints import content_hash, short_hash
from safeglot.backends.models.engines.batching import Batcher, prompt_size
from safeglot.backends.translators.apertium.modes import (
    Mode,
    data_folder,
    find_modes,
    known,
    plain_modes,
    shortest,
)
from safeglot.backends.translators.apertium.pipeline import Pipeline
from safeglot.errors import ModelError, UsageError
from safeglot.text.languages import primary
from safeglot.types import Reply, Request

_BATCH_BYTES = 32_768
_INSTALL = (
    "install the pairs that you want (Debian and Ubuntu: apt install apertium-eng-spa "
    "apertium-eng-cat apertium-en-gl apertium-eo-en), or set APERTIUM_DATADIR to their folder"
)


class Apertium:
    """Translates with the pairs of the machine's Apertium, over a pivot where none is direct.

    `mode` names the one mode to use, "" all. Each direction is one pipeline that stays; requests
    that come while it works are sent together. A request's `extra` has `source` and `target`.

    Raises: UsageError where there is no Apertium, or no such mode.
    """

    def __init__(self, mode: str = "", *, timeout_s: float = 60.0) -> None:
        self._timeout_s = timeout_s
        self._modes = _installed(data_folder(), mode)
        self._edges = (
            {(m.source, m.target): m for m in self._modes.values()}
            if mode
            else plain_modes(self._modes)
        )
        self._chains: dict[tuple[str, str], tuple[Mode, ...]] = {}
        self._pipelines: dict[str, Pipeline] = {}
        self._batchers: dict[str, Batcher] = {}
        self._finalizer = weakref.finalize(self, _end, self._pipelines)

    @property
    def directions(self) -> tuple[tuple[str, str], ...]:
        """The pairs of tags that one mode serves, sorted."""
        return tuple(sorted(pair for pair, mode in self._edges.items() if not mode.fault))

    def route(self, source: str, target: str) -> tuple[str, ...]:
        """Return the names of the modes that lead from one language to another; none: ()."""
        return tuple(mode.name for mode in self._chain(source, target))

    def fault(self, source: str, target: str) -> str:
        """Return why it cannot translate between two languages; "" where it can."""
        if self._chain(source, target):
            return ""
        ends = self._ends(source, target)
        broken = self._edges.get(ends)
        if broken is not None:
            return f"{broken.name}: {broken.fault}"
        if "" not in ends and ends[0] == ends[1]:
            return f"{source} and {target} are one language to Apertium"
        reached = sorted(
            {
                tag
                for _, tag in self.directions
                if primary(tag) != primary(source) and self._chain(source, tag)
            }
        )
        ways = (
            f"from {source} it reaches {', '.join(reached)}" if reached else f"none from {source}"
        )
        return f"Apertium has no way from {source} to {target} on this machine ({ways}); {_INSTALL}"

    @cached_property
    def revision(self) -> str:
        """The pin of every direction: the version of Apertium and a hash of the modes and their data."""
        return _revision([mode for mode in self._edges.values() if not mode.fault])

    def route_revision(self, source: str, target: str) -> str:
        """Return what pins one direction: its chain, the version and a hash of the data on its way."""
        return f"{'+'.join(self.route(source, target))}@{_revision(self._chain(source, target))}"

    async def answer(self, request: Request) -> Reply:
        """Return the translation of `prompt`. Raises: ModelError."""
        source, target = (str(request.extra.get(key, "")) for key in ("source", "target"))
        chain = self._chain(source, target)
        if not chain:
            raise ModelError("bad_request", self.fault(source, target))
        reply = await self._batcher(chain[0]).answer(request)
        for mode in chain[1:]:
            reply = await self._batcher(mode).answer(replace(request, prompt=reply.text))
        return reply

    async def close(self) -> None:
        """End all pipelines. It can be closed twice, not used again."""
        await asyncio.to_thread(self._finalizer)
        for batcher in self._batchers.values():
            await batcher.close()

    def pids(self, mode: str) -> tuple[int, ...]:
        """Return the ids of the processes of a mode; none while it does not run."""
        return self._pipelines[mode].pids if mode in self._pipelines else ()

    def _ends(self, source: str, target: str) -> tuple[str, str]:
        starts, ends = zip(*self._edges, strict=True)
        return known(source, starts), known(target, ends)

    def _chain(self, source: str, target: str) -> tuple[Mode, ...]:
        pair = (source, target)
        if pair not in self._chains:
            start, end = self._ends(source, target)
            self._chains[pair] = shortest(self._edges, start, end) if start and end else ()
        return self._chains[pair]

    def _batcher(self, mode: Mode) -> Batcher:
        if mode.name not in self._batchers:
            pipeline = Pipeline(mode.name, mode.commands, timeout_s=self._timeout_s)
            self._pipelines[mode.name] = pipeline
            self._batchers[mode.name] = Batcher(
                partial(_translate, pipeline), most=_BATCH_BYTES, size=prompt_size, quiet_s=0.0
            )
        return self._batchers[mode.name]


def open_apertium(path: str = "") -> Apertium:
    """Return the translator `apertium` or `apertium/MODE`. Raises: UsageError."""
    return Apertium(path)


def _installed(folder: Path, mode: str) -> dict[str, Mode]:
    modes = find_modes(folder)
    if not modes or shutil.which("lt-proc") is None:
        raise UsageError(f"apertium: no modes under {folder / 'modes'}, or no lt-proc; {_INSTALL}")
    if mode and mode not in modes:
        raise UsageError(f"apertium/{mode}: no such mode; there are {', '.join(modes)}; {_INSTALL}")
    if mode and modes[mode].fault:
        raise UsageError(f"apertium/{mode}: {modes[mode].fault}")
    return {mode: modes[mode]} if mode else modes


def _translate(pipeline: Pipeline, requests: Sequence[Request]) -> list[Reply | ModelError]:
    translations = pipeline.translate([request.prompt or "" for request in requests])
    return [
        Reply(text=translation) if isinstance(translation, str) else translation
        for translation in translations
    ]


def _revision(modes: Sequence[Mode]) -> str:
    commands = ("\0".join(word for c in mode.commands for word in c) for mode in modes)
    files = sorted({file for mode in modes for file in mode.files})
    parts = (*(line.encode() + b"\0" for line in commands), *map(content_hash, files))
    return f"{_version()}-{short_hash(parts)}"


def _version() -> str:
    """Return the version that `apertium -V` prints."""
    try:
        output = subprocess.run(["apertium", "-V"], capture_output=True, timeout=20, check=False)  # noqa: S607 - the machine's own
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    words = output.stdout.decode("utf-8", "replace").split()
    return words[-1] if words else "unknown"


def _end(pipelines: dict[str, Pipeline]) -> None:
    for pipeline in pipelines.values():
        pipeline.close()
