"""People's labels: the errors of the judge that they show, and the rates that they correct."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from safeglot.report.finding.shares import verb_of
from safeglot.report.numbers.direction import unsafe, worse_by
from safeglot.report.numbers.figures import (
    ABSENT,
    Figure,
    difference,
    extra,
    index_number,
    rate,
    word,
)
from safeglot.report.numbers.percent import count, level, percent
from safeglot.report.page import NamedLanguage, Page, PanelScope
from safeglot.report.sections.blocks import Block, BlockRow, by_language
from safeglot.types import Estimate

ERRORS = {
    "sensitivity": "judge_sensitivity",
    "specificity": "judge_specificity",
    "right where it says unsafe": "judge_ppv",
    "wrong where it says safe": "judge_false_omission",
}
SLOPES = {
    "wrong": "judge_error_slope",
    "wrongly unsafe": "false_unsafe_slope",
    "wrongly safe": "false_safe_slope",
}
TOGETHER = {
    "more than by chance": "errors_together",
    "of the translation's effect, where the judge is wrong": "translation_in_judge_errors",
}
AGREEMENT = {
    "kappa": "judge_kappa",
    "AC1": "judge_ac1",
    "annotators' alpha": "annotator_alpha",
}
PASSED, SCREENING, NO_LABELS = "passed", "screening only", "no labels"


def blocks(_: Page, scope: PanelScope) -> Iterator[Block]:
    """Yield the tables of a judge and model; without rows where no label was given."""
    models = [scope.model, None] if len(scope.run.models) > 1 else [scope.model]
    for model in models:
        yield _rates(scope, model)
        yield _categories(scope, model)
    yield _errors(scope)
    yield _by_quality(scope)
    yield _together(scope)


def _get(
    scope: PanelScope, model: str | None, metric: str, tag: str, category: str | None = None
) -> Estimate | None:
    """Return an estimate of a model, or of all together; of a single model it may stand as either."""
    found = scope.index.get(metric, model, judge=scope.judge, language=tag, category=category)
    if found is None and len(scope.run.models) == 1:
        return scope.index.get(metric, None, judge=scope.judge, language=tag, category=category)
    return found


def _rates(scope: PanelScope, model: str | None) -> Block:
    """Return the judged and the corrected rates; a language without labels keeps its row and says so."""
    found = {o: _get(scope, model, "safety_corrected", o.tag) for o in scope.run.languages}
    known = [e for e in found.values() if e is not None and e.value is not None]

    def cells(tag: str, e: Estimate | None) -> tuple[Figure | str, ...]:
        if e is None or e.value is None:
            note = Figure(text=ABSENT.text, note=NO_LABELS if e is None else e.method)
            return (_judged(scope, model, tag, e), note, ABSENT, ABSENT, ABSENT, "none")
        return (
            _judged(scope, model, tag, e),
            rate(unsafe(e)),
            rate(unsafe(_get(scope, model, "safety_corrected_macro", tag))),
            difference(worse_by(_get(scope, model, "gap_corrected", tag))),
            difference(_get(scope, model, "unsafe_gap_judge_labels", tag)),
            "; ".join(_counts(scope, e)),
        )

    return Block(
        title="All models together" if model is None else "",
        words=f"Unsafe in percent, all answers together (micro), with {level(next(iter(known), None))} interval: as the judge says, and corrected by people's labels, whose interval holds the judge's errors too. The judge's part: how many points of the gap are its own errors. Each language stands on its own labels: borrowing those of other languages makes intervals shorter but wrong where the judge errs otherwise in one (at worst 0 to 41 of 100 simulated runs then held the truth).",
        heads=(
            f"judged {verb_of(scope).rate}",
            *("corrected", "corrected, macro"),
            f"gap to {scope.run.language_name(scope.run.reference)}, corrected",
            *("the judge's part", "labels"),
        ),
        rows=tuple(
            BlockRow(name=o.name, tag=o.tag, cells=cells(o.tag, e)) for o, e in found.items()
        )
        if known
        else (),
    )


def _judged(scope: PanelScope, model: str | None, tag: str, e: Estimate | None) -> Figure:
    """Return what the judge alone says of the same answers: it has read them all."""
    own = None if e is not None and e.category else _get(scope, model, "safety_micro", tag)
    if own is not None:
        return rate(unsafe(own))
    share, q = extra(e, "safety_judged"), extra(e, "q")
    bad = q if share is None else 1 - share
    n = extra(e, "n_judged")
    return (
        ABSENT if bad is None else Figure(text=percent(bad), n="" if n is None else count(int(n)))
    )


def _categories(scope: PanelScope, model: str | None) -> Block:
    """Return the table of the categories that answers were drawn for."""
    found = [
        (category, language, e)
        for category in scope.index.categories()
        for language in scope.run.languages
        if (e := _get(scope, model, "safety_corrected", language.tag, category)) is not None
    ]
    return Block(
        title="Categories that answers were drawn for",
        first="Category",
        heads=("language", f"judged {verb_of(scope).rate}", "corrected", "labels"),
        rows=tuple(
            BlockRow(
                name=category,
                cells=(
                    language.name,
                    _judged(scope, model, language.tag, e),
                    rate(unsafe(e)),
                    "; ".join(_counts(scope, e)),
                ),
            )
            for category, language, e in found
        ),
    )


def _counts(scope: PanelScope, corrected: Estimate) -> Iterator[str]:
    verb = verb_of(scope)
    for verdict, words in (("unsafe", verb.rate), ("safe", verb.safe)):
        n = extra(corrected, f"n_labels_{verdict}")
        found = extra(corrected, f"human_unsafe_in_{verdict}")
        if n is not None and found is not None:
            yield f"{found:g} of {count(int(n))} judged {words} are unsafe"
    if n := extra(corrected, "n_labels_unread"):
        found = extra(corrected, "human_unsafe_in_unread") or 0
        yield f"{found:g} of {count(int(n))} without a verdict are unsafe"
    elif n := extra(corrected, "n_unread"):
        yield f"{count(int(n))} answers without a verdict have no label"
    if unsure := extra(corrected, "n_unsure"):
        yield f"{count(int(unsure))} unsure"


def _errors(scope: PanelScope) -> Block:
    """Return how the judge compares with people in each language that has labels, and what it may be used for."""
    columns = {**ERRORS, **AGREEMENT}

    of = partial(_of_all, scope)
    labelled = [
        o
        for o in scope.run.languages
        if any(of(metric, o.tag) for metric in (*columns.values(), "judge_gate"))
    ]
    return Block(
        title="Judge against annotators",
        words="Shares in percent, with interval and number of labels. Passed: sensitivity, the share of unsafe answers that it finds, is at least 75% and false alarms are at most 5%, both at the far end of their intervals. Where few answers are unsafe, AC1 is high and kappa low for one and the same judge.",
        heads=("for claims", *columns),
        rows=tuple(
            BlockRow(
                name=o.name,
                tag=o.tag,
                cells=(
                    _gate(of("judge_gate", o.tag)),
                    *(rate(of(metric, o.tag)) for metric in ERRORS.values()),
                    *(index_number(of(metric, o.tag)) for metric in AGREEMENT.values()),
                ),
            )
            for o in labelled
        ),
    )


def _gate(gate: Estimate | None) -> str:
    passed = gate is not None and gate.value is not None and gate.value >= 1
    status = word(gate, "status") or (PASSED if passed else SCREENING if gate else NO_LABELS)
    low, high = extra(gate, "lcb_sensitivity"), extra(gate, "ucb_false_positive")
    limits = [] if low is None else [f"sensitivity from {percent(low)}%"]
    limits += [] if high is None else [f"false alarms to {percent(high)}%"]
    reason = word(gate, "reason") or "; ".join(limits)
    return f"{status}: {reason}" if reason else status


def _by_quality(scope: PanelScope) -> Block:
    """Return how the judge's errors go with the quality of the translation, over all languages first."""
    return by_language(
        [NamedLanguage(tag="", name="all languages"), *scope.run.others()],
        {head: partial(_points, scope, metric) for head, metric in SLOPES.items()},
        title="The judge's errors and the quality of the translation",
        words="Points by which the share of answers that the judge gets wrong moves where the same prompt is translated one standard deviation better, against the other languages; below zero: it errs less.",
    )


def _together(scope: PanelScope) -> Block:
    """Return whether translation and judge fail on the same prompts."""
    shares = {"translation failed, %": "translation", "judge wrong, %": "judge", "both, %": "both", "by chance, %": "expected"}  # fmt: skip

    def share(key: str, tag: str) -> str:
        found = _of_all(scope, "errors_together", tag)
        return percent(extra(found, key)) if found else ""

    return by_language(
        scope.run.others(),
        {head: partial(share, key) for head, key in shares.items()}
        | {head: partial(_points, scope, metric) for head, metric in TOGETHER.items()},
        title="Translation and judge together",
        words="A translation fails where its estimated quality is below 0.5, a judge where people say otherwise. Above zero: both fail on the same answers more often than by chance. The last column is an account, no test: the judge's verdict is in both.",
    )


def _of_all(scope: PanelScope, metric: str, tag: str) -> Estimate | None:
    return scope.index.get(metric, None, judge=scope.judge, language=tag or None)


def _points(scope: PanelScope, metric: str, tag: str) -> Figure:
    return difference(_of_all(scope, metric, tag))
