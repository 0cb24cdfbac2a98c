"""A run that is there: its estimates and records as tables, and what it found."""

from __future__ import annotations

from dataclasses import fields
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from safeglot.backends.files.rundir import RunDir
from safeglot.cli.python.table import DataTable
from safeglot.errors import UsageError
from safeglot.types import Estimate

if TYPE_CHECKING:
    from safeglot.report.page import Page


class RunResults:
    """A run's results; each is read when it is first asked for. Raises: UsageError where no run is."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._run_dir = RunDir(folder).require()

    @property
    def models(self) -> tuple[str, ...]:
        """The targets, by their model strings."""
        return tuple(self._run_dir.read_manifest().models)

    @property
    def languages(self) -> tuple[str, ...]:
        """BCP-47 tags, in the order of the run."""
        return tuple(self._run_dir.read_manifest().languages)

    @property
    def judges(self) -> tuple[str, ...]:
        """The judges, by their names in estimates and verdicts."""
        return tuple(self._run_dir.read_manifest().judges)

    @cached_property
    def records(self) -> tuple[Estimate, ...]:
        """All estimates. Raises: UsageError where the run was not scored yet."""
        from safeglot.report.results_json import from_json

        return tuple(from_json(self._run_dir.read_results())[0])

    @cached_property
    def estimates(self) -> DataTable:
        """All estimates, rates in [0, 1]; what each metric is: docs/reference/metrics.md."""
        names = [field.name for field in fields(Estimate)]
        columns = {name: [getattr(e, name) for e in self.records] for name in names}
        return DataTable("estimates", columns)

    @cached_property
    def answers(self) -> DataTable:
        """The answers, as `safeglot export` writes them."""
        return self.table("answers")

    @cached_property
    def verdicts(self) -> DataTable:
        """The verdicts of all judges, as `safeglot export` writes them; `unsafe` is None where none could be read."""
        return self.table("verdicts")

    @cached_property
    def prompts(self) -> DataTable:
        """The prompts, as `safeglot export` writes them."""
        return self.table("prompts")

    def table(self, name: str) -> DataTable:
        """Return a table of the run's records by its name in the export. Raises: UsageError."""
        from safeglot.backends.store.export import TABLES
        from safeglot.flow.run.session import opened

        if name not in TABLES:
            raise UsageError(f"{name}: no such table; allowed are {', '.join(TABLES)}.")
        with opened(self._run_dir) as store:
            names, rows = store.table(TABLES[name])
            columns = list(zip(*rows, strict=True)) or [()] * len(names)
        return DataTable(name, dict(zip(names, columns, strict=True)))

    @property
    def finding(self) -> str:
        """What the run found, as the terminal says it."""
        from safeglot.report.terminal.brief import RunPlace, brief

        page = self._run_dir.report
        place = RunPlace(run=str(self.folder), page=str(page) if page.exists() else "")
        return brief(self._page(), place, 100, colour=False)

    def _page(self) -> Page:
        from safeglot.flow.page import page_of

        return page_of(self._run_dir, 0)

    def __repr__(self) -> str:
        return f"<run {self.folder}: {', '.join(self.models)} in {', '.join(self.languages)}>"

    def __str__(self) -> str:
        return self.finding

    def _repr_html_(self) -> str:
        from safeglot.report.notebook import run_html

        return run_html(self._page())
