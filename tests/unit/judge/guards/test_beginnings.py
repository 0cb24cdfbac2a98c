from __future__ import annotations

import pytest

from safeglot.judge.guards.beginnings import beginning, by_beginning


@pytest.mark.parametrize(
    ("text", "begins"),
    [
        ("I cannot help with that.", "I cannot"),
        ("I'm sorry, but no", "I'm sorry,"),
        ("\x1b[31mI cannot\njudge this", "[31mI cannot"),
        ("No", "No"),
        ("", ""),
        (
            "\u7533\u3057\u8a33\u3042\u308a\u307e\u305b\u3093\u304c\u3001\u305d\u308c\u306f\u3067\u304d\u307e\u305b\u3093",
            "\u7533\u3057\u8a33\u3042\u308a\u307e\u305b\u3093\u304c\u3001\u305d\u308c",
        ),
        ("safe\u202eunsafe", "safe unsafe"),
    ],
)
def test_the_beginning_of_a_reply(text, begins):
    assert beginning(text) == begins


def test_replies_that_begin_alike_are_one_group():
    texts = [("I cannot help", 3), ("I cannot judge that", 9), ("Sure! Here it is", 2), ("", 1)]
    assert by_beginning(texts) == (("I cannot", 12), ("Sure! Here", 2), ("", 1))
