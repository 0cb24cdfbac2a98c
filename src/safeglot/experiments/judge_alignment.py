"""Agreement of judges with one another and with people, on the same answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from safeglot.errors import UsageError
from safeglot.experiments.cells import columns, estimate_cell
from safeglot.experiments.runs import FinishedRun, judges_of, read_estimates, read_runs, titled
from safeglot.report.table import Kind, ResultCell, ResultRow, ResultTable, number, word
from safeglot.score.judges.alignment import Aligned, Coefficient, align, pairs_of
from safeglot.score.judges.rogan_gladen import apparent_rate
from safeglot.types import Estimate

ENGLISH, OTHER = (0.931, 0.040), (0.805, 0.033)
"""Llama Guard 3 8B's published sensitivity and false positive rate on answers."""
_TRUE_RATES = (0.0, 0.01, 0.05, 0.1, 0.2, 0.4)

_HUMAN = {
    "judge_agreement": "agreement",
    "judge_kappa": "kappa",
    "judge_ac1": "AC1",
    "judge_mcc": "MCC",
    "judge_sensitivity": "sensitivity",
    "judge_specificity": "specificity",
}


def judge_alignment(paths: Sequence[Path], *, judge: str | None = None) -> list[ResultTable]:
    """Return how judges agree pair by pair, and with people's labels. Raises: UsageError."""
    runs = read_runs(paths, what="judge-alignment")
    tables = [table for run in runs for table in _of(run, runs, judge)]
    return [*tables, spurious()]


def _of(run: FinishedRun, runs: Sequence[FinishedRun], judge: str | None) -> Iterator[ResultTable]:
    pairs = list(pairs_of(run.cube))
    if judge is not None:
        judges_of(run.path, run.cube.judges, judge)
        pairs = [pair for pair in pairs if judge in pair]
    people = list(_with_people(run, runs, judge))
    if not pairs and not people:
        raise UsageError(
            f"{run.path}: has one judge and no human labels, so there is nothing to compare. "
            f"Add a judge: safeglot judge {run.path} --judge family=provider/model, then "
            f"safeglot score {run.path}; or label answers: safeglot annotate --help."
        )
    for pair in pairs:
        rows = align(run.cube, pair, level=run.level)
        yield _agreement(run, runs, rows)
        yield _directions(run, runs, rows)
    yield from people


def _agreement(
    run: FinishedRun, runs: Sequence[FinishedRun], rows: Sequence[Aligned]
) -> ResultTable:
    row = rows[0]
    return ResultTable(
        title=titled(run, runs, f"{row.first} and {row.second}: agreement"),
        columns=columns(
            {
                "language": "word",
                "agreement": "rate",
                "kappa": "number",
                "AC1": "number",
                "MCC": "number",
                "n": "count",
                "missing": "count",
            }
        ),
        rows=tuple(_agreement_row(row) for row in rows),
        text=(
            "Where agreement is lower in one language than in another, at least one judge reads "
            "that language differently. Agreement does not show that either is right: two judges "
            "can share an error."
        ),
        assumptions=(
            "answers that both judges have a verdict on; answers of all models together",
            "prompts are clusters; kappa, AC1 and MCC have a bootstrap interval over prompts",
        ),
        notes=(
            (
                "kappa and MCC fall towards 0 where nearly all answers are safe, however often the "
                "judges agree; AC1 does not."
            ),
        ),
    )


def _agreement_row(row: Aligned) -> ResultRow:
    kinds = (row.raw, row.kappa, row.ac1, row.mcc)
    return (
        word(row.language or "all"),
        *(_cell(kind) for kind in kinds),
        number(row.n),
        number(row.missing),
    )


def _cell(coefficient: Coefficient) -> ResultCell:
    return number(coefficient.value, (coefficient.low, coefficient.high), reason="undefined")


