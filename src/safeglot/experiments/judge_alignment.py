"""Judges beside one another and beside people, on the same answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from safeglot.errors import UsageError
from safeglot.experiments import sources as runs_of
from safeglot.experiments.category_exclusion import of_estimate
from safeglot.experiments.sources import Source, judges_of, read_all, titled
from safeglot.report.table import Column, Kind, ResultCell, ResultRow, ResultTable, number, word
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


def judge_alignment(runs: Sequence[Path], *, judge: str | None = None) -> list[ResultTable]:
    """Compare judges pair by pair, with people where there are labels. Raises: UsageError."""
    sources = read_all(runs, what="judge-alignment")
    tables = [table for source in sources for table in _of(source, sources, judge)]
    return [*tables, spurious()]


def _of(source: Source, sources: Sequence[Source], judge: str | None) -> Iterator[ResultTable]:
    pairs = list(pairs_of(source.cube))
    if judge is not None:
        judges_of(source.path, source.cube.judges, judge)
        pairs = [pair for pair in pairs if judge in pair]
    people = list(_with_people(source, sources, judge))
    if not pairs and not people:
        raise UsageError(
            f"{source.path}: has one judge and no human labels, so there is nothing to compare. "
            f"Add a judge: safeglot judge {source.path} --judge family=provider/model, then "
            f"safeglot score {source.path}; or label answers: safeglot annotate --help."
        )
    for pair in pairs:
        told = align(source.cube, pair, level=source.level)
        yield _agreement(source, sources, told)
        yield _directions(source, sources, told)
    yield from people


def _agreement(source: Source, sources: Sequence[Source], told: Sequence[Aligned]) -> ResultTable:
    one = told[0]
    names = ("agreement", "kappa", "AC1", "MCC")
    return ResultTable(
        title=titled(source, sources, f"{one.first} and {one.second}: agreement"),
        columns=(
            Column(name="language"),
            Column(name=names[0], kind="rate"),
            *(Column(name=name, kind="number") for name in names[1:]),
            Column(name="n", kind="count"),
            Column(name="missing", kind="count"),
        ),
        rows=tuple(_agreement_row(one) for one in told),
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


def _agreement_row(one: Aligned) -> ResultRow:
    kinds = (one.raw, one.kappa, one.ac1, one.mcc)
    return (
        word(one.language or "all"),
        *(_cell(kind) for kind in kinds),
        number(one.n),
        number(one.missing),
    )


def _cell(one: Coefficient) -> ResultCell:
    return number(one.value, (one.low, one.high), reason="undefined")


def _directions(source: Source, sources: Sequence[Source], told: Sequence[Aligned]) -> ResultTable:
    one = told[0]
    return ResultTable(
        title=titled(source, sources, f"{one.first} and {one.second}: where they differ"),
        columns=(
            Column(name="language"),
            Column(name="both unsafe", kind="count"),
            Column(name="only the first", kind="count"),
            Column(name="only the second", kind="count"),
            Column(name="both safe", kind="count"),
            Column(name="second less first", kind="points"),
            Column(name="p", kind="p"),
            Column(name="p Holm", kind="p"),
        ),
        rows=tuple(_direction_row(one) for one in told),
        text=(
            f"Above zero, {one.second} calls more answers unsafe than {one.first}; a language where "
            "this stands out gets another gap from one judge than from the other. It does not say "
            "which judge errs: the answers on which they differ are the first to label."
        ),
        assumptions=(
            "McNemar's test: mid-p for single answers, else on effective pairs; Tango's interval",
        ),
    )


def _direction_row(one: Aligned) -> ResultRow:
    counts = (one.both_unsafe, one.first_only, one.second_only, one.both_safe)
    return (
        word(one.language or "all"),
        *(number(n) for n in counts),
        _cell(one.difference),
        number(one.p, reason="no data"),
        number(one.p_holm, reason="" if one.language is None else "no data"),
    )


def _with_people(
    source: Source, sources: Sequence[Source], judge: str | None
) -> Iterator[ResultTable]:
    """Show what `safeglot score` found with human labels, where there are any."""
    if not (source.path / "results.json").is_file():
        return
    told = [e for e in runs_of.estimates(source.path) if e.metric in _HUMAN]
    for name in dict.fromkeys(e.judge for e in told if judge in (None, e.judge)):
        mine = {(e.metric, e.language): e for e in told if e.judge == name}
        languages = list(dict.fromkeys(language for _, language in mine))
        lacking = [tag for tag in source.cube.languages if tag not in languages]
        yield ResultTable(
            title=titled(source, sources, f"{name} and people"),
            columns=(
                Column(name="language"),
                *(Column(name=label, kind=_kind(metric)) for metric, label in _HUMAN.items()),
                Column(name="labels", kind="count"),
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
        of_estimate(mine[metric, language]) if (metric, language) in mine else number(None)
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
        columns=(
            Column(name="true unsafe rate everywhere", kind="rate"),
            Column(name="judged unsafe in English", kind="rate"),
            Column(name="in other languages", kind="rate"),
            Column(name="safety gap that is none", kind="points"),
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
