"""Halves of surrogate pairs are found and replaced; all else stays the very same object."""

from __future__ import annotations

import pytest

from safeglot.text.surrogates import has_half, whole

HALF = "a \ud83d half"


@pytest.mark.parametrize("text", ["", "plain", "ไทย", "\U0001f600", "\uffff\x00"])
def test_a_whole_text_is_itself(text: str) -> None:
    assert not has_half(text)
    assert whole(text) is text


@pytest.mark.parametrize("text", [HALF, "\udc00", "ไทย\ud800", "\ude00\ud83d"])
def test_each_half_is_replaced(text: str) -> None:
    assert has_half(text)
    assert whole(text) == "".join("?" if "\ud800" <= c <= "\udfff" else c for c in text)
