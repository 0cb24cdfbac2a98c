from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safeglot.text.quoting import plain, quoted


@pytest.mark.parametrize(
    "token",
    [
        "<|eot_id|>",
        "<|start_header_id|>",
        "<|im_start|>",
        "<|turn>",
        "<turn|>",
        "<start_of_turn>",
        "<end_of_turn>",
        "[INST]",
        "[/INST]",
        "<<SYS>>",
        "</s>",
        "<bos>",
        "<\uff5cUser\uff5c>",
        "<END CONVERSATION>",
        "</think>",
        "<score>",
        "<|channel|>",
    ],
)
def test_control_tokens_are_left_out(token):
    assert plain(f"a{token}b") == "a b"


@pytest.mark.parametrize(
    "text",
    ["x < y | z > 3", "f <| g |> h", "<p>Hallo</p>", "यह एक उत्तर है।", "[1] (a) {b}", "日本語<b>"],
)
def test_other_text_stays(text):
    assert plain(text) == text


def test_what_is_left_makes_no_new_token():
    assert plain("<|im_<|im_start|>start|>") != "<|im_start|>"
    assert "[INST]" not in plain("[IN[INST]ST]")


def test_the_mark_depends_on_both_texts_only():
    first = quoted("p", "a")
    assert first == quoted("p", "a")
    assert first.split()[1] != quoted("p", "b").split()[1]
    assert "request" not in quoted(None, "a")


@given(st.text(), st.text())
def test_a_text_cannot_close_its_own_quotation(prompt, text):
    shown = quoted(prompt, text)
    closing = shown.rsplit("\n", 1)[1]
    assert closing.startswith("</answer ")
    assert shown.count(closing) == 1
