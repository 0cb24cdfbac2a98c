from dataclasses import replace

import pytest

from safeglot.errors import InputErrors
from safeglot.prompts.problems import Problems
from safeglot.prompts.reading.answer_rows import (
    UNKNOWN,
    AnswerReader,
    answer_columns,
)
from safeglot.prompts.reading.tables import Row, Table


def table(*cells):
    rows = [Row(where="f.csv:", number=i, cells=own) for i, own in enumerate(cells, start=2)]
    return Table(where="f.csv", columns=tuple(cells[0]), rows=rows)


def test_columns_go_by_name_or_are_named_and_the_rest_is_left():
    given = table({"id": "1", "Response": "a", "who": "m", "human": "safe", "label": "x"})
    mapping = {"model": "who", "label": "human", "id": "id"}
    own, rest = answer_columns(given, mapping, Problems())
    assert own == {"answer": "Response", "model": "who", "label": "human"}
    assert rest == {"id": "id"}


def test_a_label_is_never_taken_by_its_name_alone():
    own, _ = answer_columns(table({"answer": "a", "label": "hateful"}), {}, Problems())
    assert own == {"answer": "answer"}


@pytest.mark.parametrize(
    ("cells", "mapping", "said"),
    [
        ({"id": "1", "anwser": "a"}, {}, 'did you mean "anwser"?'),
        ({"id": "1", "answer": "a"}, {"verdict": "guard"}, 'has no column "guard"'),
    ],
)
def test_a_column_that_is_lacking_is_told(cells, mapping, said):
    with pytest.raises(InputErrors, match=r"f\.csv") as told:
        answer_columns(table(cells), mapping, Problems())
    assert said in str(told.value)


def test_several_models_in_a_column_that_is_not_named_are_no_samples_of_one():
    cells = {"answer": "a", "model_name": "m"}
    problems = Problems()
    given = replace(table(cells), words={"model_name": ("m1", "m2")})
    with pytest.raises(InputErrors, match="seems to name several models"):
        answer_columns(given, {}, problems)
    assert problems.remedy.columns == {"model": "model_name"}
    answer_columns(given, {"model": "model_name"}, Problems())
    answer_columns(replace(given, words={"model_name": ("m1",)}), {}, Problems())


def test_answers_by_language_are_suggested():
    problems = Problems()
    with pytest.raises(InputErrors, match="they seem to be in answer_en, answer_de"):
        answer_columns(table({"q_en": "a", "answer_en": "a", "answer_de": "b"}), {}, problems)
    assert problems.remedy.columns == {"answer.en": "answer_en", "answer.de": "answer_de"}


def test_what_a_row_does_not_say_is_empty():
    problems = Problems()
    reader = AnswerReader({"answer": "answer"}, problems)
    said = reader.read(Row(where="f.csv:", number=2, cells={"answer": None}))
    assert (said.text, said.model, said.sample, said.verdict) == (None, UNKNOWN, "", None)
    assert problems.found == []


def test_numbers_are_names_and_no_answers():
    problems = Problems()
    reader = AnswerReader({"answer": "a", "model": "m", "sample": "s"}, problems)
    said = reader.read(Row(where="f.csv:", number=2, cells={"a": 7, "m": "", "s": 2.0}))
    assert (said.text, said.sample) == (None, "2")
    assert problems.found == [
        "f.csv:2: the answer is 7, not a text",
        "f.csv:2: the model is empty; give its name",
    ]
