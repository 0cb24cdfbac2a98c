from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safeglot.config import checks


@pytest.mark.parametrize(
    ("value", "annotation", "words"),
    [
        ("1", "int", "a whole number"),
        (1.0, "int | None", "a whole number"),
        (True, "int", "a whole number"),
        (False, "float", "a number"),
        (None, "str", "a string"),
        (0, "bool", "true or false"),
        ("en", "tuple[str, ...]", "a list of strings"),
        ([], "Mapping[str, str]", "a table of strings"),
    ],
)
def test_a_value_of_the_wrong_type_is_named_with_what_is_allowed(value, annotation, words):
    assert checks.typed(value, annotation)[1] == f"got {value!r}, allowed is {words}."


@given(st.integers(-(10**6), 10**6))
def test_whole_numbers_and_their_decimals_are_one_value_of_a_decimal_field(number):
    whole, decimal = checks.typed(number, "float"), checks.typed(float(number), "float")
    assert whole == decimal
    assert repr(whole) == repr(decimal)


def test_the_two_zeros_are_one_value():
    assert math.copysign(1, checks.typed(-0.0, "float")[0]) == 1


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, 10**400])
def test_what_is_not_finite_is_refused(number):
    assert "a finite number" in checks.typed(number, "float | None")[1]


@given(st.floats(allow_nan=True), st.floats(0, 10), st.floats(10, 20))
def test_only_numbers_within_the_bounds_pass(number, least, most):
    assert (checks.bounds_fault(number, least, most) == "") == (least <= number <= most)
    assert (checks.bounds_fault(number, least, None) == "") == (number >= least)
    assert checks.bounds_fault(number, None, None) == ""


@given(st.text(st.characters()))
def test_a_text_passes_if_it_can_be_written_to_a_file(text):
    try:
        fit = bool(text.encode("utf-8")) or not text
    except UnicodeEncodeError:
        fit = False
    assert (checks.text_fault(text) == "") == (fit and "\0" not in text)


@pytest.mark.parametrize(
    "url",
    ["http://localhost:8000/v1", "https://api.openai.com/v1/", "http://127.0.0.1:1", "http://[::1]:80/v1", "http://münchen.de"],
)  # fmt: skip
def test_addresses(url):
    assert checks.url_fault(url) == ""


@pytest.mark.parametrize(
    "url", ["", "localhost:8000", "http:/host", "http://", "http://:80", "http://h:x", "http://h:0", "http://[::1", "ftp://h", "http://a b/v1", "http://h/v1\n"]
)  # fmt: skip
def test_what_is_no_address_is_shown(url):
    assert repr(url) in checks.url_fault(url)


@pytest.mark.parametrize("url", ["http://u:SECRET@h", "http://SECRET@h/v1", "http://h/v1?k=SECRET", "http://h/#SECRET", "http://u:SECRET@[h"])  # fmt: skip
def test_an_address_that_may_hold_a_secret_is_not_shown(url):
    fault = checks.url_fault(url)
    assert fault
    assert "SECRET" not in fault


def test_nearest():
    assert checks.nearest("Opnai", ["openai", "vllm"]) == " Did you mean 'openai'?"
    assert checks.nearest("xyz", ["openai", "vllm"]) == ""
    assert checks.nearest(["harmful"], ["benign"]) == ""


@pytest.mark.parametrize(
    ("text", "shown"), [("1/4", "1/4"), ("4/4", "4/4"), ("3,01/4", "1,3/4"), ("1/1", "1/1")]
)
def test_a_shard_has_one_spelling(text, shown):
    assert checks.shard(text) == (shown, "")


@pytest.mark.parametrize("text", ["", "0/4", "5/4", "1", "1/", "/4", "1/4/4", "a/b", "-1/4", "1/٤"])
def test_what_is_no_shard_is_refused(text):
    assert checks.shard(text)[1].endswith("allowed is i/n with i from 1 to n, as in 1/4.")
