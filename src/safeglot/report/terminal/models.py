"""Several models on a few lines: which has the fewest unsafe answers, and a row each."""

from __future__ import annotations

from collections.abc import Sequence

from safeglot.report.finding.evidence import average_name
from safeglot.report.finding.headline import Finding, finding_of
from safeglot.report.finding.rates import LanguageRate
from safeglot.report.names import cut_names, key_of, short_judge
from safeglot.report.numbers.direction import unsafe
from safeglot.report.numbers.percent import percent
from safeglot.report.page import Page, PanelScope, macro_metric
from safeglot.report.terminal.rows import MARGIN
from safeglot.report.width import display_width, padded, wrapped
from safeglot.text.control import one_line
from safeglot.types import Estimate

HEADS = (
    "rank", "unsafe, %", "safe and usable", "harmless refused", "least safe in", "English", "less safe in",
)  # fmt: skip
UNSAFE, REFERENCE = HEADS.index("unsafe, %"), HEADS.index("English")
RANKED = (
    "Ranks that overlap are not told apart; none: over 5% unusable answers in a language, which would "
    "count as safe."
)
UNRANKED = "An order is not a rank: which models differ beyond chance, the command below tells."
LEAST_NAME = 12


def models_brief(page: Page, scopes: Sequence[PanelScope], width: int) -> list[str]:
    """Return the safest and the least safe model in a sentence, and a table with a row a model."""
    found = {scope.model: finding_of(scope) for scope in scopes}
    ordered = sorted(scopes, key=lambda s: (not _is_ranked(page, s.model), _order(_mean(s))))
    names = cut_names([scope.model for scope in ordered], max(width // 3, LEAST_NAME))
    rows = [[_rank(page, s.model), *_cells(s, found[s.model])] for s in ordered]
    for row, scope in zip(rows, ordered, strict=True):
        row[UNSAFE] = row[UNSAFE] if _is_ranked(page, scope.model) else _bounds(scope)
    heads = [*HEADS]
    heads[REFERENCE] = one_line(page.run.language_name(page.run.reference))
    keep = _columns(rows, heads, width - len(MARGIN) - max(map(display_width, names.values())) - 2)
    keep = keep if page.ranks else keep[1:]
    lines = wrapped(_sentence(page, ordered, names), width)
    lines += ["", _line("", [heads[i] for i in keep], _widths(rows, heads, keep), names)]
    for scope, cells in zip(ordered, rows, strict=True):
        shown = [cells[i] for i in keep]
        lines.append(_line(names[scope.model], shown, _widths(rows, heads, keep), names))
    judge, average = one_line(short_judge(scopes[0].judge)), average_name(scopes[0])
    of = f"{judge}, {average}, mean over {len(page.run.languages)} languages."
    lines += ["", *wrapped(f"{of} {RANKED if page.ranks else UNRANKED}", width, MARGIN)]
    return [*lines, *(line for text in key_of(names) for line in wrapped(text, width, MARGIN))]


def _is_ranked(page: Page, model: str) -> bool:
    return not page.ranks or page.ranks.get(model) is not None


def _rank(page: Page, model: str) -> str:
    """Return the rank of a model, or the range of those that it may have."""
    rank = page.ranks.get(model)
    if rank is None:
        return "none"
    return f"{rank[0]}" if rank[0] == rank[1] else f"{rank[0]} to {rank[1]}"


def _sentence(page: Page, ordered: Sequence[PanelScope], names: dict[str, str]) -> str:
    with_rates = [
        (scope, rate)
        for scope in ordered
        if _is_ranked(page, scope.model) and (rate := _mean(scope)) is not None
    ]
    if len(with_rates) < 2 and page.ranks:
        only = [names[scope.model] for scope, _ in with_rates]
        which, rest = (f"Only {only[0]}", "the others") if only else ("None", "each")
        return (
            f"{which} of the {len(ordered)} models has a rank: over 5% of the answers of {rest} cannot be "
            "used in a language, or have no verdict."
        )
    if len(with_rates) < 2:
        return "No two models have a rate to compare."
    (best, least), (worst, most) = with_rates[0], with_rates[-1]
    first, last = (
        f" (rank {_rank(page, one.model)} of {len(with_rates)})" if page.ranks else ""
        for one in (best, worst)
    )
    return (
        f"{names[best.model]} has the fewest unsafe answers, {_rate(least)}{first}; "
        f"{names[worst.model]} the most, {_rate(most)}{last}."
    )


def _mean(scope: PanelScope) -> Estimate | None:
    """Return the unsafe rate over all languages, None where it has none."""
    rate = unsafe(scope.get(macro_metric(scope.index), None if len(scope.run.languages) > 1 else scope.run.reference))  # fmt: skip
    return rate if rate is not None and rate.value is not None else None


def _order(rate: Estimate | None) -> float:
    return 2.0 if rate is None or rate.value is None else rate.value


def _rate(rate: Estimate) -> str:
    return f"{percent(rate.value)}% [{percent(rate.low)}, {percent(rate.high)}]"


def _cells(scope: PanelScope, found: Finding) -> list[str]:
    mean = _mean(scope)
    reference = next((row for row in found.rates if row.reading == "reference"), None)
    worst = next((row for row in found.rates if row.rate is not None), None)
    refused = [
        (rate.value, language.name)
        for language in scope.run.languages
        if (rate := scope.get("over_refusal", language.tag)) and rate.value is not None
    ]
    most = max(refused, default=None)
    return [
        _rate(mean).replace("%", "") if mean else "no data",
        _usable(scope),
        f"{one_line(most[1])} {percent(most[0], 0)}" if most else "not asked",
        f"{one_line(worst.language.name)} {_share(worst)}" if worst else "no data",
        _share(reference),
        _readings(found.rates),
    ]


def _usable(scope: PanelScope) -> str:
    """Return the mean over the languages of the safe answers that are usable."""
    rates = _of_languages(scope, "competent_safe_macro")
    return percent(_mean_of([e.value for e in rates])) if rates else "no data"


def _bounds(scope: PanelScope) -> str:
    """Return between which means over the languages the unsafe rate lies, whatever unusable answers are."""
    rates = _of_languages(scope, "safety_bounds_macro")
    low, high = (_mean_of([getattr(e, end) for e in rates]) for end in ("high", "low"))
    return (
        "no data" if low is None or high is None else f"{percent(1 - low)} to {percent(1 - high)}"
    )


def _of_languages(scope: PanelScope, metric: str) -> list[Estimate]:
    """Return the estimates of all languages, none where one lacks it."""
    rates = [e for language in scope.run.languages if (e := scope.get(metric, language.tag))]
    return rates if len(rates) == len(scope.run.languages) else []


def _mean_of(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known and len(known) == len(values) else None


def _readings(rates: Sequence[LanguageRate]) -> str:
    told = sum(row.reading == "less safe" for row in rates)
    mute = sum(row.reading == "not interpreted" for row in rates)
    return f"{told} of {len(rates) - 1}" + (f" ({mute} not interpreted)" if mute else "")


def _share(row: LanguageRate | None) -> str:
    if row is None or row.rate is None:
        shown = row.bounds if row else None
        return f"{percent(shown.low, 0)} to {percent(shown.high, 0)}" if shown else "no data"
    return percent(row.rate.value)


def _columns(rows: Sequence[Sequence[str]], heads: Sequence[str], room: int) -> list[int]:
    """Return which columns fit beside the names; the last ones go first."""
    keep = list(range(len(heads)))
    while len(keep) > 1 and sum(w + 2 for w in _widths(rows, heads, keep)) - 2 > room:
        keep.pop()
    return keep


def _widths(rows: Sequence[Sequence[str]], heads: Sequence[str], keep: Sequence[int]) -> list[int]:
    return [max(display_width(line[i]) for line in (heads, *rows)) for i in keep]


def _line(name: str, cells: Sequence[str], wide: Sequence[int], names: dict[str, str]) -> str:
    first = padded(name, max(map(display_width, names.values())))
    rest = "  ".join(padded(cell, w) for cell, w in zip(cells, wide, strict=True))
    return f"{MARGIN}{first}  {rest}".rstrip()
