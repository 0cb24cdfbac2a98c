"""Finished runs as experiments read them: verdicts, texts and estimates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from safeglot.backends.files.manifest import Manifest
from safeglot.backends.files.rundir import RunDir
from safeglot.backends.store import arrays
from safeglot.backends.store.store import Store
from safeglot.backends.store.texts import main_texts
from safeglot.config.checks import nearest
from safeglot.errors import UsageError
from safeglot.flow.measure.answers import answers_of
from safeglot.flow.measure.cube import cube_of
from safeglot.flow.measure.stop import as_drawn
from safeglot.flow.run import session
from safeglot.keys import digest
from safeglot.report.results_json import from_json
from safeglot.score.answers.sheet import Answers
from safeglot.score.cube import Cube
from safeglot.types import Estimate


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FinishedRun:
    """A run's manifest, its verdicts, the texts that were asked, and what the answers are.

    `text_LP` are the first 64 bits of the texts' digests, 0 where there is none: a million texts
    are half a gigabyte; `benign_text_LP` those of the harmless prompts `benign`. Answers that no `safeglot score` has checked yet are of unknown validity.
    """

    path: Path
    manifest: Manifest
    cube: Cube
    text_LP: npt.NDArray[np.uint64]
    benign: Sequence[str]
    benign_text_LP: npt.NDArray[np.uint64]
    answers: Answers

    @property
    def name(self) -> str:
        """The run's folder."""
        return self.path.resolve().name

    @property
    def level(self) -> float:
        """The level of the run's intervals."""
        return self.manifest.level


def read_run(path: Path) -> FinishedRun:
    """Return the run in a folder. Raises: UsageError where none is there, or it has no verdicts."""
    run_dir = RunDir(path)
    manifest = session.of_models(run_dir)
    with session.opened(run_dir) as store:
        verdicts = arrays.read(store, manifest.rating, arms=False)
        manifest = as_drawn(store, manifest, verdicts)
        every = (
            arrays.read(store, manifest.unguarded, known=verdicts)
            if manifest.refusal_judges
            else verdicts
        )
        answers = answers_of(store, manifest, every)
        cube = cube_of(store, manifest, verdicts, invalid_MLPS=answers.invalid_MLPS)
        benign = verdicts.prompts.of_kind("benign").ids
        text_LP = _texts(store, cube.languages, [*cube.prompts, *benign])
    if not (cube.unsafe_JMLPS >= 0).any():
        raise UsageError(
            f"{path}: holds no verdict that could be read. "
            f"Judge it first: safeglot judge {path} --judge family=provider/model."
        )
    n = len(cube.prompts)
    return FinishedRun(
        path=path, manifest=manifest, cube=cube, text_LP=text_LP[:, :n], benign=benign,
        benign_text_LP=text_LP[:, n:], answers=answers,
    )  # fmt: skip


def _texts(
    store: Store, languages: Sequence[str], prompts: Sequence[str]
) -> npt.NDArray[np.uint64]:
    at_L, at_P = ({name: i for i, name in enumerate(x)} for x in (languages, prompts))
    text_LP = np.zeros((len(at_L), len(at_P)), dtype=np.uint64)
    for text in main_texts(store):
        if text.language in at_L and text.prompt in at_P:
            place = at_L[text.language], at_P[text.prompt]
            text_LP[place] = int(digest(text.text)[:16], 16)
    return text_LP


def read_runs(paths: Sequence[Path], *, what: str) -> list[FinishedRun]:
    """Return the runs in folders. Raises: UsageError where none is named, or one is named twice."""
    if not paths:
        raise UsageError(f"{what}: no run given. Name the folder of a run, such as runs/first.")
    places = [path.resolve() for path in paths]
    twice = next((path for path in paths if places.count(path.resolve()) > 1), None)
    if twice is not None:
        raise UsageError(f"{what}: {twice} is given twice. Name each run once.")
    return [read_run(path) for path in paths]


def read_estimates(path: Path) -> list[Estimate]:
    """Return the estimates of a run. Raises: UsageError where it was not scored."""
    return from_json(RunDir(path).require().read_results())[0]


def signature_of(run: FinishedRun) -> str:
    """Return the signature of a run as it was scored; "" where it was not."""
    try:
        return from_json(RunDir(run.path).require().read_results())[1]
    except UsageError:
        return ""


def judges_of(path: Path, judges: Sequence[str], wanted: str | None) -> tuple[str, ...]:
    """Return the judge that was asked for, or all. Raises: UsageError where the run lacks it."""
    if wanted is None:
        return tuple(judges)
    if wanted not in judges:
        raise UsageError(
            f"--judge: got {wanted!r}, {path} has {', '.join(judges) or 'none'}."
            f"{nearest(wanted, judges)}"
        )
    return (wanted,)


def titled(run: FinishedRun, runs: Sequence[FinishedRun], title: str) -> str:
    """Return a title that names the run where there are several."""
    return f"{run.name}: {title}" if len(runs) > 1 else title
