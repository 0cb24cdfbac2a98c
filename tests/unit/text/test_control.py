from __future__ import annotations

import json

import pytest

from safeglot.text.control import coloured, escaped_json, one_line, shown, visible

HOSTILE = [
    "\x1b[31m", "\x1b[2J", "\x1b[?1049h", "\x9b2J", "\x1b]0;title\x07", "\x1b]8;;http://x\x1b\\",
    "\x9d52;c;QQ==\x9c", "\x1bP1$r\x1b\\", "\x90q\x9c", "\x1bc", "\x1b(0", "\x1b#8", "\x07",
    "\x08", "\x0b", "\x0c", "\r", "\x00", "\x7f", "\x85", "\x84", "\u202e", "\u202d", "\u2066",
    "\u2069", "\u2028", "\u206a", "\U000e0041", "\x1b[38;5;1m", "\x1b[ q", "\x1b_x\x1b\\",
]  # fmt: skip


@pytest.mark.parametrize("sign", HOSTILE, ids=ascii)
def test_what_a_terminal_would_obey_is_taken_out(sign):
    assert visible(f"a{sign}b") == "ab"
    assert visible(f"{sign}{sign}") == ""


def test_a_sequence_without_an_end_takes_no_more_than_its_line():
    assert visible("a\x1b]0;never ended\nb") == "a\nb"
    assert "\x1b" not in visible("\x1b\x1b[31\x1b[m[31mx")


def test_texts_of_all_scripts_stay():
    for text in (
        "plain",
        "tab\tand\nline",
        "العربية",
        "فارسی\u200cها",
        "👩\u200d🚀",
        "हिन्दी",
        "\u200fعبر\u200e",
    ):
        assert visible(text) == text


def test_only_our_own_colours_stay():
    assert coloured("\x1b[31mred\x1b[0m\x1b]0;x\x07\x1b[2J") == "\x1b[31mred\x1b[0m"


def test_a_text_of_others_is_no_line_of_ours():
    assert one_line("a\nerror:\r\n\tb\x1b[1A  c") == "a error: b c"


@pytest.mark.parametrize("sign", [s for s in HOSTILE if "\n" not in s], ids=ascii)
def test_json_says_the_same_with_escapes(sign):
    value = {f"k{sign}": [sign, 1]}
    text = json.dumps(value, ensure_ascii=False, indent=1)
    assert json.loads(escaped_json(text)) == value
    assert visible(escaped_json(text)) == escaped_json(text)


def test_a_name_shows_what_is_not_seen():
    assert shown("a\u202eb\x1bc") == "a<U+202E>b<U+001B>c"
