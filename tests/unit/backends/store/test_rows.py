from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from safeglot.backends.store.rows import fit

ROW = ("key", 1, 2.5, None, True, "ሰላም")


def test_a_row_that_fits_is_the_same_row():
    assert fit("t", ROW, {0, 1}) == ROW


def test_half_pairs_are_replaced():
    assert fit("t", ("half \ud800", "whole", 1), set()) == ("half ?", "whole", 1)


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        (10**30, "int beyond 64 bits"),
        (2**63, "int beyond 64 bits"),
        (-(2**70), "int beyond 64 bits"),
        ([1], "the list"),
        ({"a": 1}, "the dict"),
        (Fraction(1, 3), "the Fraction"),
        (b"bytes", "the bytes"),
    ],
)
def test_what_sqlite_refuses_is_named_with_its_column(cell: Any, says: str):
    with pytest.raises(ValueError, match=f"replies: column 2 cannot hold .*{says}"):
        fit("replies", ("key", cell), set())


def test_an_empty_cell_where_one_is_required():
    assert fit("t", (None, 1), {1}) == (None, 1)
    with pytest.raises(ValueError, match="column 1 is empty"):
        fit("t", (None, 1), {0})
