"""Tables as plain text: the first column to the left, the others to the right."""

from __future__ import annotations

from collections.abc import Sequence

from safeglot.text.control import one_line

GAP = "  "


def table(columns: Sequence[str], rows: Sequence[Sequence[object]], *, width: int = 110) -> str:
    """Return a table; cells are folded where it would be wider than `width`."""
    lines = [tuple(one_line(str(cell)) for cell in line) for line in (columns, *rows)]
    if all(_is_plain(cell) for line in lines for cell in line):
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        if sum(widths) + len(GAP) * (len(widths) - 1) <= width:
            return "\n".join(_aligned(line, widths) for line in lines).rstrip()
    return _folded(lines, width)


def _is_plain(cell: str) -> bool:
    """Return whether each character is one column wide; two colons may stand round an emoji's name."""
    return cell.isascii() and cell.isprintable() and cell == cell.strip() and cell.count(":") < 2


def _aligned(line: Sequence[str], widths: Sequence[int]) -> str:
    cells = [cell.rjust(wide) for cell, wide in zip(line, widths, strict=True)]
    return GAP.join([line[0].ljust(widths[0]), *cells[1:]]).rstrip()


def _folded(lines: Sequence[Sequence[str]], width: int) -> str:
    import io

    from rich.console import Console
    from rich.table import Table  # it takes longer to load than all else that `ls` does

    laid_out = Table(box=None, pad_edge=False)
    for i, column in enumerate(lines[0]):
        laid_out.add_column(column, justify="left" if i == 0 else "right")
    for line in lines[1:]:
        laid_out.add_row(*line)
    out = io.StringIO()
    Console(file=out, width=width, no_color=True, highlight=False, markup=False).print(laid_out)
    return "\n".join(text.rstrip() for text in out.getvalue().rstrip().splitlines())
