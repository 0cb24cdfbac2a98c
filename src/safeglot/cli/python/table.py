"""A table of a run as plain columns; pandas and Polars are imported where they are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from safeglot.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl


class DataTable:
    """Columns of equal length, by name. Its rows are dictionaries, in the order of the export."""

    def __init__(self, name: str, columns: Mapping[str, Sequence[Any]]) -> None:
        self.name = name
        self._columns = dict(columns)

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(self._columns)

    def __len__(self) -> int:
        return len(next(iter(self._columns.values()), ()))

    def __getitem__(self, column: str) -> list[Any]:
        """Return the values of a column. Raises: KeyError with the names that there are."""
        if column not in self._columns:
            raise KeyError(
                f"{self.name}: no column {column!r}; there are {', '.join(self.columns)}"
            )
        return list(self._columns[column])

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for row in zip(*self._columns.values(), strict=True):
            yield dict(zip(self._columns, row, strict=True))

    def __repr__(self) -> str:
        return f"<{self.name}: {len(self):,} rows of {', '.join(self.columns)}>"

    def _repr_html_(self) -> str:
        from safeglot.report.notebook import table_html

        return table_html(self.name, self.columns, self, len(self))

    def to_pandas(self) -> pd.DataFrame:
        """Return a pandas data frame. Raises: UsageError where pandas is not installed."""
        try:
            import pandas as pd
        except ImportError:
            raise UsageError("to_pandas needs pandas: pip install pandas") from None
        return pd.DataFrame({name: list(column) for name, column in self._columns.items()})

    def to_polars(self) -> pl.DataFrame:
        """Return a Polars data frame; dictionaries become JSON. Raises: UsageError where Polars is not installed."""
        try:
            import polars as pl
        except ImportError:
            raise UsageError("to_polars needs Polars: pip install polars") from None
        flat = {name: [_flat(x) for x in column] for name, column in self._columns.items()}
        return pl.DataFrame(flat, infer_schema_length=None, strict=False)


def _flat(value: Any) -> Any:
    import json

    return json.dumps(value, ensure_ascii=False) if isinstance(value, (dict, list)) else value
