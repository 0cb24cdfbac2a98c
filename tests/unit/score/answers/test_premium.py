"""How many more tokens the same requests take."""

from __future__ import annotations

import numpy as np
import pytest

from safeglot.score.answers.premium import NO_PAIRS, token_premiums
from safeglot.types import Estimate

ROW = Estimate(metric="", model="m", level=0.95)
N = np.nan


def told(*tokens, languages=("en", "sw", "hi")):
    rows = token_premiums(np.array(tokens, float), languages, reference="en", row=ROW)
    return {row.language: row for row in rows}


def test_it_is_a_ratio_of_sums_over_the_requests_of_both():
    found = told([10, 20, 30, N], [25, 40, N, 70], [N, N, N, 9])
    sw = found["sw"]
    assert (sw.value, sw.n, sw.missing) == (pytest.approx(65 / 30), 2, 2)
    assert sw.extra == {"tokens": 32.5, "tokens_reference": 15.0}
    assert sw.low < sw.value < sw.high
    assert (found["hi"].value, found["hi"].n, found["hi"].method) == (None, 0, NO_PAIRS)


def test_where_each_request_takes_twice_as_many_nothing_is_open():
    row = told([10, 20, 30], [20, 40, 60], languages=("en", "sw"))["sw"]
    assert (row.low, row.value, row.high) == pytest.approx((2, 2, 2))


def test_one_request_has_no_interval():
    row = told([10], [20], languages=("en", "sw"))["sw"]
    assert (row.value, row.low, row.high) == (2.0, None, None)


def test_a_model_that_counts_no_tokens_has_none():
    assert told([N, N], [N, N], languages=("en", "sw")) == {}
