"""Tables of a section: a row a language, a cell a number with its interval, alike on the whole page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from safeglot.report.numbers.figures import ABSENT, Figure
from safeglot.report.page import Index, NamedLanguage, Page, PanelScope, scopes

Cell: TypeAlias = Figure | str
"""A number, or words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockRow:
    """One language, or what else a row is of; `remarks` stand below its name."""

    name: str
    cells: tuple[Cell, ...]
    tag: str = ""
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A table with what its reader must know of it; `heads` are those of the cells."""

    heads: tuple[str, ...]
    rows: tuple[BlockRow, ...]
    title: str = ""
    words: str = ""
    first: str = "Language"


BlockPanel: TypeAlias = tuple[PanelScope, tuple[Block, ...]]
"""The tables of one judge and model."""


def panels(
    page: Page, index: Index, blocks_of: Callable[[Page, PanelScope], Iterable[Block]]
) -> list[BlockPanel]:
    """Return the panel of each judge and model that has a table with rows."""
    found = [
        (scope, tuple(block for block in blocks_of(page, scope) if block.rows))
        for scope in scopes(page.run, index)
    ]
    return [panel for panel in found if panel[1]]


def context_of(
    blocks_of: Callable[[Page, PanelScope], Iterable[Block]],
) -> Callable[[Page, Index], dict[str, Any] | None]:
    """Return the context of a section that is tables alone; None where there is none."""

    def context(page: Page, index: Index) -> dict[str, Any] | None:
        found = panels(page, index, blocks_of)
        return {"panels": found} if found else None

    return context


def by_language(
    languages: Sequence[NamedLanguage],
    columns: Mapping[str, Callable[[str], Cell]],
    *,
    title: str = "",
    words: str = "",
) -> Block:
    """Return a table of columns, each a head and what finds the cell of a language by its tag.

    Languages and columns of which nothing is known are left out.
    """
    cells = {
        language: {head: found(language.tag) for head, found in columns.items()}
        for language in languages
    }
    heads = [head for head in columns if any(_is_told(row[head]) for row in cells.values())]
    return Block(
        title=title,
        words=words,
        heads=tuple(heads),
        rows=tuple(
            BlockRow(name=language.name, tag=language.tag, cells=tuple(row[head] for head in heads))
            for language, row in cells.items()
            if any(map(_is_told, row.values()))
        ),
    )


def _is_told(cell: Cell) -> bool:
    return cell not in (ABSENT, "")
