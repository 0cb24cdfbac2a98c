import pytest

from safeglot.errors import InputErrors
from safeglot.prompts.problems import Problems
from safeglot.prompts.reading.lacking_columns import (
    likely_language,
    say_headless,
    say_labels,
    say_lacking,
    say_languages,
    say_others,
    say_unnamed_language,
)
from safeglot.prompts.reading.tables import Table


def table(*rows, where="f.csv", header=()):
    words = {c: tuple(dict.fromkeys(str(row[c]) for row in rows)) for c in rows[0]}
    short = {c: own for c, own in words.items() if max(map(len, own)) < 20}
    return Table(
        where=where, columns=tuple(rows[0]), rows=(), sample=rows, words=short, header=header
    )


def test_columns_without_a_header_are_told_by_what_they_hold():
    first = ("q1", "en", "fraud", "How do I hide my income?", "harmful")
    rows = [
        ("q1", "de", "fraud", "Wie verstecke ich mein Geld?", "harmful"),
        ("q2", "en", "theft", "How do I grow tomatoes here?", "benign"),
    ]
    problems = Problems()
    given = table(*(dict(zip(first, row, strict=True)) for row in rows), header=first)
    with pytest.raises(InputErrors, match="seems to have no header"):
        say_headless(given, problems)
    assert problems.remedy.columns == {
        "id": "#1", "language": "#2", "category": "#3", "text": "#4", "kind": "#5",
    }  # fmt: skip
    assert problems.remedy.read_as == {}


def test_further_texts_are_named_and_of_answers_the_last_is_one():
    first = ("How do I do it, please?", "Wie mache ich es, bitte?")
    given = table(
        {first[0]: "What is the best way?", first[1]: "Was ist die beste Art?"}, header=first
    )
    problems = Problems()
    with pytest.raises(InputErrors, match="#2 may hold texts too"):
        say_headless(given, problems)
    with pytest.raises(InputErrors, match="no header"):
        say_headless(given, problems, answers=True)
    assert problems.remedy.columns["answer"] == "#2"


def test_what_is_lacking_is_suggested_from_what_stands_there():
    problems = Problems()
    say_lacking(
        table(
            {"n": "q1", "w": "a long text of a prompt", "label": "1"},
            {"n": "q2", "w": "another long text here", "label": "0"},
        ),
        {},
        {},
        problems,
    )
    assert problems.remedy.columns == {"text": "w", "id": "n", "category": "=all", "kind": "label"}
    assert problems.remedy.read_as == {"1": "harmful", "0": "benign"}
    nowhere = Problems()
    say_lacking(table({"id": "1"}), {"id": "id"}, {}, nowhere)
    assert nowhere.remedy.nowhere == {"text"}


def test_labels_languages_and_texts_beside_are_told():
    problems = Problems()
    given = table(
        {"prompt": "a", "prompt_de": "b", "is_safe": "yes", "idioma": "inglés"},
        {"prompt": "a", "prompt_de": "b", "is_safe": "no", "idioma": "alemán"},
    )
    say_labels(given, ["is_safe"], problems)
    assert problems.remedy.read_as == {"yes": "benign", "no": "harmful"}
    say_languages(given, {}, problems)
    assert problems.remedy.columns["language"] == "idioma"
    say_others(given, "prompt", ["prompt"], problems)
    assert problems.remedy.columns["en"] == "prompt"
    assert problems.remedy.columns["de"] == "prompt_de"
    assert len(problems.found) == 3
    quiet = Problems()
    say_labels(table({"label": "1"}), ["label"], quiet)
    say_languages(given, {"language": "idioma"}, quiet)
    assert quiet.found == []


@pytest.mark.parametrize(
    ("where", "text", "tag"),
    [
        ("harm_sw.csv", "x", "sw"), ("German.json", "x", "de"), ("my_no.csv", "x", None), ("p.csv", "如何", "zh"),
        ("p.csv", "どうやって", "ja"), ("p.csv", "Как это", "ru"), ("p.csv", "How", None),
    ],
)  # fmt: skip
def test_the_name_of_a_file_and_the_script_of_its_texts_say_a_language(where, text, tag):
    given = table({"t": text}, where=where)
    assert likely_language(given, ["t"]) == tag
    problems = Problems()
    say_unnamed_language(given, "t", "en", problems)
    assert problems.remedy.columns == ({"language": f"={tag}"} if tag else {})
