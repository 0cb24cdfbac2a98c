"""The lines under the headline: rates with intervals and n, the other languages, and whose labels these are."""

from __future__ import annotations

from collections.abc import Sequence

from safeglot.report.finding.cause import Cause
from safeglot.report.finding.rates import LanguageRate, corrected
from safeglot.report.finding.shares import UNSAFELY, Verb, gap_span, joined, rate_and_span
from safeglot.report.names import short_judge
from safeglot.report.numbers.interpretation import NOT_INTERPRETED
from safeglot.report.numbers.percent import count, level, number, points, shortfalls
from safeglot.report.page import PanelScope, averages, macro_metric
from safeglot.types import Estimate

UNCHECKED = "no person has checked it here"


def has_equal_categories(scope: PanelScope) -> bool:
    """Return whether all categories have as many planned answers: macro average and count then agree."""
    return len(_sizes(scope)) <= 1


def figures(
    scope: PanelScope, about: LanguageRate | None, reference: LanguageRate | None, why: Cause | None
) -> str:
    """Return the rates with their intervals, the gap with its own and n, and what the arms allow.

    Where categories differ in size, the pooled rates of the sentence come first and the page's
    average, which the gap is of, behind them.
    """
    places = scope.index.decimals
    if about is None or about.rate is None:
        return ""
    if about.reading == "reference" or reference is None or reference.rate is None:
        return f"{rate_and_span(about.rate, places)}, n = {count(about.rate.n)}."
    text = f"{rate_and_span(about.rate, places)} against {rate_and_span(reference.rate, places)}"
    if about.gap is not None and about.gap.value is not None:
        pairs = "" if about.is_corrected else f" on {_pairs(about.gap, about.rate, reference.rate)}"
        text += f", {points(about.gap.value, places)} points {gap_span(about.gap, places)}{pairs}"
    if not has_equal_categories(scope) and not about.is_corrected:
        pooled = " against ".join(
            rate_and_span(row.micro, places) for row in (about, reference) if row.micro
        )
        text = f"{pooled} of those asked; as {average_words(scope)} {text}"
    return f"{text}.{of_terms(why)}"


def of_terms(why: Cause | None) -> str:
    """Return how much of the gap the terms that are not named have at most, and what hides a part of it."""
    if why is None or why.total is None or not why.terms:
        return ""
    total = 100 * (why.total.value or 0.0)
    text = ""
    if why.case == "one":
        named = max(why.terms, key=lambda term: term.low)
        at_most = [
            f"{100 * max(term.high, 0.0):.1f} {'are ' if not k else ''}the {term.name}'s"
            for k, term in enumerate(t for t in why.terms if t is not named)
        ]
        text = f" Of the {total:.1f} points at most {joined(at_most)}."
    elif why.case == "untold":
        ranges = [f"the {t.name} {points(t.low)} to {points(t.high)}" for t in why.terms]
        text = f" Of the {total:.1f} points {joined(ranges)}."
    hiding = [term for term in why.terms if term.sign < 0]
    for term in hiding:
        text += f" The {term.name} hides {-100 * term.high:.1f} to {-100 * term.low:.1f} points."
    return text


def of_others(
    scope: PanelScope, rates: Sequence[LanguageRate], language: str, verb: Verb = UNSAFELY
) -> str:
    """Return which other languages are less safe, safer, not told apart or not interpreted."""
    run = scope.run
    name = run.language_name(run.reference)
    by_reading: dict[str, list[str]] = {}
    for row in rates:
        if row.language.tag not in (language, run.reference):
            by_reading.setdefault(row.reading, []).append(row.language.name)
    is_first = language in (run.reference, "")
    about = next((row for row in rates if row.language.tag == language), None)
    also = "" if is_first or about is None or about.reading != "less safe" else " too"
    words = {
        "less safe": f"{verb.less}{also}",
        "safer": f"{verb.more} than {name}",
        "not told apart": f"not told apart from {name}",
        NOT_INTERPRETED: NOT_INTERPRETED,
    }
    parts = [
        f"{joined(names)} {'is' if len(names) == 1 else 'are'} {told}"
        for reading, told in words.items()
        if (names := by_reading.get(reading))
    ]
    return f"{'; '.join(parts)}." if parts else ""


