"""Which steps of a run are carried together, and which models have to take turns in memory."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TypeAlias

from safeglot.config.engines import runs_here
from safeglot.config.model_strings import JudgeConfig, ModelConfig
from safeglot.flow.run.job import Job
from safeglot.flow.run.replicas import fits
from safeglot.generate import Generate
from safeglot.judge.norms import Normed
from safeglot.types import JudgeStep

_Targets: TypeAlias = Sequence[tuple[Generate, ModelConfig]]
_Judges: TypeAlias = Sequence[tuple[JudgeStep, JudgeConfig]]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """Steps that run together; one in-process engine is in memory at a time."""

    targets: tuple[Generate, ...]
    """Those that are asked now; of the others only stored answers are judged."""
    judges: tuple[JudgeStep, ...]
    models: tuple[ModelConfig, ...]


def phases(job: Job, *, answers: bool = True, judged: bool = True) -> list[Phase]:
    """Return one streaming phase, or a barrier between in-process engines where there are several."""
    targets = list(zip(job.targets, job.config.target, strict=True)) if answers else []
    judges = list(zip(job.judges, job.config.judge, strict=True)) if judged else []
    judges = [(j, c) for j, c in judges if not isinstance(j, Normed) or j.asked]
    local = {m.model for m in _models(targets, judges) if is_local(m)}
    if len(local) <= 1 or fits(job.config, _models(targets, judges)):
        return [_phase(targets, judges)]
    alone = [pair for pair in targets if is_local(pair[1])]
    after = [pair for pair in judges if pair[1].model and is_local(pair[1].model)]
    streamed = _phase([p for p in targets if p not in alone], [p for p in judges if p not in after])
    return [
        *(_phase([pair], []) for pair in alone),
        *([streamed] if streamed.targets or streamed.judges else []),
        *(_phase([], [pair]) for pair in after),
    ]


def _phase(targets: _Targets, judges: _Judges) -> Phase:
    return Phase(
        targets=tuple(t for t, _ in targets),
        judges=tuple(j for j, _ in judges),
        models=_models(targets, judges),
    )


def _models(targets: _Targets, judges: _Judges) -> tuple[ModelConfig, ...]:
    return (*(m for _, m in targets), *(c.model for _, c in judges if c.model))


def is_local(model: ModelConfig) -> bool:
    """Return whether a model runs in this process."""
    return runs_here(model.provider)
