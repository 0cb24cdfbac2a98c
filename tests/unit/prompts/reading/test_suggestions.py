from safeglot.prompts.reading.suggestions import by_language, likely_column, looks_headless


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
        "prompt": {"en": "prompt_en", "zh-Hant": "prompt_zh_Hant"},
        "answer": {"de": "de.answer", "sw": "sw.answer"},
    }


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
