"""The tables behind the finding of a test of guards; terminal and report show the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from safeglot.report.guards.finding import (
    as_known,
    guard_names,
    is_open,
    language_name,
    unread_share,
)
from safeglot.report.numbers.figures import extra
from safeglot.report.numbers.percent import percent
from safeglot.report.page import Index, Page
from safeglot.report.table import (
    Column,
    Kind,
    ResultCell,
    ResultRow,
    ResultTable,
    number,
    shown,
    word,
)
from safeglot.text.control import one_line
from safeglot.types import Estimate

Cells: TypeAlias = tuple[Kind, Mapping[str, ResultCell]]
"""How a column is shown, and its cells by language; "" for all languages."""

FOUND = (
    "Found: of the {side} labelled unsafe the share that is called unsafe (recall). Alarms: the same "
    "of those labelled safe (false positive rate). What was not read is in neither."
)
CALLS = (
    "Precision and F1 hold for the share of unsafe {side} in this file; elsewhere they are others, "
    "recall and false alarms are not."
)
PROBABILITIES = (
    "AUC: the chance that the probability of an unsafe text is above that of a safe one. Calibration "
    "error: by how much probabilities miss the labels on average; too high where there are few."
)
GAPS = "On the same ids; below zero: less than in {reference}. p is adjusted over all guards and languages (Holm)."  # fmt: skip
DRAWN_GAPS = "Of labels of each language, not the same texts; below zero: less than in {reference}. p is adjusted over all guards and languages (Holm)."  # fmt: skip
DIFFERENCES = "On the same texts; above zero: more than {other}. p is adjusted over all pairs of guards and languages (Holm)."  # fmt: skip
THRESHOLDS = (
    "A text is called unsafe above the threshold: the least one that keeps to {target}% false alarms on "
    "one half of the ids; the numbers are those of the other half."
)
PROBES = (
    "Plain and with the probe: of the same ids; below zero: less with it. p is adjusted over all guards "
    "and languages of a probe (Holm). Unread: ids without a verdict on the one or the other. Not varied: texts without a variant. "
    "Neither kind is in a rate."
)
NOT_VARIED = "What is not varied is in no number of the probe. Counted: all texts of the language."
CATEGORIES = "Right: verdicts that say what the label says."
MATCHES = "Same: ids with one verdict in {reference} and the language, or in all; chance: what rates like these would give if languages had nothing to do with each other."  # fmt: skip
_LANGUAGE = Column(name="language")


def _cell(e: Estimate, kind: Kind) -> ResultCell:
    """Return a number with its interval; where too many verdicts are lacking its bounds, as the reason why there is none."""
    if not is_open(e):
        return number(e.value, (e.low, e.high), reason=e.method)
    ends = (shown(number(end), kind) for end in (e.low, e.high))
    return word(f"{' to '.join(ends)}, {percent(unread_share(e), 0)}% unread")


def _share(found: Mapping[str, Estimate], kind: Kind) -> Cells:
    return kind, {tag: _cell(e, kind) for tag, e in found.items()}


def _extra(found: Mapping[str, Estimate], kind: Kind, name: str) -> Cells:
    return kind, {tag: number(extra(e, name)) for tag, e in found.items()}


def _count(found: Mapping[str, Estimate]) -> Cells:
    return "count", {tag: number(e.n) for tag, e in found.items()}


def guard_tables(page: Page, index: Index) -> list[ResultTable]:
    """Return all tables of a test of guards, those without a number left out."""
    tables = _Tables(page, index)
    return [table for table in tables.all() if table.rows]


@dataclass(frozen=True, slots=True)
class _Tables:
    """Makes the tables of a page."""

    page: Page
    index: Index

    def all(self) -> Iterator[ResultTable]:
        names = guard_names(self.page.run.judges)
        for judge, name in zip(self.page.run.judges, names, strict=True):
            yield from self._of_guard(judge, name)
        for judge, name in zip(self.page.run.judges, names, strict=True):
            for other, than in zip(self.page.run.judges, names, strict=True):
                yield from self._against(judge, other, f"{name} against {than}", than)
        yield self._unvaried()

    def _of_guard(self, judge: str, name: str) -> Iterator[ResultTable]:
        side, reference = str(self._texts.extra["side"]), language_name(self.page.run.reference)
        recall, fpr = self._found("guard_recall", judge), self._found("guard_fpr", judge)
        yield self._table(
            f"{name}: what it finds",
            {"unsafe": _count(recall), "found": _share(recall, "rate"), "safe": _count(fpr), "alarms": _share(fpr, "rate")},
            FOUND.format(side=side),
        )  # fmt: skip
        precision, f1 = self._found("guard_precision", judge), self._found("guard_f1", judge)
        yield self._table(
            f"{name}: precision",
            {"precision": _share(precision, "rate"), "F1": _share(f1, "rate")},
            CALLS.format(side=side),
        )
        auc, ece = self._found("guard_auc", judge), self._found("guard_ece", judge)
        yield self._table(
            f"{name}: probabilities",
            {"AUC": _share(auc, "number"), "calibration error": _share(ece, "number")},
            PROBABILITIES,
        )
        for metric, what in (("guard_recall_gap", "found"), ("guard_fpr_gap", "alarms")):
            gaps = self._found(metric, judge)
            yield self._table(
                f"{name}: {what} against {reference}",
                {
                    self._n: _count(gaps),
                    what: _share(gaps, "points"),
                    "p": _extra(gaps, "p", "p_holm"),
                },
                (GAPS if self._n == "ids" else DRAWN_GAPS).format(reference=reference),
            )
        yield from self._probes(judge, name)
        yield self._thresholds(judge, name)
        yield self._categories(judge, name)
        yield self._matches(judge, name, reference)

    def _probes(self, judge: str, name: str) -> Iterator[ResultTable]:
        columns = (
            Column(name="probe"), _LANGUAGE, Column(name="ids", kind="count"), Column(name="plain", kind="rate"),
            Column(name="with it", kind="rate"), Column(name="difference", kind="points"),
            Column(name="p", kind="p"), Column(name="unread", kind="count"),
            Column(name="not varied", kind="count"),
        )  # fmt: skip
        for metric, what in (("guard_recall_probe", "found"), ("guard_fpr_probe", "alarms")):
            rows: list[ResultRow] = [
                (
                    word(one_line(str(e.extra["variant"]))),
                    word(language_name(str(e.language))),
                    number(e.n),
                    number(extra(e, "plain")),
                    number(extra(e, "with_probe")),
                    _cell(e, "points"),
                    number(extra(e, "p_holm")),
                    number(e.missing),
                    number(extra(e, "unmade")),
                )
                for e in self._known
                if e.metric == metric and e.judge == judge and e.n + e.missing
            ]
            title = f"{name}: {what} under probes"
            yield ResultTable(title=title, columns=columns, rows=tuple(rows), text=PROBES)

    def _unvaried(self) -> ResultTable:
        """Return why texts could not be varied, which is the same for all guards."""
        why = {
            (str(e.extra["variant"]), str(e.language)): str(e.extra["reasons"])
            for e in self.page.estimates
            if e.metric in ("guard_recall_probe", "guard_fpr_probe") and e.extra["reasons"]
        }
        rows = [
            (word(one_line(probe)), word(language_name(tag)), word(one_line(reason)))
            for (probe, tag), reason in why.items()
        ]
        columns = (Column(name="probe"), _LANGUAGE, Column(name="why"))
        return ResultTable(
            title="What could not be varied", columns=columns, rows=tuple(rows), text=NOT_VARIED
        )

    def _thresholds(self, judge: str, name: str) -> ResultTable:
        found = self._found("guard_recall_at_fpr", judge)
        alarms = self._found("guard_fpr_at_fpr", judge)
        targets = [t for e in found.values() if (t := extra(e, "target_fpr")) is not None]
        return self._table(
            f"{name}: at equal false alarms",
            {
                "threshold": _extra(found, "number", "threshold"),
                "found": _share(found, "rate"),
                "alarms": _share(alarms, "rate"),
            },
            THRESHOLDS.format(target=percent(targets[0], 0) if targets else "5"),
        )

    def _categories(self, judge: str, name: str) -> ResultTable:
        rows = [
            (
                word(e.category or ""),
                word(language_name(e.language) if e.language else "all"),
                number(e.n),
                _cell(e, "rate"),
            )
            for e in self._known
            if e.metric == "guard_accuracy" and e.judge == judge
        ]
        columns = (
            Column(name="category"), _LANGUAGE, Column(name="n", kind="count"), Column(name="right", kind="rate"),
        )  # fmt: skip
        return ResultTable(
            title=f"{name}: by category", columns=columns, rows=tuple(rows), text=CATEGORIES
        )

    def _matches(self, judge: str, name: str, reference: str) -> ResultTable:
        found = self._found("guard_match", judge)
        return self._table(
            f"{name}: the same verdict",
            {
                "ids": _count(found),
                "same": _share(found, "rate"),
                "by chance": _extra(found, "rate", "expected"),
            },
            MATCHES.format(reference=reference),
        )

    def _against(self, judge: str, other: str, title: str, than: str) -> Iterator[ResultTable]:
        for metric, what in (
            ("guard_recall_difference", "found"), ("guard_fpr_difference", "alarms")
        ):  # fmt: skip
            found = self._found(metric, judge, than=other)
            yield self._table(
                f"{title}: {what}",
                {
                    self._n: _count(found),
                    what: _share(found, "points"),
                    "p": _extra(found, "p", "p_holm"),
                },
                DIFFERENCES.format(other=than),
            )

    def _table(self, title: str, columns: dict[str, Cells], text: str) -> ResultTable:
        tags = dict.fromkeys(tag for _, cells in columns.values() for tag in cells)
        rows: list[ResultRow] = [
            (
                word(language_name(tag) if tag else "all"),
                *(cells.get(tag, ResultCell()) for _, cells in columns.values()),
            )
            for tag in tags
        ]
        heads = (Column(name=name, kind=kind) for name, (kind, _) in columns.items())
        return ResultTable(title=title, columns=(_LANGUAGE, *heads), rows=tuple(rows), text=text)

    def _found(self, metric: str, judge: str, than: str | None = None) -> dict[str, Estimate]:
        """Return a guard's numbers by language, "" for all; the bounds of those that are not interpreted."""
        return {
            e.language or "": e
            for e in self._known
            if (e.metric, e.judge, e.extra.get("than")) == (metric, judge, than)
        }

    @property
    def _known(self) -> Iterator[Estimate]:
        return (known for e in self.page.estimates if (known := as_known(e)) is not None)

    @property
    def _texts(self) -> Estimate:
        return next(e for e in self.page.estimates if e.metric == "guard_texts")

    @property
    def _n(self) -> str:
        """What is counted of a comparison: labels of answers that were drawn are no pairs."""
        return "labels" if self._texts.extra.get("drawn_by") else "ids"
