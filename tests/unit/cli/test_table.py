import string

from hypothesis import given
from hypothesis import strategies as st

from safeglot.cli import table as tables
from safeglot.cli.table import table
from safeglot.text.control import one_line

CELLS = st.text(st.sampled_from(string.printable + "é語ー🙂\u0301"), max_size=12)


def test_the_first_column_stands_to_the_left_and_the_others_to_the_right():
    assert table(("run", "n"), [("runs/a", 7), ("b", 1234)]) == (
        "run        n\nruns/a     7\nb       1234"
    )


def test_a_table_that_is_too_wide_is_folded():
    shown = table(("run", "models"), [("a", "one two three")], width=12)
    assert [line.split() for line in shown.splitlines()] == [
        ["run", "models"], ["a", "one", "two"], ["three"],
    ]  # fmt: skip


def test_a_table_without_rows_has_its_head():
    assert table(("category", "macro"), []) == "category  macro"


@given(
    rows=st.integers(1, 4).flatmap(
        lambda n: st.lists(st.lists(CELLS, min_size=n, max_size=n), min_size=1, max_size=4)
    ),
    width=st.integers(8, 60),
)
def test_what_needs_no_folding_looks_as_if_it_were_laid_out_by_rich(rows, width):
    lines = [tuple(map(one_line, row)) for row in rows]
    assert table(rows[0], rows[1:], width=width) == tables._folded(lines, width)
