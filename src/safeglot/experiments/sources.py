"""Reading runs: verdicts, estimates and texts, and which of their judges is meant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from safeglot.backends.files.manifest import Manifest
from safeglot.backends.files.rundir import RunDir
from safeglot.backends.store.texts import main_texts
from safeglot.config.checks import nearest
from safeglot.errors import UsageError
from safeglot.flow.measure.cube import cube_of
from safeglot.flow.run import session
from safeglot.report.results_json import from_json
from safeglot.score.cube import Cube
from safeglot.types import Estimate

Place = tuple[str, str]
"""(prompt id, language)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Source:
    """One run: what it was, its verdicts, and the texts that were asked."""

    path: Path
    manifest: Manifest
    cube: Cube
    texts: Mapping[Place, str]

    @property
    def name(self) -> str:
        """The run's folder."""
        return self.path.resolve().name

    @property
    def level(self) -> float:
        """The level of the run's intervals."""
        return self.manifest.level


def read(path: Path) -> Source:
    """Read a run. Raises: UsageError where none is there, or it has no verdicts."""
    run_dir = RunDir(path).require()
    manifest = run_dir.read_manifest()
    with session.opened(run_dir) as store:
        cube = cube_of(store, manifest)
        texts = {(text.prompt, text.language): text.text for text in main_texts(store)}
    if not (cube.unsafe_JMLPS >= 0).any():
        raise UsageError(
            f"{path}: holds no verdict that could be read. "
            f"Judge it first: safeglot judge {path} --judge family=provider/model."
        )
    return Source(path=path, manifest=manifest, cube=cube, texts=texts)


def read_all(paths: Sequence[Path], *, what: str) -> list[Source]:
    """Read runs. Raises: UsageError where none is named, or one is named twice."""
    if not paths:
        raise UsageError(f"{what}: no run given. Name the folder of a run, such as runs/first.")
    places = [path.resolve() for path in paths]
    twice = next((path for path in paths if places.count(path.resolve()) > 1), None)
    if twice is not None:
        raise UsageError(f"{what}: {twice} is given twice. Name each run once.")
    return [read(path) for path in paths]


def estimates(path: Path) -> list[Estimate]:
    """Read the estimates of a run. Raises: UsageError where it was not scored."""
    return from_json(RunDir(path).require().read_results())[0]


def judges_of(path: Path, judges: Sequence[str], asked: str | None) -> tuple[str, ...]:
    """Return the judge that was asked for, or all. Raises: UsageError where the run lacks it."""
    if asked is None:
        return tuple(judges)
    if asked not in judges:
        raise UsageError(
            f"--judge: got {asked!r}, {path} has {', '.join(judges) or 'none'}."
            f"{nearest(asked, judges)}"
        )
    return (asked,)


def titled(source: Source, sources: Sequence[Source], title: str) -> str:
    """Name the run in a title where there are several."""
    return f"{source.name}: {title}" if len(sources) > 1 else title
