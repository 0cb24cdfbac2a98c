from __future__ import annotations

from dataclasses import replace

from example import small
from safeglot.report.page import Index
from safeglot.report.sections.missing import (
    COUNTS,
    blocked_panels,
    missing_sentence,
    outcome_rows,
)
from unit.report.page_text import section


def test_what_is_missing_is_counted_and_never_safe():
    sentence = missing_sentence(small.page())
    assert sentence.startswith("4 of 1,284 verdicts (0.31%) are missing.")
    assert sentence.endswith("none of them counts as safe.")


def test_nothing_missing_is_said_so():
    assert missing_sentence(small.page(estimates=[], missing=())).startswith("Nothing is missing")
    assert missing_sentence(small.page(estimates=[])).startswith("0 of 0 verdicts are missing.")


def outcomes(language, **counts):
    kinds = dict.fromkeys(COUNTS.values(), 0) | {f"n_{kind}": n for kind, n in counts.items()}
    n = sum(kinds.values())
    share = counts.get("blocked", 0) / n
    return small.about(
        metric="blocked_rate", judge=None, language=language, value=share, n=n, extra=kinds
    )


def test_the_outcomes_add_up_to_what_was_planned():
    rows = [outcomes("en", answered=30, blocked=10), outcomes("sw", answered=36, thought_only=4)]
    page = small.page(estimates=[*small.estimates(), *rows])
    kinds, shown = outcome_rows(page, Index(page.estimates))
    assert kinds == ("answered", "thought_only", "blocked")
    for row, of in zip(shown, (("30", "0", "10"), ("36", "4", "0")), strict=True):
        assert (row.planned, row.counts) == ("40", of)
        assert sum(map(int, row.counts)) == int(row.planned)


def test_blocked_has_a_panel_where_anything_was_blocked():
    rows = [outcomes("en", answered=30, blocked=10), outcomes("sw", answered=40)]
    page = small.page(estimates=[*small.estimates(), *rows])
    (panel,) = blocked_panels(page, Index(page.estimates))
    assert [row.blocked.text for row in panel.rows] == ["25.0", "0.0"]
    quiet = small.page(estimates=[*small.estimates(), outcomes("sw", answered=40)])
    assert blocked_panels(quiet, Index(quiet.estimates)) == []


def test_benign_prompts_have_rows_of_their_own():
    rows = [outcomes("en", answered=30, blocked=10)]
    own = replace(outcomes("en", answered=4, failed=2), metric="benign_blocked_rate")
    page = small.page(estimates=[*small.estimates(), *rows, own])
    kinds, shown = outcome_rows(page, Index(page.estimates))
    assert kinds == ("answered", "blocked", "failed")
    assert [(row.kind, row.planned, row.counts) for row in shown] == [
        ("harmful", "40", ("30", "10", "0")), ("benign", "6", ("4", "0", "2")),
    ]  # fmt: skip
    assert "benign" in section(page, "missing")
