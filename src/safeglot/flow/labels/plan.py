"""How many labels a wanted precision needs."""

from __future__ import annotations

from collections.abc import Iterator

from safeglot.backends.files.rundir import RunDir
from safeglot.errors import InputErrors, UsageError
from safeglot.flow.labels.progress import table
from safeglot.flow.measure.cube import cube_of
from safeglot.flow.measure.judges.labels import (
    drawn_answers,
    known_rates,
)
from safeglot.flow.run import session
from safeglot.score.judges.allocation import budget
from safeglot.score.judges.drawing import (
    LabelPlan,
    Rates,
    assumed,
    faults,
)

PLANNING = (
    "These are planning numbers for a normal 95% interval. The interval that is reported (MOVER) and "
    "the floor of 30 labels a verdict add 20 to 30%. The table says how many labels make the "
    "judge's errors known to this width, not that the judge is good."
)


def plan_labels(run_dir: RunDir | None, planned: LabelPlan) -> str:
    """Return how many labels a wanted half-width needs in each language. Raises: UsageError."""
    if problems := list(faults(planned)):
        raise InputErrors(problems)
    if run_dir is None and planned.unsafe_rate is None:
        raise UsageError(
            "nothing to plan for: give a run, whose verdicts say how many answers are judged unsafe, "
            "or --unsafe-rate with the share that you expect, as in --unsafe-rate 0.07."
        )
    cases = [("-", planned.unsafe_rate or 0.0, None, None)] if run_dir is None else _cases(run_dir)
    rows = []
    for language, q, judged, known in cases:
        if judged == 0:
            rows.append((language, "-", "-", "no verdict that could be read", "-", "-"))
            continue
        share = q if planned.unsafe_rate is None else planned.unsafe_rate
        for name, rates in assumed(share, planned, known):
            rows.append((language, f"{share:.3f}", name, *_needed(share, rates, planned, judged)))
    heads = ("language", "judged unsafe", "errors assumed", "labels", "of judged unsafe", "of judged safe")  # fmt: skip
    return f"labels for +-{planned.half_width:g} on the unsafe rate\n\n{table(heads, rows)}\n\n{PLANNING}"


_Case = tuple[str, float, int | None, Rates | None]
"""(language, share judged unsafe, answers judged, PPV and false omission rate by labels).

Of None judged it is not known how many there are to label; with 0 there is nothing to plan from.
"""


def _cases(run_dir: RunDir) -> Iterator[_Case]:
    """Yield the case of each language of a run."""
    manifest = session.of_models(run_dir)
    with session.opened(run_dir) as store:
        cube, drawn = cube_of(store, manifest), drawn_answers(store)
    if not cube.judges:
        raise UsageError(f"{run_dir.path}: has no judge yet. Name one: safeglot judge {run_dir.path} --judge family=provider/model.")  # fmt: skip
    judge = next((d.judge for d in drawn if d.judge in cube.judges), cube.judges[0])
    yield from known_rates(judge, drawn, cube)


def _needed(
    q: float, rates: Rates | None, planned: LabelPlan, judged: int | None
) -> tuple[str, str, str]:
    if rates is None:
        return "its errors alone give another share", "-", "-"
    try:
        needed = budget(
            q, ppv=rates[0], false_omission=rates[1], half_width=planned.half_width, judged=judged
        )
    except ValueError:
        return f"out of reach with {judged} judged", "-", "-"
    if judged is not None and (
        needed.judged_unsafe > q * judged + 0.5 or needed.judged_safe > (1 - q) * judged + 0.5
    ):
        return f"out of reach with {judged} judged", "-", "-"
    return str(needed.n), str(needed.judged_unsafe), str(needed.judged_safe)
