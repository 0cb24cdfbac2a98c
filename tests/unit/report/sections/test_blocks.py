from __future__ import annotations

from example import small
from safeglot.report.numbers.figures import ABSENT, Figure
from safeglot.report.page import Index
from safeglot.report.sections.blocks import Block, BlockRow, by_language, context_of, panels
from unit.report.page_text import row_of


def test_languages_and_columns_of_which_nothing_is_known_are_left_out():
    table = by_language(
        small.page().run.languages,
        {
            "rate": lambda tag: Figure(text="9.1") if tag == "sw" else ABSENT,
            "words": lambda _: "",
            "never": lambda _: ABSENT,
        },
    )
    assert (table.heads, [row.tag for row in table.rows]) == (("rate",), ["sw"])
    assert row_of(table) == {"rate": "9.1"}


def test_a_section_without_a_table_is_left_out():
    page = small.page()
    index = Index(page.estimates)
    empty, one = Block(heads=(), rows=()), Block(heads=(), rows=(BlockRow(name="a", cells=()),))
    assert context_of(lambda *_: [empty])(page, index) is None
    (panel,) = panels(page, index, lambda *_: [empty, one])
    scope, found = panel
    assert (scope.judge_position, scope.model_position, found) == (0, 0, (one,))
    assert context_of(lambda *_: [one])(page, index) == {"panels": [panel]}
