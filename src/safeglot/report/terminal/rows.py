"""The table of languages: a row each, the least safe first, those that are alike joined where they are many."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from safeglot.report.finding.rates import LanguageRate
from safeglot.report.finding.shares import UNSAFELY, Verb
from safeglot.report.numbers.percent import percent, points
from safeglot.report.width import cut, display_width, padded
from safeglot.text.control import one_line
from safeglot.types import Estimate

MARGIN = "  "
LONGEST_NAME = 24
NAMED = 5
"""Languages of a joined row that stand there by their tags; more are counted."""
RED, PLAIN = "\x1b[31m", "\x1b[0m"
LESS_SAFE = "less safe"


Number: TypeAlias = tuple[str, str, str]
"""A number with the ends of its interval as texts; "" for what it lacks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRow:
    """One line of the table; a `reason` takes the place of gap and reading, `span` that of the rate."""

    name: str
    rate: Number = ("", "", "")
    span: str = ""
    gap: Number = ("", "", "")
    gap_span: str = ""
    reading: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableForm:
    """How wide a table is laid out: what stands between columns, and which intervals are shown."""

    gap: str = "  "
    gaps: bool = True
    rates: bool = True

    @property
    def is_narrow(self) -> bool:
        """Whether the gaps stand without their intervals."""
        return not self.gaps


FORMS = (
    TableForm(gap="   "),
    TableForm(),
    TableForm(gaps=False),
    TableForm(gaps=False, rates=False),
)
"""From the widest to the narrowest: the first one that fits is taken."""


def language_table(
    rates: Sequence[LanguageRate], verb: Verb = UNSAFELY, *, most: int, width: int, places: int
) -> list[str]:
    """Return the head and at most `most` rows, no line wider than `width` columns.

    `most` is at least 3: the least safe, the reference, and all others.
    """
    words = {"less safe": verb.less, "safer": verb.more}
    rows = [
        replace(row, reading=words.get(row.reading, row.reading))
        for row in (_row(group, places) for group in groups(rates, most))
    ]
    by = " by labels" if any(row.is_corrected for row in rates) else ""
    title = f"{verb.rate}{by}, %"
    against = _against(rates) if len(rows) > 1 else ""
    name = min(max(display_width(row.name) for row in rows), LONGEST_NAME)
    for form in FORMS:
        head = (title, "gap" if against and form.is_narrow else against, "")
        lines = [head, *_cells(rows, form)]
        wide = [max(display_width(line[i]) for line in lines) for i in range(3)]
        if len(MARGIN) + name + sum(wide) + 3 * len(form.gap) <= width:
            break
    names = ["", *(row.name for row in rows)]
    reasons = ["", *(row.reason for row in rows)]
    return [
        _line((padded(cut(first, name), name), *line), reason, wide, form.gap, width=width)
        for first, line, reason in zip(names, lines, reasons, strict=True)
    ]


def table_rows(rates: Sequence[LanguageRate], places: int) -> list[TableRow]:
    """Return a row for each language."""
    return [_single(row, places) for row in rates]


def _cells(rows: Sequence[TableRow], form: TableForm) -> list[tuple[str, str, str]]:
    """Return rate, gap and reading of each row, numbers under numbers, with the intervals of the form."""
    rates = _aligned([row.rate if form.rates else (row.rate[0], "", "") for row in rows])
    gaps = _aligned([row.gap if form.gaps else (row.gap[0], "", "") for row in rows])
    return [
        (row.span or rate, row.gap_span or gap, row.reading)
        for row, rate, gap in zip(rows, rates, gaps, strict=True)
    ]


def _aligned(numbers: Sequence[Number]) -> list[str]:
    wide = [max(display_width(number[i]) for number in numbers) for i in range(3)]
    return [
        padded(value, wide[0], right=True)
        + (
            f" [{padded(low, wide[1], right=True)}, {padded(high, wide[2], right=True)}]"
            if low
            else ""
        )
        for value, low, high in numbers
    ]


def groups(rates: Sequence[LanguageRate], most: int) -> list[tuple[LanguageRate, ...]]:
    """Return the languages of each row; those that are alike share one where more than `most` would be needed.

    First those not told apart are joined, then those that are safer, not interpreted or without
    data, at last the less safe but for the first of them. The reference keeps a row and its place.
    """
    rows: list[tuple[LanguageRate, ...]] = [(row,) for row in rates]
    for reading in (
        "not told apart",
        "safer",
        "no data",
        "other requests",
        "not tested",
        "not interpreted",
    ):
        if len(rows) > most:
            rows = _joined(rows, _reads(reading), keep=0)
    if len(rows) > most:
        alone = sum(len(row) == 1 and row[0].reading == LESS_SAFE for row in rows)
        keep = max(most - 1 - (len(rows) - alone), 1)
        rows = _joined(rows, _reads(LESS_SAFE), keep=keep)
    if len(rows) > most:  # nothing else is left to join: what is not compared shares a row
        others = (
            "safer",
            "no data",
            "other requests",
            "not tested",
            "not interpreted",
            "not told apart",
        )
        rows = _joined(rows, _reads(*others), keep=0)
    return rows


