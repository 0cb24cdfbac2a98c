from __future__ import annotations

from example import polyglot
from safeglot.report.page import Index
from safeglot.report.sections.caveats import MOST, context
from unit.report.page_text import section


def test_at_most_three_caveats_stand_open_and_each_stands_once():
    rows = polyglot.mute(polyglot.rows("sw", "jv"))
    page = polyglot.page(rows, polyglot.unusable(), polyglot.arms("sw"))
    (panel,) = context(page, Index(page.estimates))["panels"]
    assert 0 < len(panel.first) <= MOST
    text = section(page, "caveats")
    for caveat in (*panel.first, *panel.others):
        assert text.count(caveat.text) == 1, caveat.text
    assert f"All {len(panel.first) + len(panel.others)} caveats" in text
