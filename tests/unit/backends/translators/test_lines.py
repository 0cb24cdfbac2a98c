from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safeglot.backends.translators.lines import (
    Line,
    TranslatedLine,
    by_line,
    cut,
    half_surrogate,
    too_long,
)
from safeglot.errors import ModelError
from safeglot.types import Reply, Request


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("The house.", ["", "The house.", ""]),
        (" The house. ", [" ", "The house.", " "]),
        ("", [""]),
        ("12 - 34\n", ["12 - 34\n"]),
        ("a\r\n\n- b\t\n1\n", ["", "a", "\r\n\n", "- b", "\t\n1\n"]),
        ("a\u2028b", ["", "a", "\u2028", "b", ""]),
    ],
)
def test_lines_with_letters_are_cut_out(text, parts):
    assert cut(text) == parts


@given(text=st.text(st.sampled_from("aé日 \t\n\r\0\u2028\xa01.-")))
def test_what_is_cut_loses_nothing(text):
    parts = cut(text)
    assert "".join(parts) == text
    assert not any(map(str.isalpha, "".join(parts[::2])))
    for part in parts[1::2]:
        assert part == part.strip()
        assert not set(part) & set("\n\r\0\u2028")
        assert any(map(str.isalpha, part))


def ask(text: str, max_tokens: int = 9) -> Request:
    extra = {"source": "en", "target": "es"}
    return Request(model="m", prompt=text, max_tokens=max_tokens, extra=extra)


def shout(lines: list[Line]) -> list[TranslatedLine | ModelError]:
    """Translate into capitals; a line of more characters than tokens is cut off, "x" a fault."""
    return [
        ModelError("bad_request", "x", transient=False)
        if line.text == "x"
        else TranslatedLine(
            text=line.text.upper()[: line.max_tokens],
            n_tokens=len(line.text),
            whole=len(line.text) <= line.max_tokens,
        )
        for line in lines
    ]


def test_each_line_is_translated_in_its_place():
    (reply,) = by_line([ask("  one\n\n- two\r\n3")], shout)
    assert reply == Reply(text="  ONE\n\n- TWO\r\n3", finish_reason="stop", n_tokens=8)


def test_lines_of_all_requests_go_together_with_direction_and_limit():
    seen: list[Line] = []

    def note(lines: list[Line]) -> list[TranslatedLine | ModelError]:
        seen.extend(lines)
        return shout(lines)

    by_line([ask("one\ntwo"), ask("three", 2)], note)
    assert [(line.text, line.max_tokens) for line in seen] == [("one", 9), ("two", 9), ("three", 2)]
    assert {(line.source, line.target) for line in seen} == {("en", "es")}


def test_a_fault_costs_its_request_only():
    first, second = by_line([ask("one\nx\ntwo"), ask("two")], shout)
    assert isinstance(first, ModelError)
    assert isinstance(second, Reply)
    assert second.text == "TWO"


def test_a_request_with_one_line_cut_off_is_cut_off():
    (reply,) = by_line([ask("one\nthree", 3)], shout)
    assert isinstance(reply, Reply)
    assert (reply.text, reply.finish_reason) == ("ONE\nTHR", "length")


def test_without_letters_nothing_is_translated():
    def never(lines: list[Line]) -> list[TranslatedLine | ModelError]:
        raise AssertionError(lines)

    assert by_line([ask("12\n"), ask("")], never) == [
        Reply(text="12\n", n_tokens=0),
        Reply(text="", n_tokens=0),
    ]


def test_faults_of_lines_are_final():
    assert not too_long(9, 5).transient
    assert too_long(9, 5).message == "a line of the text has 9 tokens, and the model takes 5"
    assert (half_surrogate().kind, half_surrogate().transient) == ("bad_request", False)
