from __future__ import annotations

import pytest

from safeglot.text.cells import (
    code_span,
    guarded,
    markdown,
    markdown_cell,
    markdown_text,
    unguarded,
)


@pytest.mark.parametrize(
    "start", [*"=+-@'＝＋－＠", "\t", "\r", "\n", "\ufeff=", "\u200b@", "\x00="]
)
def test_a_text_that_could_be_a_formula_is_marked_as_text(start):
    text = f"{start}SUM(1)"
    assert guarded(text) == f"'{text}"
    assert unguarded(guarded(text)) == text


@pytest.mark.parametrize("text", ["", "a=b", " -1", "[unsafe answer 3]", "١", "\u200fعبر"])
def test_other_texts_stay(text):
    assert guarded(text) == text
    assert unguarded(text) == text


@pytest.mark.parametrize("text", ["''=1", "'a", "'", "''", "'=", "x'=1"])
def test_guarding_is_undone_whatever_the_text(text):
    assert unguarded(guarded(text)) == text


HOSTILE = "<img src=x onerror=1> </td> <!-- &lt;b&gt; [a](http://x) ![p](http://x) ![p][r] \u202e a|b `c`\nd"


def test_markdown_finds_no_html_link_or_picture():
    for text in (markdown(HOSTILE), markdown_cell(HOSTILE)):
        assert "\n" not in text
        assert "\u202e" not in text
        for part in ("<img", "</td", "<!--", "&lt;", "](", "]["):
            assert part not in text.replace("\\" + part[0], "").replace("]\\", ""), part
    assert "<U+202E>" in markdown(HOSTILE).replace("\\", "")


def test_nothing_ends_a_cell():
    assert markdown_cell("a|b`c`*d*\\") == "a\\|b\\`c\\`\\*d\\*\\\\"


def test_plain_words_and_numbers_stay():
    for text in (
        "97.1 [95.2 to 98.3]",
        "p < .001",
        "safety_macro32",
        "AT&T & co",
        "Llama-3.1 (8B)",
    ):
        assert markdown_cell(text).replace("AT\\&T", "AT&T") == text


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a|b", r"`a\|b`"),
        ("a`b\nc", "`a'b c`"),
        ("@all <b>", "`@all <b>`"),
        ("", ""),
        ("\u202ex", "`<U+202E>x`"),
    ],
)
def test_a_code_span_ends_where_it_ends(text, code):
    assert code_span(text) == code


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("+1.0 points [−2.0 to +3.0] (n = 4), p < 0.001", None),
        ("crime_theft of vllm/a-b.c", None),
        ("**b** _i_ `c` ~s~ $x$ \\", r"\*\*b\*\* \_i\_ \`c\` \~s\~ \$x\$ \\"),
        ("<b> &lt; ![p](x) [a][r]", r"\<b> \&lt; ![p]\(x) [a]\[r]"),
        ("see http://x.y/z, www.x.y or @team", "see `http://x.y/z,` `www.x.y` or `@team`"),
        ("a\n# b\u202e", r"a # b\<U+202E>"),
    ],
)
def test_a_sentence_in_markdown_is_marked_up_by_nobody(text, shown):
    assert markdown_text(text) == (text if shown is None else shown)
