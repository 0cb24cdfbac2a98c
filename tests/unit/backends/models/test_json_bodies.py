"""Fast JSON is the JSON that Python reads and writes."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safeglot.backends.models.json_bodies import INT_DIGITS, TooLargeError, decoded, encoded

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(st.dictionaries(st.text(), values), st.booleans())
def test_what_is_sent_reads_back_as_it_was(body, plain):
    assert json.loads(encoded(body, plain=plain)) == body


@given(values.filter(lambda value: not any(len(part) > INT_DIGITS for part in str(value).split())))
def test_what_comes_is_what_python_reads(value):
    raw = json.dumps(value).encode()
    assert decoded(raw) == json.loads(raw)


def test_half_surrogates_are_sent_as_question_marks_and_kept_when_they_come():
    assert encoded({"a": "\ud800 ä"}, plain=True) == '{"a": "? ä"}'.encode()
    assert decoded(b'{"a": "\\ud800"}') == {"a": "\ud800"}
    assert decoded(b'{"a": "\xed\xa0\x80"}') == {"a": "\ud800"}


def test_what_only_python_reads_is_read_all_the_same():
    assert math.isnan(decoded(b'{"a": NaN}')["a"])
    assert decoded(b'{"a": 1e400}') == {"a": math.inf}
    assert decoded(b'\xef\xbb\xbf{"a": 1, "a": 2}') == {"a": 2}
    assert decoded('{"a": "ä"}'.encode("utf-16")) == {"a": "ä"}


def test_what_the_user_added_is_written_as_python_writes_it():
    assert encoded({"a": math.nan, "b": 2**70}, plain=False) == b'{"a": NaN, "b": %d}' % 2**70


@pytest.mark.parametrize("digits", [INT_DIGITS + 1, 400, 5000])
def test_a_number_that_nobody_counts_to_is_refused_with_its_length(digits):
    with pytest.raises(TooLargeError) as caught:
        decoded(b'{"a": %b}' % (b"9" * digits))
    assert caught.value.args == (digits,)


def test_digits_in_a_text_and_of_a_fraction_are_no_number_beyond_64_bits():
    long = "9" * (INT_DIGITS + 5)
    assert decoded(f'{{"a": "{long}", "b": 0.{long}}}'.encode()) == {"a": long, "b": 1.0}


def test_what_is_nested_too_deeply_is_no_body():
    with pytest.raises((RecursionError, ValueError)):
        decoded(b"[" * 100_000)