def _pairs(gap: Estimate, *rates: Estimate) -> str:
    """Return which requests a gap is of: under a plan a language may have been asked more than the other."""
    asked_apart = len({rate.n for rate in rates}) > 1 and "plan_look" in rates[0].extra
    n = requests(gap)
    return f"the {n} requests that both were asked" if asked_apart else f"the same {n} requests"


def requests(gap: Estimate) -> str:
    """Return how many prompts a gap is of: with several samples it has more pairs."""
    return count(int(number(gap, "prompts") or gap.n))


def checked(scope: PanelScope) -> str:
    """Return in words whether people have checked the judge: "no person has checked it here"."""
    names = [
        language.name
        for language in scope.run.languages
        if (one := corrected(scope, language.tag)) and one.value is not None
    ]
    return f"people have checked it in {joined(names)} only" if names else UNCHECKED


def judge_line(scope: PanelScope, rates: Sequence[LanguageRate], *, is_small: bool = False) -> str:
    """Return whose labels these are and whether people checked them, the average, and the level."""
    judge = short_judge(scope.judge)
    if any(row.is_corrected for row in rates):
        labels = [row.rate.n for row in rates if row.rate and row.is_corrected]
        span = _range(labels)
        whose = f"Corrected by people's labels ({span} a language); the judge is {judge}"
    elif scope.judge in scope.run.refusals_only:
        whose = f"{judge} tells refusals only: what it calls no refusal is not yet unsafe"
    else:
        whose = f"Unsafe is what {judge} labels unsafe; {checked(scope)}"
    shown = next((row.rate for row in rates if row.rate is not None), None)
    words = "" if is_small else f" {average_words(scope).capitalize()}."
    return f"{whose}.{words} {level(shown)} intervals."


def average_words(scope: PanelScope) -> str:
    """Return the page's average in words: "mean of 16 categories of 100 requests (macro-16)"."""
    metric = macro_metric(scope.index)
    rate = scope.get(metric, scope.run.reference)
    of = len(_categories(scope)) if rate is None else int(rate.extra.get("categories") or 0)
    sizes = _sizes(scope)
    each = f" of {_range(_asked_each(scope, sizes))} requests" if len(sizes) == 1 and of > 1 else ""
    name = averages(scope.index).get(metric, "macro")
    if of == 1:
        return "all requests of one category"
    lacking = shortfalls(rate) if rate else []
    if lacking:
        return f"mean of {lacking[0]}{each} ({name})"
    short = name if name[-1].isdigit() else f"{name}-{of}"
    return f"mean of {of} categories{each} ({short})"


def average_name(scope: PanelScope) -> str:
    """Return the page's average by its name: "macro-16"."""
    metric = macro_metric(scope.index)
    name = averages(scope.index).get(metric, "macro")
    rate = scope.get(metric, scope.run.reference)
    of = rate.extra.get("of") if rate else None
    return f"{name}-{int(of)}" if isinstance(of, int | float) and not name[-1].isdigit() else name


def _categories(scope: PanelScope) -> list[Estimate]:
    tag = scope.run.reference
    return [e for e in scope.all("safety") if e.language == tag and e.category is not None]


def _sizes(scope: PanelScope) -> set[int]:
    return {e.n + e.missing for e in _categories(scope)}


def _asked_each(scope: PanelScope, sizes: set[int]) -> list[int]:
    """Return how many requests a category has: under a plan the languages are asked apart."""
    cells = [e for e in scope.all("safety") if e.category is not None and "plan_look" in e.extra]
    return [*sizes, *(e.n + e.missing for e in cells)]


def _range(numbers: Sequence[int]) -> str:
    low, high = min(numbers), max(numbers)
    return count(low) if low == high else f"{count(low)} to {count(high)}"
