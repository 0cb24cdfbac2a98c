from __future__ import annotations

import csv
import io

import pytest

from safeglot.backends.files.datasets import DataFile
from safeglot.errors import InputErrors
from safeglot.prompts.problems import Problems
from safeglot.prompts.reading.tables import read_table
from safeglot.prompts.reading.translation_rows import ExpectedTexts, read_translations
from safeglot.translate.translators.from_file import FileTranslator
from safeglot.types import Source

EXPECTED = ExpectedTexts(prompts=["0", "p1", "p2"], languages=("sw", "id"), reference="en")


def read(*rows, wanted=EXPECTED):
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    file = DataFile(where="bought.csv", suffix=".csv", data=out.getvalue().encode())
    problems = Problems()
    texts, notes = read_translations(read_table([file]), wanted, problems)
    return dict(texts), notes, problems.found


def test_a_long_file():
    texts, notes, faults = read(
        ("id", "language", "text"), ("0", "sw", "moja"), ("p1", "sw", "mbili"), ("p1", "ind", "dua")
    )
    assert texts == {("0", "sw"): "moja", ("p1", "sw"): "mbili", ("p1", "id"): "dua"}
    assert faults == []
    assert notes == [
        "1 prompts have no sw in the file (p2)",
        "2 prompts have no id in the file (0, p2)",
    ]


def test_a_wide_file_whose_id_is_no_indonesian():
    texts, notes, faults = read(
        ("id", "en", "sw", "comment"), ("p1", "one", "moja", "x"), ("p9", "nine", "tisa", "")
    )
    assert (texts, faults) == ({("p1", "sw"): "moja"}, [])
    assert "1 ids of the file are not among the prompts (p9)" in notes


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([("id", "language"), ("p1", "sw")], "has the columns id, language"),
        ([("id", "language", "text"), ("p1", "xq", "a")], '"xq" is not a language tag'),
        ([("id", "language", "text"), ("p1", "", "a")], "the language is empty"),
        ([("id", "language", "text"), ("", "sw", "a")], "the id is empty"),
        (
            [("id", "language", "text"), ("p1", "sw", "a"), ("p1", "sw", "b")],
            "bought.csv:3: id p1 in sw is there already, at bought.csv:2",
        ),
        ([("id", "language", "text"), ("p1", "sw", "a\0b")], "null"),
        (
            [("id", "language", "text", "source_language"), ("p1", "sw", "a", "de")],
            "was translated from de, and the prompts are in en",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_place(rows, told):
    try:
        *_, faults = read(*rows)
    except InputErrors as error:
        faults = list(error.problems)
    assert any(told in fault for fault in faults), faults


def test_an_empty_text_is_lacking_and_never_the_source():
    texts, notes, _ = read(("id", "sw"), ("p1", "  "), ("p2", "mbili"))
    step = FileTranslator(name="file=bought.csv", digest="d", source="en", texts=texts)
    lacking = Source(prompt="p1", text="one", language="en", target="sw")
    assert step.ask(lacking) == ()
    assert (step.read(lacking, ()).text, step.read(lacking, ()).fault) == (
        "",
        "the file has no text of this prompt",
    )
    assert "2 prompts have no sw in the file (0, p1)" in notes


def test_a_file_says_which_languages_it_has():
    step = FileTranslator(name="f", digest="d", source="en", texts={("p1", "sw"): "moja"})
    assert step.fault("en", "sw") == ""
    assert step.fault("en", "yo") == "it has no yo, only sw"
    assert step.fault("de", "sw") == "it was translated from en"
