from __future__ import annotations

from dataclasses import replace

from example import small
from safeglot.report.page import MissingRow
from safeglot.report.sections.missing import (
    blocked,
    blocks,
    missing_sentence,
    outcomes,
)
from safeglot.types import OUTCOME_COUNTS
from unit.report.page_text import row_of, scope, section, tables_of


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
    return outcomes(scope(page))


def test_the_outcomes_add_up_to_what_was_planned():
    table = table_of(
        page_of(ended("en", answered=30, blocked=10), ended("sw", answered=36, thought_only=4))
    )
    assert table.heads[2:] == ("answered", "thought only", "blocked")
    for tag, of in (("en", ["40", "30", "0", "10"]), ("sw", ["40", "36", "4", "0"])):
        counts = [*row_of(table, tag).values()][1:]
        assert counts == of
        assert sum(map(int, counts[1:])) == int(counts[0])


def test_where_all_was_answered_there_is_no_table():
    assert table_of(page_of(ended("en", answered=40))).rows == ()


def test_blocked_has_a_table_where_anything_was_blocked():
    page = page_of(ended("en", answered=30, blocked=10), ended("sw", answered=40))
    (table,) = blocked(scope(page))
    assert [row_of(table, tag)["blocked"].split()[0] for tag in ("en", "sw")] == ["25.0", "0.0"]
    assert [*blocked(scope(page_of(ended("sw", answered=40))))] == []


def test_harmless_requests_have_rows_of_their_own():
    own = replace(ended("en", answered=4, failed=2), metric="benign_blocked_rate")
    page = page_of(ended("en", answered=30, blocked=10), own)
    rows = [(row.cells[0], *(cell.text for cell in row.cells[1:])) for row in table_of(page).rows]
    assert rows == [("harmful", "40", "30", "10", "0"), ("harmless", "6", "4", "0", "2")]
    assert "harmless" in section(page, "missing")


def lost(stage, kind, n, *, language="sw", model=small.MODEL, example=""):
    return MissingRow(
        stage=stage, kind=kind, count=n, language=language, model=model, example=example
    )


def test_a_reason_stands_once_with_its_languages_and_an_example():
    rows = (
        lost("generate", "timeout", 2, example="too slow"),
        lost("generate", "timeout", 1, language="en"),
        lost("generate", "timeout", 5, model="other"),
        lost("judge", f"{small.JUDGE}: empty", 3),
        lost("judge", "other-judge: empty", 7),
        lost("judge", f"{small.JUDGE}@repeat: empty", 2),
        lost("translate", "copied", 1, model=""),
    )
    page = small.page(missing=rows)
    page = replace(page, run=replace(page.run, judges=(small.JUDGE, "other-judge")))
    found = [
        (row.name, *(cell if isinstance(cell, str) else cell.text for cell in row.cells))
        for row in tables_of(blocks, page)["Reasons"].rows
    ]
    assert found == [
        ("generate", "timeout", "3", "Swahili 2, English 1", "too slow"),
        ("judge", "empty", "3", "Swahili 3", ""),
        ("judge", f"{small.JUDGE}@repeat: empty", "2", "Swahili 2", ""),
        ("translate", "copied", "1", "Swahili 1", ""),
    ]
