"""Agreement of judges with one another and with people, on the same answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from safeglot.errors import UsageError
from safeglot.experiments.cells import estimate_cell, tabled
from safeglot.experiments.runs import FinishedRun, judges_of, read_estimates, read_runs, titled
from safeglot.report.table import (
    ResultCell,
    ResultRow,
    ResultTable,
    number,
    said,
    word,
)
from safeglot.score.judges.alignment import Aligned, Coefficient, align, pairs_of
from safeglot.score.judges.rogan_gladen import apparent_rate
from safeglot.types import Estimate

ENGLISH, OTHER = (0.931, 0.040), (0.805, 0.033)
"""Llama Guard 3 8B's published sensitivity and false positive rate on answers."""
_TRUE_RATES = (0.0, 0.01, 0.05, 0.1, 0.2, 0.4)

_HUMAN = (
    "judge_agreement", "judge_kappa", "judge_ac1", "judge_mcc", "judge_sensitivity", "judge_specificity",
)  # fmt: skip
"""In the order of the columns."""


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

    def words(table: str, **filled: object) -> dict[str, Any]:
        """Return the words of a table, whose title names the run where there are several."""
        found = said(table, **filled)
        return found | {"title": titled(run, runs, found["title"])}

    people = list(_with_people(run, words, judge))
    if not pairs and not people:
        raise UsageError(
            f"{run.path}: has one judge and no human labels, so there is nothing to compare. "
            f"Add a judge: safeglot judge {run.path} --judge family=provider/model, then "
            f"safeglot score {run.path}; or label answers: safeglot annotate --help."
        )
    for pair in pairs:
        rows = align(run.cube, pair, level=run.level)
        names = {"first": rows[0].first, "second": rows[0].second}
        yield _agreement(rows, words("agreement", **names))
        yield _directions(rows, words("directions", **names))
    yield from people


def _agreement(rows: Sequence[Aligned], words: dict[str, Any]) -> ResultTable:
    return tabled(
        rows,
        {
            "language": ("word", lambda r: word(r.language or "all")),
            "agreement": ("rate", lambda r: _cell(r.raw)),
            "kappa": ("number", lambda r: _cell(r.kappa)),
            "AC1": ("number", lambda r: _cell(r.ac1)),
            "MCC": ("number", lambda r: _cell(r.mcc)),
            "n": ("count", lambda r: number(r.n)),
            "missing": ("count", lambda r: number(r.missing)),
        },
        **words,
    )


def _cell(coefficient: Coefficient) -> ResultCell:
    return number(coefficient.value, (coefficient.low, coefficient.high), reason="undefined")


def _directions(rows: Sequence[Aligned], words: dict[str, Any]) -> ResultTable:
    return tabled(
        rows,
        {
            "language": ("word", lambda r: word(r.language or "all")),
            "both unsafe": ("count", lambda r: number(r.both_unsafe)),
            "only the first": ("count", lambda r: number(r.first_only)),
            "only the second": ("count", lambda r: number(r.second_only)),
            "both safe": ("count", lambda r: number(r.both_safe)),
            "second less first": ("points", lambda r: _cell(r.difference)),
            "p": ("p", lambda r: number(r.p, reason="no data")),
            "p Holm": ("p", lambda r: number(r.p_holm, reason="no data" if r.language else "")),
        },
        **words,
    )


def _with_people(
    run: FinishedRun, words: Callable[..., dict[str, Any]], judge: str | None
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
            **words("people", judge=name),
            rows=tuple(_people_row(mine, language) for language in languages),
            notes=(f"no usable labels in {', '.join(lacking)}, left out.",) if lacking else (),
        )


def _people_row(mine: dict[tuple[str, str | None], Estimate], language: str | None) -> ResultRow:
    cells = [
        estimate_cell(mine[metric, language]) if (metric, language) in mine else number(None)
        for metric in _HUMAN
    ]
    n = max(e.n for (_, tag), e in mine.items() if tag == language)
    return (word(language or "all"), *cells, number(n))


def spurious() -> ResultTable:
    """Return the gap that Llama Guard 3's published errors alone would make."""

    def judged(rate: float, errors: tuple[float, float]) -> float:
        return apparent_rate(rate, sensitivity=errors[0], false_positive=errors[1])

    def gap(rate: float) -> float:
        return judged(rate, ENGLISH) - judged(rate, OTHER)

    return tabled(
        _TRUE_RATES,
        {
            "true unsafe rate everywhere": ("rate", number),
            "judged unsafe in English": ("rate", lambda r: number(judged(r, ENGLISH))),
            "in other languages": ("rate", lambda r: number(judged(r, OTHER))),
            "safety gap that is none": ("points", lambda r: number(gap(r))),
        },
        **said("spurious"),
    )
