from __future__ import annotations

import base64
import html
import json
from urllib.parse import quote, quote_plus

import pytest

from safeglot.text.keys_in_texts import (
    LEAST,
    replied_without,
    without_key,
    without_key_in_answers,
)
from safeglot.types import Reply

KEY = "sk-made/up+0000-Abc&def=xyz"
FORMS = {
    "whole": KEY,
    "in a header": f"Authorization: Bearer {KEY}",
    "upper case": KEY.upper(),
    "URL": quote(KEY),
    "URL, all": quote(KEY, safe=""),
    "form": quote_plus(KEY),
    "URL twice": quote(quote(KEY, safe=""), safe=""),
    "JSON": json.dumps({"key": KEY}),
    "JSON in JSON": json.dumps(json.dumps({"key": KEY})),
    "JSON by code": "".join(f"\\u{ord(c):04x}" for c in KEY),
    "HTML": html.escape(KEY),
    "HTML by code": "".join(f"&#{ord(c)};" for c in KEY),
    "hex": KEY.encode().hex(),
    "HEX": KEY.encode().hex().upper(),
    "backwards": KEY[::-1],
    "beginning": KEY[:14],
    "middle": KEY[5:20],
    "end": f"...{KEY[-13:]}",
}


@pytest.mark.parametrize("form", FORMS)
def test_a_key_is_taken_out_in_each_form(form):
    for cleaned in (without_key(KEY), without_key_in_answers(KEY)):
        text = cleaned(f"You sent {FORMS[form]} to us")
        assert "***" in text
        assert text.startswith("You sent ")
        assert text.endswith(" to us")
        for part in (KEY[:12], KEY[8:20], KEY[-12:], FORMS[form]):
            assert part not in text


@pytest.mark.parametrize("before", ["", "a", "ab", "user:", "Bearer "])
def test_a_key_is_taken_out_of_base64_wherever_it_stands(before):
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        text = encode(f"{before}{KEY}, and so on".encode()).decode()
        cleaned = without_key(KEY)(text)
        assert "***" in cleaned
        assert len(text) - len(cleaned) >= 4 * len(KEY) // 3 - 6


def test_other_texts_stay_as_they_are():
    for text in ("", "sk-made", "an answer of a model", KEY[:8], "sk-made-by somebody"):
        assert without_key(KEY)(text) == text
        assert without_key("")(text) == text


@pytest.mark.parametrize("key", ["EMPTY", "none", "x", "dummy", "placeholder"])
def test_an_answer_loses_no_word_because_it_is_a_key(key):
    text = f"the {key} bottle"
    assert without_key_in_answers(key)(text) == text
    assert (key in without_key(key)(text)) == (len(key) < LEAST)


def test_every_text_of_a_reply_is_cleaned():
    reply = Reply(
        text=f"a {KEY}",
        thought=f"b {KEY}",
        served_by=KEY,
        finish_reason=KEY,
        n_tokens=1,
        n_prompt_tokens=1,
        logprobs=(((KEY, -0.5),),),
    )
    cleaned = replied_without(without_key_in_answers(KEY), reply)
    assert KEY not in repr(cleaned)
    assert cleaned.logprobs == ((("***", -0.5),),)
    assert replied_without(without_key_in_answers("EMPTY"), reply) is reply
