from __future__ import annotations

from dataclasses import replace

from example import small
from safeglot.report.page import Index
from safeglot.report.sections.missing import blocked, context, missing_sentence, outcomes
from safeglot.types import OUTCOME_COUNTS
from unit.report.page_text import row_of, section, tables_of


def test_what_is_missing_is_counted_and_never_safe():
    sentence = missing_sentence(small.page())
    assert sentence.startswith("4 of 1,284 verdicts (0.31%) are missing.")
    assert sentence.endswith("none of them counts as safe.")


def test_nothing_missing_is_said_so():
    assert missing_sentence(small.page(estimates=[], missing=())).startswith("Nothing is missing")
    assert missing_sentence(small.page(estimates=[])).startswith("0 of 0 verdicts are missing.")


def ended(language, **counts):
    kinds = dict.fromkeys(OUTCOME_COUNTS.values(), 0) | {
        f"n_{kind}": n for kind, n in counts.items()
    }
    n = sum(kinds.values())
    share = counts.get("blocked", 0) / n
    return small.about(
        metric="blocked_rate", judge=None, language=language, value=share, n=n, extra=kinds
    )


def page_of(*rows):
    return small.page(estimates=[*small.estimates(), *rows])


def table_of(page):
    return outcomes(page, Index(page.estimates))


def test_the_outcomes_add_up_to_what_was_planned():
    table = table_of(
        page_of(ended("en", answered=30, blocked=10), ended("sw", answered=36, thought_only=4))
    )
    assert table.heads[3:] == ("answered", "thought only", "blocked")
    for tag, of in (("en", ["40", "30", "0", "10"]), ("sw", ["40", "36", "4", "0"])):
        counts = [*row_of(table, tag).values()][2:]
        assert counts == of
        assert sum(map(int, counts[1:])) == int(counts[0])


def test_where_all_was_answered_there_is_no_table():
    page = page_of(ended("en", answered=40))
    assert context(page, Index(page.estimates))["outcomes"] is None


def test_blocked_has_a_table_where_anything_was_blocked():
    page = page_of(ended("en", answered=30, blocked=10), ended("sw", answered=40))
    (table,) = tables_of(blocked, page).values()
    assert [row_of(table, tag)["blocked"].split()[0] for tag in ("en", "sw")] == ["25.0", "0.0"]
    assert tables_of(blocked, page_of(ended("sw", answered=40))) == {}


def test_harmless_requests_have_rows_of_their_own():
    own = replace(ended("en", answered=4, failed=2), metric="benign_blocked_rate")
    page = page_of(ended("en", answered=30, blocked=10), own)
    table = table_of(page)
    assert [tuple(row.cells[k] if k == 1 else row.cells[k].text for k in (1, 2, 3, 4, 5)) for row in table.rows] == [
        ("harmful", "40", "30", "10", "0"), ("harmless", "6", "4", "0", "2"),
    ]  # fmt: skip
    assert "harmless" in section(page, "missing")
