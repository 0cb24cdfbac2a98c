"""Reading the answers of a run: the list by its filters, straight from the database."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from safeglot.backends.app.background import Background
from safeglot.backends.app.server import Call, WebPage
from safeglot.backends.files.links import text_inside
from safeglot.backends.files.rundir import RunDir, is_held
from safeglot.backends.store.reading import texts as answer_texts
from safeglot.backends.store.reading.columns import AnswerColumns, Column, read_columns
from safeglot.backends.store.store import Store
from safeglot.errors import UsageError
from safeglot.flow.app import answers
from safeglot.flow.app.selection import MANY, Filters, JudgedColumns, Selected, select
from safeglot.report.app.reading import (
    TABS,
    AppFrame,
    FilterShown,
    FilterValue,
    ListedAnswer,
    Live,
    ReadingPage,
    render_reading,
    render_waiting,
)
from safeglot.report.app.words import ARMS, KINDS, SHOWN
from safeglot.report.names import short_names
from safeglot.report.page import named_language
from safeglot.text import languages

PAGE = 100
"""Answers that the list shows at a time."""
SEARCHED = 10_000
"""Answers that one page searches at most: more take another page."""
CHUNK = 2_000
BEGINNING = 160
"""Characters of a request that the list shows."""
FIRST_S = 2.0
"""How long the first page waits for the answers to be read before it shows how far that is."""
SHARE = 0.1
"""Of the time that reading a run again may take while it goes on."""
_TITLES = {
    "show": "Show", "category": "Category", "model": "Model", "asked": "Asked", "language": "Language",
    "request": "Request", "verdict": "Verdict", "kind": "Kind of answer",
}  # fmt: skip


@contextlib.contextmanager
def stored(path: Path) -> Iterator[Store]:
    """Yield a database for a few rows. Raises: UsageError where it is damaged, Stopped where it is held.

    Where it can be written it is opened so, as one that is only read may not change meanwhile.
    """
    try:
        store = Store(path, read_only=not os.access(path.parent, os.W_OK))
    except FileNotFoundError:
        raise UsageError(f"{path}: not there.") from None
    try:
        yield store
    except sqlite3.OperationalError as error:
        from safeglot.flow.run.session import operational  # late: it loads all that a run takes

        raise operational(path, error) from error
    except (sqlite3.Error, ValueError, TypeError, OverflowError, StopIteration) as error:
        raise UsageError(
            f"{path}: is not as safeglot wrote it ({error}). Put a copy of it back, or open another run."
        ) from error
    finally:
        store.close()


class RunReading:
    """The answers of one run, held as columns and read again while the run goes on."""

    def __init__(self, run_dir: RunDir, beside: Callable[[], Sequence[str]] = list) -> None:
        self.run_dir = run_dir.require()
        self._beside = beside
        self.manifest = run_dir.read_manifest()
        if not run_dir.database.exists():
            raise UsageError(
                f"{run_dir.database}: not there. Run `safeglot run` with this run's inputs again, or "
                "give another run."
            )
        with stored(run_dir.database):  # an older one is brought up, where it can be
            pass
        self._read = Background(self._columns)
        self._judged: tuple[AnswerColumns, dict[str, JudgedColumns]] | None = None
        self._first: tuple[float, int] | None = None
        """When the run was first seen to go on, and how many answers it had."""
        self._asked = (0.0, answer_texts.AskedSoFar(answers=0, failed=0, planned=0))

    def begin(self) -> None:
        """Begin to read the answers."""
        self._read.begin()

    def _columns(self, tell: answers.Tell) -> AnswerColumns:
        with stored(self.run_dir.database) as store:
            return read_columns(store, self.manifest, tell)

    # ---- pages

    def page(self, call: Call) -> WebPage:
        """Return the page of an address."""
        columns = self._read.result(FIRST_S)
        frame = self.frame(call, "read")
        if columns is None:
            return WebPage(text=render_waiting(frame, self._read.done, self._read.of))
        filters = Filters.of(call.query)
        judged = self._judge(columns, filters.judge)
        with stored(self.run_dir.database) as store:
            of = answers.AnswerList(judged, filters, store, self.manifest)
            return WebPage(text=render_reading(self._filled(frame, of)))

    def progress(self) -> WebPage:
        """Return how far the run is, as JSON."""
        live = self.live()
        if live.new and live.going and self._read.is_stale(SHARE):
            self._read.begin()
        fields = ("going", "answers", "planned", "failed", "left", "new")
        return WebPage(
            text=json.dumps({name: getattr(live, name) for name in fields}), kind="application/json"
        )

    def frame(self, call: Call, tab: str) -> AppFrame:
        """Return what stands on every page."""
        name, report = self.run_dir.path.resolve().name, self.run_dir.report
        return AppFrame(
            base=call.base,
            title=f"Answers of {name}",
            name=name,
            tab=tab,
            live=self.live(),
            tabs=(*TABS, (report.name, "Report")) if report.exists() else TABS,
            runs=[(call.base_of(one) + tab, one) for one in self._beside()],
        )

    def report(self, call: Call) -> WebPage:
        """Return the report of the run, or a file beside it. Raises: UsageError where it is not there."""
        path, beside = self.run_dir.path / call.path, self.run_dir.report_answers
        text = text_inside(self.run_dir.path, call.path)
        if text is None:
            raise UsageError(
                f"{path}: no file, too large, or a link, which is not followed. Write the report again: "
                f"safeglot report {self.run_dir.path}"
            )
        kind = "text/javascript" if path.parent.name == beside.name else "text/html"
        return WebPage(text=text, kind=kind, scripts=f"{beside.name}/")

    def live(self) -> Live:
        """Return how far the run is."""
        looked, said = self._asked
        going = is_held(self.run_dir.path)
        if time.monotonic() - looked > (1 if going or not looked else 5):
            with stored(self.run_dir.database) as store:
                per_text = len(self.manifest.models) * self.manifest.samples
                said = answer_texts.asked(store, per_text)
            self._asked = (time.monotonic(), said)
        columns = self._read.result(0)
        new = said.answers - int((columns.response_N > 0).sum()) if columns is not None else 0
        return Live(
            going=going,
            answers=said.answers,
            planned=said.planned,
            failed=said.failed,
            left=self._left(said) if going else "",
            new=max(new, 0) if columns is not None and len(columns.models) else 0,
        )

    def _left(self, said: answer_texts.AskedSoFar) -> str:
        """Return how long the rest takes at the pace since the run was first seen."""
        now = time.monotonic()
        if self._first is None:
            self._first = (now, said.answers)
        since, before = self._first
        came = said.answers - before
        if came <= 0:
            return ""
        left_s = (said.planned - said.answers - said.failed) * (now - since) / came
        return f"{left_s / 60:.0f} min" if left_s >= 90 else f"{max(left_s, 0):.0f} s"

    def _judge(self, columns: AnswerColumns, name: str) -> JudgedColumns:
        if self._judged is None or self._judged[0] is not columns:
            self._judged = (columns, {})
        held = self._judged[1]
        wanted = name if name in columns.judges else (columns.judges or ("",))[0]
        if wanted not in held:
            at = columns.judges.index(wanted) if wanted else 0
            held[wanted] = JudgedColumns(columns, at, self.manifest.reference)
        return held[wanted]

    # ---- what a page shows

    def _filled(self, frame: AppFrame, of: answers.AnswerList) -> ReadingPage:
        judged, filters = of.judged, of.filters
        selected = select(judged, filters)
        row = answers.row_of(judged.columns, filters.answer or filters.was)
        place = _place(selected.row_I, row)
        if place < 0 and not filters.answer:
            row = -1
        start = filters.start
        if row >= 0 and place >= 0 and not filters.search and not start <= place < start + PAGE:
            start = place // PAGE * PAGE
        rows, upto = self._rows(selected.row_I, start, of)
        if row < 0 and rows:
            row, place = rows[0], _place(selected.row_I, rows[0])
        n = int(selected.row_I.size)
        page = Filters.query
        return ReadingPage(
            frame=frame,
            subject=", ".join(self.manifest.models),
            search=filters.search,
            filters=self._filters(filters, judged, selected),
            n=n,
            filtered=bool(filters.search or any(filters.chosen.values())),
            rows=self._listed(rows, row, of),
            start=start,
            searched=upto if filters.search else 0,
            earlier=page(filters, start=max(start - PAGE, 0), answer="")
            if start and not filters.search
            else None,
            later=page(filters, start=upto, answer="") if upto < n else None,
            opened=of.opened(rows, row, place) if row >= 0 else None,
        )  # fmt: skip

    def _rows(self, row_I: Column, start: int, of: answers.AnswerList) -> tuple[list[int], int]:
        """Return the rows of a page, and up to which place of the list it looked for them."""
        search = of.filters.search
        if not search:
            end = min(start + PAGE, int(row_I.size))
            return row_I[start:end].tolist(), end
        c, rows, at = of.judged.columns, list[int](), start
        while at < min(start + SEARCHED, int(row_I.size)):
            chunk = row_I[at : at + CHUNK]
            pairs = list(zip(c.text_N[chunk].tolist(), c.response_N[chunk].tolist(), strict=True))
            hits = answer_texts.searched(of.store, pairs, search)
            if len(rows) + len(hits) >= PAGE:
                hits = hits[: PAGE - len(rows)]
                return rows + chunk[hits].tolist(), at + hits[-1] + 1
            rows += chunk[hits].tolist()
            at += len(chunk)
        return rows, min(at, int(row_I.size))

    def _listed(self, rows: Sequence[int], now: int, of: answers.AnswerList) -> list[ListedAnswer]:
        c, numbers = of.judged.columns, of.judged.columns.text_N[rows].tolist() if rows else []
        texts = answer_texts.beginnings(of.store, numbers, BEGINNING) if rows else {}
        return [
            ListedAnswer(
                query=of.query(row),
                pill=answers.pill_of(of.judged, row),
                language=named_language(c.languages[c.language_N[row]]),
                about=answers.about(c, row),
                prompt=c.prompts[c.prompt_N[row]].id,
                text=" ".join(texts.get(int(c.text_N[row]), "").split()),
                current=row == now,
            )
            for row in rows
        ]

    def _filters(
        self, filters: Filters, judged: JudgedColumns, selected: Selected
    ) -> list[FilterShown]:
        c = judged.columns
        shown = []
        if len(c.judges) > 1:
            now = c.judges[judged.judge]
            short = short_names(c.judges)
            by = [FilterValue(value=j, name=short[j], n=-1, chosen=j == now) for j in c.judges]
            shown.append(FilterShown(name="judge", title="Judge", kind="select", choices=by))
        for name, title in _TITLES.items():
            choices = self._choices(name, filters, selected.counts[name])
            kind = "select" if name == "category" else "checkbox" if name in MANY else "radio"
            if len(choices) > 1:
                shown.append(FilterShown(name=name, title=title, kind=kind, choices=choices))  # fmt: skip
        return shown

    def _choices(self, name: str, filters: Filters, counts: Mapping[str, int]) -> list[FilterValue]:
        """Return the values of a filter that any answer has, or that are chosen."""
        chosen = filters.chosen.get(name, ())
        words: Callable[[str], str] = {
            "show": lambda v: SHOWN[v].format(reference=languages.lookup(self.manifest.reference).name),
            "language": lambda v: languages.lookup(v).name,
            "kind": lambda v: KINDS[v].filter,
            "model": lambda v: short_names(self.manifest.models)[v],
            "asked": lambda v: ARMS.get(v, v),
        }.get(name, str)  # fmt: skip
        values = {v: n for v, n in counts.items() if n or v in chosen or (name, v) == ("show", "")}
        if name == "language":
            values = dict(sorted(values.items(), key=lambda pair: -pair[1]))
        first = "main" if name == "asked" and len(counts) > 1 else ""
        choices = [
            FilterValue(
                value=v, name=words(v), n=n, chosen=v in chosen or (not chosen and v == first)
            )
            for v, n in values.items()
        ]
        if name == "category" and choices:
            whole = FilterValue(value="", name=f"all {len(choices)}", n=-1, chosen=not chosen)
            return [whole, *sorted(choices, key=lambda choice: choice.name)]
        return choices


def _place(row_I: Column, row: int) -> int:
    found = np.flatnonzero(row_I == row)
    return int(found[0]) if found.size else -1
