import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safeglot.keys import json_encoder

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text(), inner, max_size=4)
    ),
    max_leaves=12,
)
OPTIONS = (
    {"ensure_ascii": False},
    {"ensure_ascii": False, "separators": (",", ":")},
    {"ensure_ascii": False, "separators": (",", ":"), "sort_keys": True, "allow_nan": False},
    {"ensure_ascii": True},
    {"ensure_ascii": False, "indent": 1},
)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@given(value=VALUES)
def test_it_writes_what_json_writes(options, value):
    assert json_encoder(**options)(value) == json.JSONEncoder(**options).encode(value)


def test_it_refuses_what_json_refuses():
    encode = json_encoder(ensure_ascii=False, allow_nan=False)
    for bad in (float("nan"), float("inf")):
        with pytest.raises(ValueError, match="Out of range"):
            encode({"a": bad})
    with pytest.raises(TypeError, match="not JSON serializable"):
        encode({"a": {1, 2}})
    assert encode({"a": "still"}) == '{"a": "still"}'


@pytest.mark.parametrize("broken", [None, lambda *_: _raise()])
def test_without_the_encoder_in_c_it_is_the_plain_one(monkeypatch, broken):
    monkeypatch.setattr("safeglot.keys._make", broken)
    assert (
        json_encoder(ensure_ascii=False, sort_keys=True)({"b": "é", "a": 1}) == '{"a": 1, "b": "é"}'
    )


def _raise():
    raise TypeError("takes 8 arguments")