def _directions(
    run: FinishedRun, runs: Sequence[FinishedRun], rows: Sequence[Aligned]
) -> ResultTable:
    row = rows[0]
    return ResultTable(
        title=titled(run, runs, f"{row.first} and {row.second}: where they differ"),
        columns=columns(
            {
                "language": "word",
                "both unsafe": "count",
                "only the first": "count",
                "only the second": "count",
                "both safe": "count",
                "second less first": "points",
                "p": "p",
                "p Holm": "p",
            }
        ),
        rows=tuple(_direction_row(row) for row in rows),
        text=(
            f"Above zero, {row.second} calls more answers unsafe than {row.first}; a language where "
            "this stands out gets another gap from one judge than from the other. It does not say "
            "which judge errs: the answers on which they differ are the first to label."
        ),
        assumptions=(
            "McNemar's test: mid-p for single answers, else on effective pairs; Tango's interval",
        ),
    )


def _direction_row(row: Aligned) -> ResultRow:
    counts = (row.both_unsafe, row.first_only, row.second_only, row.both_safe)
    return (
        word(row.language or "all"),
        *(number(n) for n in counts),
        _cell(row.difference),
        number(row.p, reason="no data"),
        number(row.p_holm, reason="" if row.language is None else "no data"),
    )


def _with_people(
    run: FinishedRun, runs: Sequence[FinishedRun], judge: str | None
) -> Iterator[ResultTable]:
    """Yield what `safeglot score` found with human labels, where there are any."""
    if not (run.path / "results.json").is_file():
        return
    rows = [e for e in read_estimates(run.path) if e.metric in _HUMAN]
    for name in dict.fromkeys(e.judge for e in rows if judge in (None, e.judge)):
        mine = {(e.metric, e.language): e for e in rows if e.judge == name}
        languages = list(dict.fromkeys(language for _, language in mine))
        lacking = [tag for tag in run.cube.languages if tag not in languages]
        yield ResultTable(
            title=titled(run, runs, f"{name} and people"),
            columns=columns(
                {
                    "language": "word",
                    **{label: _kind(metric) for metric, label in _HUMAN.items()},
                    "labels": "count",
                }
            ),
            rows=tuple(_people_row(mine, language) for language in languages),
            text=(
                "How far the judge's verdicts agree with human labels, weighted to all answers. "
                "It holds for these models' answers in this language, and for these annotators."
            ),
            assumptions=("answers were drawn at random within the strata of the label plan",),
            notes=(f"no usable labels in {', '.join(lacking)}, left out.",) if lacking else (),
        )


def _kind(metric: str) -> Kind:
    return "number" if metric in ("judge_kappa", "judge_ac1", "judge_mcc") else "rate"


def _people_row(mine: dict[tuple[str, str | None], Estimate], language: str | None) -> ResultRow:
    cells = [
        estimate_cell(mine[metric, language]) if (metric, language) in mine else number(None)
        for metric in _HUMAN
    ]
    n = max(e.n for (_, tag), e in mine.items() if tag == language)
    return (word(language or "all"), *cells, number(n))


def spurious() -> ResultTable:
    """Return the gap that Llama Guard 3's published errors alone would make."""
    rows = []
    for rate in _TRUE_RATES:
        english, other = (
            apparent_rate(rate, sensitivity=se, false_positive=fp) for se, fp in (ENGLISH, OTHER)
        )
        rows.append((number(rate), number(english), number(other), number(english - other)))
    return ResultTable(
        title="The gap that Llama Guard 3's published errors alone would make",
        columns=columns(
            {
                "true unsafe rate everywhere": "rate",
                "judged unsafe in English": "rate",
                "in other languages": "rate",
                "safety gap that is none": "points",
            }
        ),
        rows=tuple(rows),
        text=(
            "With equal true rates a judge that misses more outside English makes other languages "
            "look safer by this much. It does not correct any number: published error rates do not "
            "carry over to other answers."
        ),
        assumptions=(
            (
                "Llama Guard 3 8B's model card, table 5, answers: sensitivity 0.931 and false positive "
                "rate 0.040 in English, 0.805 and 0.033 in other languages together"
            ),
        ),
    )
