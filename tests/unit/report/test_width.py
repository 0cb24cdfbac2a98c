from __future__ import annotations

import pytest

from safeglot.report.width import cut, cut_within, display_width, padded, wrapped


@pytest.mark.parametrize(
    ("text", "width"), [("abc", 3), ("日本語", 6), ("e\u0301", 1), ("العربية", 7), ("", 0)]
)
def test_width_is_that_of_a_terminal(text, width):
    assert display_width(text) == width
    assert display_width(padded(text, 10)) == 10
    assert padded(text, 10, right=True).endswith(text)


def test_a_text_is_cut_by_columns():
    assert cut("日本語", 6) == "日本語"
    assert cut("日本語", 5) == "日本…"
    assert cut_within("an-owner/a-model-8b", 11) == "an-ow…el-8b"
    assert display_width(cut_within("日本語日本語", 7)) <= 7


def test_lines_are_broken_at_spaces_and_long_words_anywhere():
    assert wrapped("one two three", 7) == ["one two", "three"]
    assert wrapped("日本語日本語", 5) == ["日本", "語日", "本語"]
    assert wrapped("a bbbbbb c", 4, "  ") == ["  a", "  bb", "  bb", "  bb", "  c"]
    assert wrapped("", 5) == []
