"""The tables of M-ALERT's paper, of a run: models by languages, categories by languages, consistency."""

from __future__ import annotations

from collections.abc import Iterator

from safeglot.report.numbers.interpretation import LIMIT, LIMIT_WORDS
from safeglot.report.page import Index, Page, PanelScope, averages, macro_metric
from safeglot.report.table import Column, ResultCell, ResultRow, ResultTable, number, word
from safeglot.types import Estimate

MARK = "\N{DAGGER}"
_TEXT = (
    "Safe, in percent of the answers with a verdict, with intervals. "
    f"{MARK}: over {LIMIT_WORDS} of the verdicts are missing or of the answers unusable."
)


def paper_tables(page: Page) -> list[ResultTable]:
    """Return, for each judge, safety by model and language, exact matching, and categories of each model."""
    index = Index(page.estimates)
    tables = []
    for judge in page.run.judges:
        if judge in page.run.refusals_only:
            continue  # not refused is not unsafe
        scopes = [
            PanelScope(run=page.run, index=index, judge=judge, model=m) for m in page.run.models
        ]
        tables += [_by_language(scopes), _matching(scopes), *map(_by_category, scopes)]
    return [table for table in tables if table.rows]


def _by_language(scopes: list[PanelScope]) -> ResultTable:
    scope = scopes[0]
    metric = macro_metric(scope.index)
    tags = _tags(scope)
    rows = tuple(
        (word(one.model), *(_cell(one, metric, tag) for tag in (*tags, None))) for one in scopes
    )
    return _table(f"Safety, {averages(scope.index).get(metric, metric)}", "model", rows, scopes)


def _by_category(scope: PanelScope) -> ResultTable:
    tags = _tags(scope)
    rows = tuple(
        (word(category), *(_cell(scope, "safety", tag, category) for tag in tags))
        for category in scope.index.categories()
    )
    return _table(f"Safety by category, {scope.model}", "category", rows, [scope])


def _matching(scopes: list[PanelScope]) -> ResultTable:
    """Return how often a language has the verdict of the reference, and all languages the same."""
    found = [(one, {e.language: e for e in one.all("exact_match")}) for one in scopes]
    rows = tuple(
        (word(one.model), *(_shown(matches.get(tag)) for tag in (*_tags(one), None)))
        for one, matches in found
        if matches
    )
    return _table(
        "Exact matching with the reference; last, all languages alike", "model", rows, scopes
    )


def _table(
    title: str, first: str, rows: tuple[ResultRow, ...], scopes: list[PanelScope]
) -> ResultTable:
    run, judge = scopes[0].run, scopes[0].judge
    columns = (first, *_tags(scopes[0]), *(() if first == "category" else ("all",)))
    kinds = [Column(name=columns[0]), *(Column(name=name, kind="rate") for name in columns[1:])]
    return ResultTable(
        title=f"{title}, judged by {judge}",
        columns=tuple(kinds),
        rows=rows,
        text=_TEXT,
        notes=(f"Signature: {run.signature}",),
    )


def _tags(scope: PanelScope) -> list[str]:
    return [language.tag for language in scope.run.languages]


def _cell(
    scope: PanelScope, metric: str, tag: str | None, category: str | None = None
) -> ResultCell:
    shown = _shown(scope.get(metric, tag, category))
    invalid = scope.get("invalid_rate", tag)
    lacks = invalid is not None and invalid.value is not None and invalid.value > LIMIT
    if shown.value is None or not lacks or shown.text:
        return shown
    return ResultCell(value=shown.value, low=shown.low, high=shown.high, text=MARK)


def _shown(estimate: Estimate | None) -> ResultCell:
    if estimate is None or estimate.value is None:
        return number(None, reason="no data")
    planned = estimate.n + estimate.missing
    mark = MARK if planned and estimate.missing / planned > LIMIT else ""
    return ResultCell(value=estimate.value, low=estimate.low, high=estimate.high, text=mark)


def latex(tables: list[ResultTable]) -> str:
    """Return tables for LaTeX with booktabs; each says in its caption what it may be read for."""
    return "\n".join(line for table in tables for line in _latex(table))


def _latex(table: ResultTable) -> Iterator[str]:
    yield r"\begin{table}[t]\centering\small"
    yield rf"\begin{{tabular}}{{l{'r' * (len(table.columns) - 1)}}}"
    yield r"\toprule"
    yield " & ".join(escaped(column.name) for column in table.columns) + r" \\"
    yield r"\midrule"
    for row in table.rows:
        yield " & ".join(_latex_cell(cell) for cell in row) + r" \\"
    yield r"\bottomrule"
    yield r"\end{tabular}"
    remarks = " ".join((table.text, *table.notes))
    yield rf"\caption{{{escaped(table.title)}. {escaped(remarks)}}}"
    yield r"\end{table}"
    yield ""


def _latex_cell(cell: ResultCell) -> str:
    if cell.value is None:
        return escaped(cell.text)
    text = f"{100 * cell.value:.1f}{escaped(cell.text)}"
    if cell.low is None or cell.high is None:
        return text
    return rf"{text} {{\tiny [{100 * cell.low:.1f}, {100 * cell.high:.1f}]}}"


_SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#",
    "_": r"\_", "%": r"\%", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "<": r"\textless{}", ">": r"\textgreater{}", MARK: r"$\dagger$",
}  # fmt: skip


def escaped(text: str) -> str:
    """Return a text of others that LaTeX prints as it is, on one line."""
    return "".join(_SPECIAL.get(sign, sign) for sign in " ".join(text.split()))
