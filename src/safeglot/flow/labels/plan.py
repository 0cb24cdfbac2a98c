"""How many labels a wanted precision needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from safeglot.backends.files.manifest import Manifest
from safeglot.backends.files.rundir import RunDir
from safeglot.errors import InputErrors, UsageError
from safeglot.flow.labels.progress import table
from safeglot.flow.measure.cube import cube_of
from safeglot.flow.measure.judges.labels import (
    Drawn,
    answered,
    counts_to_plan,
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
from safeglot.score.judges.label_counts import LabelCounts
from safeglot.score.judges.next_labels import TEN, next_ten

PLANNING = (
    "These are planning numbers for a normal 95% interval. The interval that is reported (MOVER) and "
    "the floor of 30 labels a verdict add 20 to 30%. The table says how many labels make the "
    "judge's errors known to this width, not that the judge is good."
)
EXPECTED = (
    "Widths are of 95% intervals in shares; expected is the mean over what people may say of answers "
    "drawn as those with labels were."
)


def plan_labels(run_dir: RunDir | None, planned: LabelPlan) -> str:
    """Return how many labels a wanted half-width needs in each language. Raises: UsageError."""
    if problems := list(faults(planned)):
        raise InputErrors(problems)
    if run_dir is None:
        if planned.unsafe_rate is None:
            raise UsageError(
                "nothing to plan for: give a run, whose verdicts say how many answers are judged unsafe, "
                "or --unsafe-rate with the share that you expect, as in --unsafe-rate 0.07."
            )
        return _table([("-", planned.unsafe_rate, None, None)], planned)
    counts, drawn, manifest = _counted(run_dir)
    cases = [(tag, 0.0, 0, None) if c is None else (tag, c.share.q, c.share.n, known_rates(c)) for tag, c in counts.items()]  # fmt: skip
    return f"{_table(cases, planned)}{_next(counts, drawn, manifest, run_dir)}"


_Case = tuple[str, float, int | None, Rates | None]
"""(language, share judged unsafe, answers judged, PPV and false omission rate by labels).

Of None judged it is not known how many there are to label; with 0 there is nothing to plan from.
"""


def _counted(
    run_dir: RunDir,
) -> tuple[dict[str, LabelCounts | None], list[Drawn], Manifest]:
    """Return the labels of each language of a run, counted, and the answers drawn for them."""
    manifest = session.of_models(run_dir)
    with session.opened(run_dir) as store:
        cube, drawn = cube_of(store, manifest), drawn_answers(store)
        there = answered(store, cube)
    if not cube.judges:
        raise UsageError(session.no_judge(run_dir))
    judge = next((d.judge for d in drawn if d.judge in cube.judges), cube.judges[0])
    return dict(counts_to_plan(judge, drawn, cube, there)), drawn, manifest


def _table(cases: Sequence[_Case], planned: LabelPlan) -> str:
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


def _next(
    counts: Mapping[str, LabelCounts | None],
    drawn: Sequence[Drawn],
    manifest: Manifest,
    run_dir: RunDir,
) -> str:
    """Return where the next ten labels are worth most; "" before there is any."""
    known = {tag: c for tag, c in counts.items() if c is not None}
    if not any(c.labelled for c in known.values()):
        return ""
    found = next_ten(known, manifest.reference, level=manifest.level)
    best, widest = min(found, key=lambda x: x.widest), max(found, key=lambda x: x.width)
    of = {x.language: "rate" if x.language == manifest.reference or manifest.reference not in known else f"gap to {manifest.reference}" for x in found}  # fmt: skip
    heads = ("language", "labels", "interval", "width", f"with {TEN} more", "widest of all then")
    rows = [(x.language, x.labels, of[x.language], *(f"{w:.4f}" for w in (x.width, x.after, x.widest))) for x in found]  # fmt: skip
    waiting = sum(d.language == best.language and not d.labels for d in drawn)
    how = (
        f"{waiting} answers drawn in {best.language} wait for a label: safeglot label {run_dir.path}."
        if waiting
        else f"Draw them: safeglot annotate sample {run_dir.path} --more {best.language} --labels {TEN} --out {run_dir.path}/more-{best.language}-{best.labels}.csv."
    )
    return (
        f"\n\nthe next {TEN} labels\n\n{table(heads, rows)}\n\n"
        f"The next {TEN} labels are worth most in {best.language}: the widest interval, {of[widest.language]} of {widest.language}, "
        f"is {widest.width:.4f} wide, and {best.widest:.4f} is expected after them. {EXPECTED} {how}"
    )


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
