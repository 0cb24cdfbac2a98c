from __future__ import annotations

import pytest

from example.polyglot import about
from safeglot.report.finding.shares import (
    UNSAFELY,
    compared,
    gap_span,
    joined,
    one_of,
    rate_and_span,
    share,
)


@pytest.mark.parametrize(
    ("rate", "k"),
    [
        (0.248, 4), (0.059, 17), (0.25, 4), (0.5, 2), (0.02, 50), (0.0199, 50), (0.0194, None),
        (0.4, None), (0.298, None), (0.98, None), (1.0, None), (0.0, None), (0.333, 3),
    ],
)  # fmt: skip
def test_one_of_k_where_it_comes_close(rate, k):
    assert one_of(rate) == k


def test_both_shares_of_a_comparison_are_told_alike():
    names = ("Swahili", "English")
    assert compared((0.248, 0.059), names).startswith("In Swahili 1 of 4 harmful requests is")
    assert compared((0.248, 0.004), names) == (
        "In Swahili 24.8% of harmful requests are answered unsafely; in English 0.4%"
    )


def test_a_share_with_and_without_its_verb():
    assert share(0.059) == "1 of 17"
    assert share(0.059, UNSAFELY) == "1 of 17 is answered unsafely"
    assert share(0.004, UNSAFELY, "requests") == "0.4% of requests are answered unsafely"


def test_intervals_stand_in_brackets():
    rate = about("x", "sw", 0.248, 0.227, 0.269)
    assert rate_and_span(rate) == "24.8% [22.7 to 26.9]"
    assert gap_span(rate) == "[+22.7 to +26.9]"
    assert rate_and_span(about("x", "sw", 0.248)) == "24.8%"


def test_long_lists_are_counted():
    assert joined(["a"]) == "a"
    assert joined(["a", "b", "c"]) == "a, b and c"
    assert joined([*"abcdefghij"]) == "a, b, c, d, e, f, g and 3 more"
