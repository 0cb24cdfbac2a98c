from __future__ import annotations

import importlib.resources
import tomllib
from typing import Any

import pytest

from safeglot.text.makers import ErrorText, makers, read, word


def rows() -> dict[str, Any]:
    text = importlib.resources.files("safeglot.text").joinpath("makers.toml").read_text("utf-8")
    return tomllib.loads(text)


@pytest.mark.parametrize(
    ("reason", "ending"),
    [
        ("stop", "whole"),
        ("STOP", "whole"),
        ("eos_token", "whole"),
        ("end-turn", "whole"),
        ("FinishReason.STOP", "whole"),
        ("length", "cut"),
        ("MAX_TOKENS", "cut"),
        ("FINISH_REASON_MAX_TOKENS", "cut"),
        ("max output tokens reached", "cut"),
        ("SAFETY", "blocked"),
        ("content_filter: PROHIBITED_CONTENT", "blocked"),
        ("content-filtered", "blocked"),
        ("output_moderation", "blocked"),
        ("error", "broken"),
        ("network_error", "broken"),
        ("a_word_of_next_year", "broken"),
        ("", None),
    ],
)
def test_finish_reasons_of_many_makers(reason: str, ending: str | None) -> None:
    assert makers().ending([reason]) == ending


def test_of_two_reasons_the_worse_counts_and_an_unknown_one_does_not() -> None:
    assert makers().ending(["stop", "SAFETY"]) == "blocked"
    assert makers().ending(["length", "MAX_TOKENS"]) == "cut"
    assert makers().ending(["stop", "a word of its own"]) == "whole"


def test_words_are_one_whatever_their_spelling() -> None:
    assert word("DataInspectionFailed") == word("data_inspection_failed")
    assert word("安全") == "安全"


def test_a_row_can_be_added_without_code() -> None:
    table = rows()
    table["finish"]["blocked"].append("next_year")
    table["error"].insert(0, {"kind": "blocked", "word": ["new_code"], "status": [418]})
    table["thought"].append({"open": "<hm>", "close": "</hm>"})
    more = read(table)
    assert more.ending(["next year"]) == "blocked"
    said = ErrorText(status=418, words=frozenset({word("NEW-CODE")}))
    assert more.error_kind(said) == "blocked"
    assert makers().error_kind(said) == ""
    assert more.thoughts[-1].open == "<hm>"


def test_no_finish_reason_stands_in_two_lists() -> None:
    listed = [
        word(r) for name in ("whole", "cut", "blocked", "broken") for r in rows()["finish"][name]
    ]
    assert len(set(listed)) >= len(listed) - 2  # FINISH_REASON_X is X
