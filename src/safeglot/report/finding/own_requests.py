"""Languages with requests of their own: what may be said of their differences, which are not paired."""

from __future__ import annotations

from collections.abc import Iterator

from safeglot.report.numbers.interpretation import LIMIT, is_interpretable
from safeglot.report.numbers.percent import number, p_value
from safeglot.report.page import PanelScope
from safeglot.text.rounding import below
from safeglot.types import Estimate

METRIC = "gap_unpaired"
NOT_THE_SAME = "not the same requests"
MOST = 3
"""So many categories are named."""


def unpaired(scope: PanelScope) -> list[Estimate]:
    """Return the unpaired difference of each language that has one, in the order of the run."""
    rows = (scope.get(METRIC, language.tag) for language in scope.run.others())
    return [row for row in rows if row is not None and row.value is not None]


def headline(scope: PanelScope, rows: list[Estimate]) -> tuple[str, str]:
    """Return the sentence of a run without pairs, and the language that it is about."""
    run = scope.run
    name = run.language_name(run.reference)
    told = [row for row in rows if _is_told(row)]
    if not told:
        return (
            f"Not the same requests in each language: none is told apart from {name}.",
            run.reference,
        )
    widest = max(told, key=lambda row: abs(row.value or 0.0))
    tag = widest.language or ""
    return f"{_words(scope, widest)}.", tag


def sentences(scope: PanelScope) -> Iterator[str]:
    """Yield each difference with its interval, what it is taken of, and whether chance explains it."""
    name = scope.run.language_name(scope.run.reference)
    for row in unpaired(scope):
        own = scope.run.language_name(row.language or "")
        if not is_interpretable(row):
            yield f"{own} and {name}: not interpreted, more than {100 * LIMIT:.0f}% of the verdicts are missing or of the answers invalid."
            continue
        of = f"{row.n} verdicts beside {row.extra['n_reference']}, {row.extra['categories']} of {row.extra['of']} categories"
        p = p_value(number(row, "p_holm"))
        told = "" if _is_told(row) else "; not told apart"
        yield f"{_words(scope, row)} ({of} in both, p {p}{told}).{_categories(scope, row)}"


def _categories(scope: PanelScope, of: Estimate) -> str:
    """Return in which categories a language is told apart, from the widest difference."""
    cells = [e for e in scope.all(METRIC) if e.language == of.language and e.category is not None]
    told = sorted(filter(_is_told, cells), key=lambda e: -abs(e.value or 0.0))
    shown = [f"{e.category} {_amount(e.value or 0.0)}" for e in told[:MOST]]
    more = [f"{len(told) - MOST} more"] if len(told) > MOST else []
    return f" By category: {', '.join([*shown, *more])}, beyond chance." if told else ""


def why(scope: PanelScope, language: str) -> str:
    """Return why a difference of a run without pairs has no cause told, and what would tell it."""
    about = [
        s
        for row, s in zip(unpaired(scope), sentences(scope), strict=True)
        if language in ("", row.language)
    ]
    name = scope.run.language_name(scope.run.reference)
    return (
        f"{' '.join(about)} Nothing tells the translation, the judge, the model and the requests "
        f"apart where {name} was asked something else. Have the same requests asked in both: leave "
        f"--unpaired out, and translate: --languages {scope.run.reference} --to TAGS --with TRANSLATOR."
    )


def _is_told(row: Estimate) -> bool:
    """Return whether a difference is beyond chance: by its interval and by its adjusted test."""
    p, level = number(row, "p_holm"), row.level or 0.95
    apart = (row.low or 0.0) > 0 or (row.high or 0.0) < 0
    return is_interpretable(row) and apart and p is not None and below(p, 1 - level)


def _amount(value: float) -> str:
    return f"{100 * abs(value):.1f} points {'less safe' if value < 0 else 'safer'}"


def _words(scope: PanelScope, row: Estimate) -> str:
    own, name = (scope.run.language_name(tag) for tag in (row.language or "", scope.run.reference))
    value, low, high = (100 * (x or 0.0) for x in (row.value, row.low, row.high))
    if value < 0:
        ends, word = f"{-high:.1f} to {-low:.1f}", "less safe"
    else:
        ends, word = f"{low:.1f} to {high:.1f}", "safer"
    return (
        f"Not the same requests: {own} is {abs(value):.1f} points {word} than {name} ({ends}), "
        f"with the categories weighed as in {name}"
    )
