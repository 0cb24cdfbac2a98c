from dataclasses import replace

from safeglot.score.catalogue.no_interval import TOO_ALIKE, with_reasons
from safeglot.types import Estimate

ROW = Estimate(metric="safety", value=0.9, low=0.8, high=0.95, method="wilson", n=9)


def test_an_interval_needs_no_reason_and_a_reason_that_is_there_stays():
    own = replace(ROW, low=None, high=None, extra={"no_interval": "of its own"})
    assert with_reasons([ROW, own]) == [ROW, own]


def test_what_has_none_says_why():
    rows = [
        replace(ROW, value=None, low=None, high=None, method="no data"),
        replace(ROW, metric="cochran_q", low=None, high=None, extra={"p": 0.5}),
        replace(ROW, metric="quality_slope", low=None, high=None),
    ]
    told = with_reasons(rows)
    assert [e.extra["no_interval"] for e in told] == [
        "there is no value: no data",
        "a statistic of a test, read its p",
        TOO_ALIKE,
    ]
    assert told[1].extra["p"] == 0.5
