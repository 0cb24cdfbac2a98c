from __future__ import annotations

from example.polyglot import TEN, mute, page, rows, scope, unusable
from safeglot.report.finding.rates import language_rates
from safeglot.report.terminal.rows import groups, language_table


def rates(*tags):
    return language_rates(scope(page(mute([*rows(*tags), *unusable()]))))


def tags(most):
    return [" ".join(row.language.tag for row in group) for group in groups(rates(*TEN), most)]


def test_what_is_alike_shares_a_row_where_more_would_be_needed():
    assert tags(10) == ["sw", "jv", "bn", "ar", "vi", "it", "en", "es", "de", "zh"]
    assert tags(9) == ["sw", "jv", "bn", "ar", "en", "vi it es de zh"]
    assert tags(5) == ["sw", "jv", "bn ar", "en", "vi it es de zh"]
    assert tags(3)[0] == "sw"
    assert "en" in tags(3)


def test_the_narrowest_form_still_fits():
    for width in (40, 50, 60, 70, 80):
        table = language_table(rates(*TEN), most=6, width=width, places=1)
        assert max(map(len, table)) <= width
        assert len(table) == 7
    assert "gap" in language_table(rates(*TEN), most=6, width=60, places=1)[0]