def _reads(*readings: str) -> Callable[[LanguageRate], bool]:
    return lambda row: row.reading in readings


def _joined(
    rows: Sequence[tuple[LanguageRate, ...]], like: Callable[[LanguageRate], bool], *, keep: int
) -> list[tuple[LanguageRate, ...]]:
    """Return the rows with those that are alike in one behind the last, but for the first `keep` of them."""
    alike = [row for row in rows if like(row[0])][keep:]
    if len(alike) < 2:
        return list(rows)
    whole = tuple(one for row in alike for one in row)
    if whole[0].reading == LESS_SAFE:  # where the first of them stood, before the reference
        return [whole if row is alike[0] else row for row in rows if row not in alike[1:]]
    return [*(row for row in rows if row not in alike), whole]


def _row(group: tuple[LanguageRate, ...], places: int) -> TableRow:
    if len(group) == 1:
        return _single(group[0], places)
    rates = [end for row in group for end in _shown_rate(row)]
    gaps = [row.gap.value for row in group if row.gap is not None and row.gap.value is not None]
    readings = {row.reading for row in group}
    reading = group[0].reading if len(readings) == 1 else "others"
    mute = "not interpreted" in readings
    return TableRow(
        name=_names(group),
        span=_range([percent(end, places) for end in _ends(rates)]),
        gap_span="" if mute else _range([points(end, places) for end in _ends(gaps)]),
        reading=reading,
    )


def _names(group: Sequence[LanguageRate]) -> str:
    tags = [one_line(row.language.tag) for row in group]
    return " ".join(tags) if len(tags) <= NAMED else f"{len(tags)} others"


def _single(row: LanguageRate, places: int) -> TableRow:
    reason = ""
    if row.reading == "not interpreted" or (row.rate is None and row.why):
        reason = f"not interpreted: {row.why}" if row.why else "not interpreted"
    is_compared = not reason and row.reading != "reference"
    return TableRow(
        name=one_line(row.language.name),
        rate=_number(row.rate, lambda end: percent(end, places), lambda end: percent(end, places)),
        span=_span(row),
        gap=_number(
            row.gap if is_compared else None,
            lambda end: points(end, places),
            lambda end: points(end, places).removeprefix("+"),
        ),
        reading=row.reading if is_compared else "",
        reason=reason,
    )


def _span(row: LanguageRate) -> str:
    """Return what stands in place of a rate: its bounds, or that there is none."""
    if row.bounds is not None and row.bounds.low is not None:
        return f"{percent(row.bounds.low, 0)} to {percent(row.bounds.high, 0)}"
    return "no data" if row.rate is None or row.rate.value is None else ""


def _number(
    estimate: Estimate | None, shown: Callable[[float], str], end: Callable[[float], str]
) -> Number:
    if estimate is None or estimate.value is None:
        return ("", "", "")
    if estimate.low is None or estimate.high is None:
        return (shown(estimate.value), "", "")
    return (shown(estimate.value), end(estimate.low), end(estimate.high))


def _shown_rate(row: LanguageRate) -> Iterator[float]:
    if row.rate is not None and row.rate.value is not None:
        yield row.rate.value
    elif row.bounds is not None and row.bounds.low is not None and row.bounds.high is not None:
        yield from (row.bounds.low, row.bounds.high)


def _ends(numbers: Sequence[float]) -> list[float]:
    return [min(numbers), max(numbers)] if numbers else []


def _range(ends: Sequence[str]) -> str:
    if not ends:
        return "no data"
    return ends[0] if ends[0] == ends[-1] else f"{ends[0]} to {ends[-1]}"


def _against(rates: Sequence[LanguageRate]) -> str:
    reference = next((row.language.name for row in rates if row.reading == "reference"), "")
    return f"against {one_line(reference)}" if reference else ""


def _line(
    cells: tuple[str, str, str, str], reason: str, wide: Sequence[int], gap: str, *, width: int
) -> str:
    name, rate, against, reading = cells
    rest = reason or f"{padded(against, wide[1])}{gap}{reading}"
    return cut(f"{MARGIN}{name}{gap}{padded(rate, wide[0])}{gap}{rest}".rstrip(), width)
