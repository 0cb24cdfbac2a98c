from __future__ import annotations

import pytest

from safeglot.report.layout import Grid
from safeglot.report.width import display_width

WIDE = Grid(
    heads=("model", "kind of thing", "a long head of numbers", "second", "n"),
    rows=[
        ("one", "some words that can be folded", "1.0 [0.5 to 1.5]", "22.0 [21.0 to 23.0]", "7"),
        ("語語語", "é", "–", "3", "1,234"),
    ],
    left=(True, True, False, False, False),
    keys=1,
)


def words(lines):
    return sorted(word for line in lines for word in line.split() if set(word) != {"-"})


def test_what_fits_stands_as_it_is():
    lines = WIDE.lines(200)
    assert len(lines) == 4
    assert lines[0].startswith("model   kind of thing")
    assert len({display_width(line) for line in lines}) == 1
    assert WIDE.fits(display_width(lines[0]))
    assert not WIDE.fits(display_width(lines[0]) - 1)


def test_heads_and_words_are_folded_before_columns_are_parted():
    lines = WIDE.lines(66)
    assert max(map(display_width, lines)) <= 66
    assert sum(line.startswith("model") for line in lines) == 1
    assert words(lines) == words(WIDE.lines(200))


@pytest.mark.parametrize("width", [24, 30, 40])
def test_columns_that_do_not_fit_stand_below_with_what_the_rows_are_of(width):
    lines = WIDE.lines(width)
    assert max(map(display_width, lines)) <= width
    blocks = sum(line.startswith("model") for line in lines)
    assert blocks > 1
    assert lines.count("") == blocks - 1
    for word in ("22.0", "1,234", "folded"):
        assert sum(word in line for line in lines) == 1, word
    assert sum(line.startswith("語語語") for line in lines) == blocks


def test_a_table_without_a_rule_or_rows():
    assert Grid(heads=("a", "b"), rows=(), left=(True, False), ruled=False).lines(60) == ["a  b"]
