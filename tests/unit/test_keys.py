import json
from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safeglot.keys import (
    canonical,
    digest,
    digest_of_lists,
    json_encoder,
    request_key,
    signature,
    translation_key,
)
from safeglot.types import Request, Translation

REQUEST = Request(model="m", messages=(("user", "hi"),), max_tokens=5)
CHANGES = {
    "model": "n",
    "messages": (("user", "ho"),),
    "prompt": "x",
    "max_tokens": 6,
    "temperature": 0.5,
    "top_p": 0.5,
    "seed": 1,
    "sample": 1,
    "stop": ("\n",),
    "top_logprobs": 2,
    "extra": {"a": 1},
}


def test_canonical_ignores_the_order_of_keys_and_nothing_else():
    assert canonical({"b": 1, "a": [True, None, "é"]}) == canonical(
        {"a": [True, None, "é"], "b": 1}
    )
    assert canonical({"b": 1, "a": [True, None, "é"]}) == '{"a":[true,null,"é"],"b":1}'
    with pytest.raises(ValueError, match="Out of range"):
        canonical(float("nan"))


def test_a_key_is_pinned():
    # a change here asks every stored reply again: it must be meant
    assert request_key(REQUEST) == "89c337045417d550bb1b0453f89e25b5"


def test_every_field_of_a_request_is_in_its_key():
    assert set(CHANGES) == {f.name for f in fields(Request)}
    keys = {request_key(replace(REQUEST, **{name: value})) for name, value in CHANGES.items()}
    assert len(keys | {request_key(REQUEST)}) == len(CHANGES) + 1


def test_parts_do_not_run_together():
    assert digest("ab", "c") != digest("a", "bc")


def test_the_key_of_a_translation_is_who_what_and_which_language():
    t = Translation(prompt="p", language="de", text="x")
    others = [
        replace(t, prompt="q"),
        replace(t, language="sw"),
        replace(t, text="y"),
        replace(t, translator="z"),
    ]
    assert len({translation_key(o) for o in [t, *others]}) == 5
    assert translation_key(t) == translation_key(replace(t, kept=False, quality={"a": 1.0}))


def test_half_a_surrogate_can_be_hashed():
    assert len(digest("\ud800")) == 32


def test_a_signature_is_one_line_of_pairs():
    assert signature({"safeglot": "1", "prompts": "a|b"}) == "safeglot:1|prompts:a/b"


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
def test_the_encoder_writes_what_json_writes(options, value):
    assert json_encoder(**options)(value) == json.JSONEncoder(**options).encode(value)


def test_the_encoder_refuses_what_json_refuses():
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


@pytest.mark.parametrize(
    "lists", [([],), ([1, "a"],), ([], []), ([["ä", None]], [1.5]), ([1], [], [{}])]
)
def test_lists_have_the_digest_that_they_have_in_memory(lists):
    assert digest_of_lists(*map(iter, lists)) == digest(*lists)
