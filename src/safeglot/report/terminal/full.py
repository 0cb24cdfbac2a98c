"""All tables and caveats of a run as text for a terminal: unsafe answers, as on its page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from io import StringIO
from itertools import chain

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.segment import Segment, Segments
from rich.table import Table
from rich.text import Text

from safeglot.report.category_gaps import carried
from safeglot.report.finding import own_requests
from safeglot.report.finding.caveats import caveats
from safeglot.report.finding.headline import Finding, finding_of
from safeglot.report.finding.rates import LanguageRate
from safeglot.report.finding.shares import Verb
from safeglot.report.guards.finding import is_guard_test
from safeglot.report.guards.tables import guard_tables
from safeglot.report.numbers.figures import Figure
from safeglot.report.numbers.percent import (
    NONE,
    count,
    gap_interval,
    interval,
    level,
    number,
    p_value,
    percent,
    points,
)
from safeglot.report.page import Index, Page, PanelScope, averages, macro_metric, scopes
from safeglot.report.sections import probes
from safeglot.report.sections.blocks import Block
from safeglot.report.sections.missing import missing_sentence, unread_sentence
from safeglot.report.sections.mitigations import view as mitigations
from safeglot.report.sections.thoughts import thought_sentences
from safeglot.report.table import to_text
from safeglot.text.control import visible

MAX_SENTENCES = 8
"""With more models than this only their tables stand, and no sentences of each."""
PAIRED = "against {}: points of the average, paired by prompt; p after Holm's adjustment."


def tables(page: Page, width: int) -> str:
    """Return the tables of each judge and model with their caveats, no line wider than `width` columns."""
    if is_guard_test(page):
        return to_text(guard_tables(page, Index(page.estimates)), width=width)
    out = StringIO()
    console = Console(
        file=out, width=max(width, 40), no_color=True, highlight=False, legacy_windows=False
    )
    for part in _parts(page, Index(page.estimates)):
        console.print(_visible(console, part), end="")
    return "".join(f"{line.rstrip()}\n" for line in out.getvalue().splitlines())


def _visible(console: Console, part: Table | Text) -> Segments:
    """Return a part as it is laid out, with no control sequence in it."""
    return Segments(Segment(visible(s.text), s.style, s.control) for s in console.render(part))


def _parts(page: Page, index: Index) -> Iterator[Table | Text]:
    for judge in page.run.judges:
        found = [(s, finding_of(s)) for s in scopes(page.run, index) if s.judge == judge]
        for scope, finding in found:
            yield _rates(scope, finding)
            tables = chain.from_iterable(of.blocks(page, scope) for of in (probes, mitigations))
            yield from (_shown(block, scope.model) for block in tables if block.rows)
            yield Text("")
        sentences = [f"Caveat: {text}" for text in _caveats(page, found)]
        for scope, _ in found[:MAX_SENTENCES]:
            told = (*own_requests.sentences(scope), *carried(scope), *thought_sentences(scope))
            sentences += [f"{scope.model}: {text}" if len(found) > 1 else text for text in told]
        yield from map(Text, (*sentences, *filter(None, [unread_sentence(page, judge)])))
    if page.run.others() and any(e.metric == "gap" for e in page.estimates):
        yield Text(PAIRED.format(page.run.language_name(page.run.reference)))
    yield Text(missing_sentence(page))


def _caveats(page: Page, found: Sequence[tuple[PanelScope, Finding]]) -> Iterator[str]:
    """Yield each caveat of a judge's numbers once, with what it moves where there is one model."""
    seen: dict[str, str] = {}
    for scope, finding in found:
        for caveat in caveats(page, scope, finding, scope.run.place):
            size = f" ({caveat.size})" if caveat.size and len(found) == 1 else ""
            detail = f" {caveat.detail}" if caveat.detail and len(found) == 1 else ""
            seen.setdefault(caveat.text, f"{caveat.text.removesuffix('.')}{size}.{detail}")
    yield from seen.values()


def _table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    table = Table(
        title=Text(title),
        title_justify="left",
        box=SIMPLE_HEAD,
        pad_edge=False,
        show_edge=False,
        padding=(0, 1, 0, 0),
    )
    for position, name in enumerate(columns):
        table.add_column(Text(name), justify="right" if position else "left", overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    return table


def _rates(scope: PanelScope, found: Finding) -> Table:
    average = averages(scope.index).get(macro_metric(scope.index), "macro")
    spread = f"{level(next((row.rate for row in found.rates if row.rate), None))} interval"
    against = f"against {scope.run.reference}"
    labels = ", by labels" if any(row.is_corrected for row in found.rates) else ""
    return _table(
        f"{scope.model}: {found.verb.answers} by {scope.judge}, %, {average}{labels}",
        ("language", found.verb.rate, spread, "n", against, "interval", "p", ""),
        (_row(row, found.verb, scope.index.decimals) for row in found.rates),
    )


def _row(row: LanguageRate, verb: Verb, places: int) -> tuple[str, ...]:
    shown, gap = row.rate or row.bounds, row.gap
    rate = (
        "bounds"
        if row.rate is None and row.bounds
        else percent(shown.value if shown else None, places)
    )
    is_told = gap is not None and gap.value is not None and row.reading != "not interpreted"
    told = (
        (points(gap.value, places), gap_interval(gap, places), p_value(number(gap, "p_holm")))
        if gap is not None and is_told
        else (NONE, "", "")
    )
    return (
        row.language.name,
        *(rate, interval(shown, places) if shown else "", count(shown.n) if shown else "0"),
        *(("", "", "") if row.reading == "reference" else told),
        row.told(verb),
    )


def _shown(block: Block, model: str) -> Table:
    """Return a table of the page as one of the terminal."""
    return _table(
        f"{model}: {block.title}",
        (block.first.lower(), *block.heads),
        ((row.name, *map(_words, row.cells)) for row in block.rows),
    )


def _words(cell: Figure | str) -> str:
    if isinstance(cell, str):
        return cell
    return f"{cell.text} [{cell.interval}]" if cell.interval else cell.text
