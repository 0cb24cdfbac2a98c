"""Columns of texts in lines that a terminal can hold: texts folded, and columns below one another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from safeglot.report.width import display_width, padded, wrapped

GAP = "  "
LEAST = 8
"""Columns that a folded text has at least."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Heads and rows of texts; those `left` are words, which may be folded, others stand to the right.

    The first `keys` columns say what a row is of: where not all columns fit beside one another, these
    stand in each block.
    """

    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    left: Sequence[bool]
    keys: int = 1
    ruled: bool = True

    def widths(self) -> list[int]:
        """Return how wide each column is with nothing folded."""
        return [
            max(map(display_width, column)) for column in zip(self.heads, *self.rows, strict=True)
        ]

    def fits(self, width: int) -> bool:
        """Return whether all columns stand beside one another in `width` columns, nothing folded."""
        return _total(self.widths()) <= width

    def lines(self, width: int) -> list[str]:
        """Return the lines, none wider than `width` columns but for numbers that are."""
        wide = self.widths()
        if _total(wide) <= width:
            return [*self._block(range(len(wide)), wide)]
        wide = [
            max(_longest(head), *(display_width(row[i]) for row in self.rows), 1)
            for i, head in enumerate(self.heads)
        ]
        words = [i for i, is_left in enumerate(self.left) if is_left]
        floors = [
            max(LEAST, *(_longest(line[i]) for line in (self.heads, *self.rows))) for i in words
        ]
        folded = _shrunk(wide, dict(zip(words, floors, strict=True)), width)
        if _total(folded) <= width:
            return [*self._block(range(len(wide)), folded)]
        lines: list[str] = []
        for block, own in self._blocks(wide, width):
            lines += [*([""] if lines else []), *self._block(block, own)]
        return lines

    def _blocks(self, wide: Sequence[int], width: int) -> Iterator[tuple[list[int], list[int]]]:
        """Yield the columns of each block, and how wide all columns are there."""
        n_keys = min(self.keys, len(wide) - 1)
        numbers = [
            w for w, is_left in zip(wide[n_keys:], self.left[n_keys:], strict=True) if not is_left
        ]
        most = min(width - max(numbers, default=LEAST) - len(GAP), width * 3 // 5)
        keys = _shrunk(wide[:n_keys], dict.fromkeys(range(n_keys), LEAST), most)
        room = width - _total(keys)
        own = [*keys, *(min(w, room - len(GAP)) for w in wide[n_keys:])]
        block: list[int] = []
        for i in range(n_keys, len(wide)):
            if block and _total([own[k] for k in (*block, i)]) + len(GAP) > room:
                yield [*range(n_keys), *block], own
                block = []
            block.append(i)
        yield [*range(n_keys), *block], own

    def _block(self, columns: Sequence[int], wide: Sequence[int]) -> Iterator[str]:
        yield from self._folded(self.heads, columns, wide)
        if self.ruled:
            yield GAP.join("-" * wide[i] for i in columns)
        for row in self.rows:
            yield from self._folded(row, columns, wide)

    def _folded(
        self, row: Sequence[str], columns: Sequence[int], wide: Sequence[int]
    ) -> Iterator[str]:
        """Yield the lines of a row."""
        cells = [
            [row[i]] if display_width(row[i]) <= wide[i] else wrapped(row[i], wide[i])
            for i in columns
        ]
        for parts in zip_longest(*cells, fillvalue=""):
            line = (
                padded(part, wide[i], right=not self.left[i])
                for i, part in zip(columns, parts, strict=True)
            )
            yield GAP.join(line).rstrip()


def _total(wide: Sequence[int]) -> int:
    return sum(wide) + len(GAP) * (len(wide) - 1)


def _longest(text: str) -> int:
    return max(map(display_width, text.split()), default=0)


def _shrunk(wide: Sequence[int], floors: dict[int, int], width: int) -> list[int]:
    """Return columns of at most `width`, the widest of those with a floor made narrower as far as that."""
    shrunk = [*wide]
    while _total(shrunk) > width and (able := [i for i in floors if shrunk[i] > floors[i]]):
        shrunk[max(able, key=lambda i: shrunk[i])] -= 1
    return shrunk
