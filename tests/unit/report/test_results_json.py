from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from example.small import estimates
from safeglot.errors import UsageError
from safeglot.report.results_json import from_json, to_json
from safeglot.types import Estimate

rates = st.none() | st.floats(allow_nan=False, allow_infinity=False)
names = st.none() | st.text()
some_estimates = st.builds(
    Estimate,
    metric=st.text(),
    model=names,
    judge=names,
    language=names,
    category=names,
    value=rates,
    low=rates,
    high=rates,
    level=rates,
    method=st.text(),
    n=st.integers(0, 2**63 - 1),
    missing=st.integers(0, 2**63 - 1),
    extra=st.dictionaries(st.text(), rates | st.text(), max_size=3),
)


@given(st.lists(some_estimates, max_size=4), st.text())
def test_what_is_written_is_read_back_exactly(found, signature):
    assert from_json(to_json(found, signature)) == (found, signature)


def test_the_text_is_json_with_one_estimate_a_line():
    text = to_json(estimates(), "a|b")
    whole = json.loads(text)
    assert (whole["schema"], whole["signature"]) == (1, "a|b")
    assert text.endswith("\n]}\n")
    assert len(text.splitlines()) == len(whole["estimates"]) + 4


def test_literal_text():
    one = Estimate(
        metric="safety",
        model="m",
        value=0.1 + 0.2,
        method="wilson",
        n=3,
        extra={"b": None, "a": 1.5},
    )
    assert to_json([one], "s") == (
        '{"schema": 1,\n"signature": "s",\n"estimates": [\n'
        '{"metric": "safety", "model": "m", "judge": null, "language": null, "category": null, '
        '"value": 0.30000000000000004, "low": null, "high": null, "level": 0.95, '
        '"method": "wilson", "n": 3, "missing": 0, "extra": {"a": 1.5, "b": null}}\n]}\n'
    )
    assert to_json([], "s") == '{"schema": 1,\n"signature": "s",\n"estimates": []}\n'


def test_the_order_of_extra_does_not_move_a_byte():
    fields = {"metric": "gap", "value": 0.0, "method": "tango", "n": 1}
    one = Estimate(**fields, extra={"a": 1.0, "b": 2.0})
    other = Estimate(**fields, extra={"b": 2.0, "a": 1.0})
    assert to_json([one], "") == to_json([other], "")


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_nan_is_never_written(bad):
    with pytest.raises(ValueError, match="JSON compliant"):
        to_json([Estimate(metric="safety", value=bad, method="wilson", n=1)], "")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"schema": 1,\n"estimates": [', "line 2: not JSON"),
        ("[]", "schema 'list'"),
        ('{"schema": 2, "estimates": []}', "schema 2; this version reads schema 1"),
        ('{"schema": 1, "estimates": [{"metric": "safety"}]}', "estimate 1: fields missing"),
        ('{"schema": 1, "estimates": [3]}', "estimate 1: fields missing or unknown: int"),
    ],
)
def test_what_cannot_be_read_is_the_users_error(text, says):
    with pytest.raises(UsageError, match=says):
        from_json(text)


@pytest.mark.parametrize(
    ("name", "value"),
    [("n", "3"), ("n", True), ("n", 1.5), ("n", 10**30), ("value", "x"), ("value", [1]), ("low", 10**400),
     ("model", 1), ("metric", None), ("extra", []), ("extra", None), ("method", {})],
)  # fmt: skip
def test_a_field_of_another_type_is_refused(name, value):
    row = json.loads(to_json([Estimate(metric="m", value=0.5, method="w", n=3)], ""))
    row["estimates"][0][name] = value
    with pytest.raises(UsageError, match=f"results.json, estimate 1: {name} is "):
        from_json(json.dumps(row))


@pytest.mark.parametrize("text", ["[" * 100_000, '{"schema": 1, "estimates": {}}'])
def test_what_is_no_list_of_estimates_is_refused(text):
    with pytest.raises(UsageError, match="write it again"):
        from_json(text)
