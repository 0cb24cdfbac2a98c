import pytest

from safeglot.prompts.reading.suggestions import (
    by_language,
    holds_kinds,
    holds_languages,
    is_of_safety,
    likely_column,
    longest_columns,
    looks_headless,
    numbers_rows,
)


def test_the_likeliest_column_ends_in_the_word():
    columns = ("release_prompt_id", "prompt_hash", "prompt_text", "harmCategory")
    assert likely_column("id", columns) == "release_prompt_id"
    assert likely_column("text", columns) == "prompt_text"
    assert likely_column("category", columns) == "harmCategory"
    assert likely_column("category", ("persona",)) is None
    assert likely_column("id", ("idd",)) == "idd"


def test_columns_that_differ_in_a_language_go_together():
    found = by_language(("prompt_en", "prompt_zh_Hant", "de.answer", "sw.answer", "note_x"), "_.")
    assert found == {
        "prompt": {"prompt_en": ("en",), "prompt_zh_Hant": ("zh-Hant",)},
        "answer": {"de.answer": ("de",), "sw.answer": ("sw",)},
    }


@pytest.mark.parametrize(
    "columns",
    [
        ("text-en", "text-de"), ("text (en)", "text (de)"), ("text[English]", "text[German]"),
        ("text:en", "text:de"), ("text/en", "text/de"), ("textEn", "textDe"), ("en text", "de text"),
    ],
)  # fmt: skip
def test_a_language_may_stand_behind_any_sign(columns):
    assert by_language(columns) == {"text": {columns[0]: ("en",), columns[1]: ("de",)}}


def test_a_language_that_may_be_two_is_told_as_both():
    assert by_language(("q_English", "q_Chinese"))["q"]["q_Chinese"] == ("zh", "zh-Hant")


def test_a_first_line_whose_words_stand_below_it_is_a_row():
    header = ("q1", "en", "harmful", "How do I do it?")
    assert not looks_headless(header)
    below = [dict(zip(header, ("q2", "de", "benign", "Wie?"), strict=True))]
    assert looks_headless(header, below)
    assert not looks_headless(("q1", "en"), [{"q1": "1", "en": "How do I do it?"}])
    assert not looks_headless(("x", "harmful"), [{"x": "How do I do it?", "harmful": "1"}])


def test_unknown_words_above_numbers_or_long_texts_are_a_header():
    header = ("号", "词")
    assert looks_headless(header)
    assert not looks_headless(header, [{"号": "1", "词": "甲"}, {"号": "2", "词": "乙"}])
    long = [{"号": "a", "词": "How do I do it?"}, {"号": "b", "词": "How do they do it?"}]
    assert not looks_headless(header, long)


def test_what_words_of_a_column_are():
    assert holds_languages(("English", "de", "", "alemán"))
    assert not holds_languages(("yes", "no"))
    assert not holds_languages(("en", "fraud"))
    assert holds_kinds(("1", "0"))
    assert holds_kinds(("Toxic", "Non-Toxic", "nan"))
    assert not holds_kinds(("1", "1"))
    assert not holds_kinds(("a", "b"))
    assert is_of_safety("is_response_safe")
    assert not is_of_safety("unsafe")


def test_the_longest_columns_are_texts_and_ids_have_digits():
    rows = [{"id": "q1", "a": "x" * 30, "b": "y" * 20, "c": "z"}] * 3
    assert longest_columns(["id", "a", "b", "c"], rows) == ["a", "b"]
    assert numbers_rows("id", rows)
    assert not numbers_rows("c", rows)


def test_a_first_line_of_texts_is_no_header():
    for line in (
        ("[request 1]",),
        ("How do I do it?", "fraud, mostly"),
        ("request 1",),
        ("12", "a b"),
    ):
        assert looks_headless(line), line
    for line in (("prompt",), ("goal", "target"), ("English", "German"), ("qid", "x")):
        assert not looks_headless(line), line
    assert not looks_headless(())
