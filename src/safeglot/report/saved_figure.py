"""What a figure of a page gives when it is saved: its data, and the line that says what they are of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TypeAlias

from markupsafe import Markup

from safeglot.keys import digest
from safeglot.report.environment import script_json
from safeglot.report.page import PanelScope, Run
from safeglot.text.cells import guarded

Cell: TypeAlias = str | int | float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedFigure:
    """A figure that can be saved; `templates/save.html` says how a template uses it."""

    name: str
    """Of its files, after "safeglot-": letters, digits and hyphens."""
    source: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    about: Mapping[str, str]
    """Columns that say the same in every row, behind the others."""

    @property
    def json(self) -> Markup:
        """What the page's script reads; a spreadsheet runs none of its cells."""
        return Markup(script_json(asdict(self)))  # noqa: S704  escaped by script_json


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureSource:
    """What the numbers of a figure are of: the last line of its picture, and columns of its data.

    `of` says what they are counted in ("1,600 requests a language"); None or "" is left out.
    """

    run: Run
    model: str | None = None
    judge: str | None = None
    of: str = ""
    average: str = ""

    @classmethod
    def of_panel(cls, scope: PanelScope, **told: str) -> FigureSource:
        """Return that of a panel; `told` are `of` and `average`."""
        return cls(run=scope.run, model=scope.model, judge=scope.judge, **told)

    @property
    def line(self) -> str:
        """The sentence under a saved picture."""
        made = f"{version(self.run)}, {short_signature(self.run)}."
        if self.model and self.judge:
            who = f"{self.model}, judged by {self.judge}"
        else:
            who = self.model or (f"Judged by {self.judge}" if self.judge else "")
        said = ", ".join(part for part in (who, self.of, self.average) if part)
        return f"{said}. {made}" if said else made

    def figure(
        self, name: str, columns: Sequence[str], rows: Iterable[Sequence[Cell]]
    ) -> SavedFigure:
        """Return a figure of these numbers; its data say in each row what they are of."""
        about = {
            "model": self.model,
            "judge": self.judge,
            "average": self.average,
            "signature": self.run.signature,
        }
        return SavedFigure(
            name=name,
            source=self.line,
            columns=columns,
            rows=[[_cell(value) for value in row] for row in rows],
            about={key: guarded(text) for key, text in about.items() if text},
        )


def version(run: Run) -> str:
    """Return the program and its version, as a picture names them."""
    return " ".join(part for part in ("safeglot", run.versions.get("safeglot", "")) if part)


def short_signature(run: Run) -> str:
    """Return eight hex digits of a run's signature: enough to tell two runs apart."""
    return digest(run.signature)[:8]


def _cell(value: Cell) -> Cell:
    if isinstance(value, float):
        return float(f"{value:.6g}")
    return guarded(value) if isinstance(value, str) else value
