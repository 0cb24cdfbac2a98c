"""The tables behind the finding of a test of guards; terminal and report show the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from safeglot.report.guards.finding import (
    as_known,
    guard_names,
    is_open,
    language_name,
    unread_share,
)
from safeglot.report.numbers.figures import extra
from safeglot.report.numbers.interpretation import LIMIT
from safeglot.report.numbers.percent import percent
from safeglot.report.page import Index, Page
from safeglot.report.table import (
    Kind,
    ResultCell,
    ResultRow,
    ResultTable,
    columns,
    number,
    said,
    shown,
    word,
)
from safeglot.text.control import one_line
from safeglot.types import Estimate

Cells: TypeAlias = tuple[Kind, Mapping[str, ResultCell]]
"""How a column is shown, and its cells by language; "" for all languages."""


def _cell(e: Estimate, kind: Kind) -> ResultCell:
    """Return a number with its interval; where too many verdicts are lacking its bounds, as the reason why there is none."""
    unread = f"{percent(unread_share(e), 0)}% unread"
    if is_open(e):
        ends = (shown(number(end), kind) for end in (e.low, e.high))
        return word(f"{' to '.join(ends)}, {unread}")
    lost = e.n > 0 and unread_share(e) > LIMIT
    return number(e.value, (e.low, e.high), reason=unread if lost else e.method)


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
            said("guard_found", name=name, side=side),
            {"unsafe": _count(recall), "found": _share(recall, "rate"), "safe": _count(fpr), "alarms": _share(fpr, "rate")},
        )  # fmt: skip
        precision, f1 = self._found("guard_precision", judge), self._found("guard_f1", judge)
        yield self._table(
            said("guard_precision", name=name, side=side),
            {"precision": _share(precision, "rate"), "F1": _share(f1, "rate")},
        )
        auc, ece = self._found("guard_auc", judge), self._found("guard_ece", judge)
        yield self._table(
            said("guard_probabilities", name=name),
            {"AUC": _share(auc, "number"), "calibration error": _share(ece, "number")},
        )
        for metric, what in (("guard_recall_gap", "found"), ("guard_fpr_gap", "alarms")):
            words = said(f"guard_gaps_{self._n}", name=name, what=what, reference=reference)
            yield self._compared(words, what, self._found(metric, judge))
        yield from self._probes(judge, name)
        yield self._thresholds(judge, name)
        yield self._categories(judge, name)
        yield self._matches(judge, name, reference)

    def _probes(self, judge: str, name: str) -> Iterator[ResultTable]:
        for metric, what in (("guard_recall_probe", "found"), ("guard_fpr_probe", "alarms")):
            for said_as, told in (("guard_probes", False), ("guard_probes_by_category", True)):
                rows: list[ResultRow] = [
                    (
                        word(one_line(str(e.extra["variant"]))),
                        word(language_name(str(e.language))),
                        *([word(one_line(e.category or ""))] if told else []),
                        number(e.n),
                        number(extra(e, "plain")),
                        number(extra(e, "with_probe")),
                        _cell(e, "points"),
                        number(extra(e, "p_holm")),
                        *([] if told else [number(e.missing), number(extra(e, "unmade"))]),
                    )
                    for e in self._known
                    if (e.metric, e.judge, e.category is not None) == (metric, judge, told)
                    and e.n + e.missing
                ]
                yield ResultTable(**said(said_as, name=name, what=what), rows=tuple(rows))

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
        return ResultTable(**said("guard_not_varied"), rows=tuple(rows))

    def _thresholds(self, judge: str, name: str) -> ResultTable:
        found = self._found("guard_recall_at_fpr", judge)
        alarms = self._found("guard_fpr_at_fpr", judge)
        targets = [t for e in found.values() if (t := extra(e, "target_fpr")) is not None]
        target = percent(targets[0], 0) if targets else "5"
        return self._table(
            said("guard_thresholds", name=name, target=target),
            {
                "threshold": _extra(found, "number", "threshold"),
                "found": _share(found, "rate"),
                "alarms": _share(alarms, "rate"),
            },
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
        return ResultTable(**said("guard_categories", name=name), rows=tuple(rows))

    def _matches(self, judge: str, name: str, reference: str) -> ResultTable:
        found = self._found("guard_match", judge)
        return self._table(
            said("guard_matches", name=name, reference=reference),
            {
                "ids": _count(found),
                "same": _share(found, "rate"),
                "by chance": _extra(found, "rate", "expected"),
            },
        )

    def _against(self, judge: str, other: str, title: str, than: str) -> Iterator[ResultTable]:
        for metric, what in (
            ("guard_recall_difference", "found"), ("guard_fpr_difference", "alarms")
        ):  # fmt: skip
            words = said("guard_differences", title=title, what=what, other=than)
            yield self._compared(words, what, self._found(metric, judge, than=other))

    def _compared(
        self, words: dict[str, Any], what: str, found: dict[str, Estimate]
    ) -> ResultTable:
        shown = {self._n: _count(found), what: _share(found, "points")}
        return self._table(words, {**shown, "p": _extra(found, "p", "p_holm")})

    def _table(self, words: dict[str, Any], cells: dict[str, Cells]) -> ResultTable:
        tags = dict.fromkeys(tag for _, known in cells.values() for tag in known)
        rows: list[ResultRow] = [
            (
                word(language_name(tag) if tag else "all"),
                *(known.get(tag, ResultCell()) for _, known in cells.values()),
            )
            for tag in tags
        ]
        heads = columns({"language": "word", **{name: kind for name, (kind, _) in cells.items()}})
        return ResultTable(**words, columns=heads, rows=tuple(rows))

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
