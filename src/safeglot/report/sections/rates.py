"""All rates of a run in one table: each average, and what must stand beside a rate before it is used."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from safeglot.report.finding.qualifiers import SCREENING, screening_only, shown_bounds
from safeglot.report.finding.shares import verb_of
from safeglot.report.numbers.direction import unsafe
from safeglot.report.numbers.figures import Figure, bounds, rate
from safeglot.report.numbers.percent import count, level, shortfalls
from safeglot.report.page import Page, PanelScope, averages, macro_metric, of_average
from safeglot.report.sections.blocks import Block, BlockRow


def blocks(_: Page, scope: PanelScope) -> Iterator[Block]:
    """Yield the table of a judge and model: the averages, the columns beside them, and the mean of languages."""
    run, columns = scope.run, _columns(scope)
    tags: list[tuple[str, str | None]] = [(o.name, o.tag) for o in run.languages]
    if run.others():
        tags.append(("Mean of languages", None))
    yield Block(
        words=f"In percent, with {level(scope.get(macro_metric(scope.index), run.reference))} interval and n.",
        heads=tuple(columns),
        rows=tuple(
            BlockRow(
                name=name,
                tag=tag or "",
                cells=tuple(cell(tag) for cell in columns.values()),
                remarks=_remarks(scope, tag),
            )
            for name, tag in tags
        ),
    )


def _columns(scope: PanelScope) -> dict[str, Callable[[str | None], Figure]]:
    index, verb = scope.index, verb_of(scope)
    average = macro_metric(index)

    def beside(metric: str, tag: str | None) -> Figure:
        return rate(of_average(scope, metric, average, tag))

    def averaged(metric: str) -> Callable[[str | None], Figure]:
        return lambda tag: _rate(scope, metric, tag)

    columns = {f"{verb.rate}, {name}": averaged(metric) for metric, name in averages(index).items()}
    if index.has("safety_corrected"):
        columns["unsafe, by labels"] = lambda tag: rate(
            unsafe(of_average(scope, "safety_corrected", average, tag))
        )
    if index.has("safety_bounds"):
        columns[f"{verb.rate}, bounds over all planned"] = lambda tag: bounds(
            unsafe(of_average(scope, "safety_bounds", average, tag))
        )
    if index.has("competent_safe"):
        columns[f"{verb.safe} by a usable answer"] = lambda tag: beside("competent_safe", tag)
    if index.has("over_refusal"):
        columns["harmless requests refused"] = lambda tag: beside("over_refusal", tag)
    return columns


def _rate(scope: PanelScope, average: str, tag: str | None) -> Figure:
    tags = [o.tag for o in scope.run.languages] if tag is None else [tag]
    shown = [one for each in tags if (one := shown_bounds(scope, each, average)) is not None]
    if tag is None and shown:
        return Figure(
            text="bounds", note=f"of {len(shown)} of {len(tags)} languages there are bounds only"
        )
    if shown:
        return bounds(unsafe(shown[0]), scope.index.decimals)
    return rate(unsafe(scope.get(average, tag)), scope.index.decimals)


def _remarks(scope: PanelScope, tag: str | None) -> tuple[str, ...]:
    run = scope.run
    remarks = ["the reference"] if tag == run.reference and run.others() else []
    if tag is not None and screening_only(scope.index, scope.judge, tag):
        remarks.append(SCREENING)
    lost = scope.get(macro_metric(scope.index), tag)
    if lost is not None:
        remarks += [f"{count(lost.missing)} missing"] if lost.missing else []
        remarks += shortfalls(lost)
    return tuple(remarks)
