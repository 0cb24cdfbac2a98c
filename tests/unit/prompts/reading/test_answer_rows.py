import pytest

from safeglot.errors import InputErrors
from safeglot.prompts.problems import Problems
from safeglot.prompts.reading.answer_rows import (
    UNKNOWN,
    AnswerReader,
    answer_columns,
    with_constants,
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


def test_a_constant_is_a_column_of_its_own():
    given, mapping = with_constants(table({"id": "1"}, {"id": "2"}), {"category": "=all"})
    assert mapping == {"category": "category==all"}
    assert given.columns == ("id", "category==all")
    assert [row.cells["category==all"] for row in given.rows] == ["all", "all"]
    assert [row.place for row in given.rows] == ["f.csv:2", "f.csv:3"]


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
