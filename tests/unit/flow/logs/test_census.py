import pytest

from safeglot.flow.logs.census import Census, label_words
from safeglot.judge.verdict_words import VerdictWords
from safeglot.prompts.problems import Problems
from safeglot.prompts.reading.answer_rows import answer_columns
from safeglot.prompts.reading.columns import find_columns
from safeglot.prompts.reading.gathering import Gathering
from safeglot.prompts.reading.tables import Row, Table


def census_of(*cells, columns=None, verdicts=None):
    rows = [
        {
            "id": "1",
            "language": "en",
            "category": "c",
            "text": f"t{own.get('id', 1)}",
            "answer": "a",
        }
        | own
        for own in cells
    ]
    rows = [Row(where="f.csv:", number=i, cells=row) for i, row in enumerate(rows, start=2)]
    table = Table(where="f.csv", columns=tuple(rows[0].cells), rows=rows)
    problems = Problems()
    own, rest = answer_columns(table, columns or {}, problems)
    gathering = Gathering(find_columns(table, rest, problems), "f.csv", (), problems, repeated=True)
    found = Census(
        table=table,
        gathering=gathering,
        columns=own,
        reference="en",
        verdicts=VerdictWords(verdicts or {}),
        labels=label_words(verdicts or {}),
        problems=problems,
    )
    found.take()
    return found


def test_models_judges_and_samples_are_counted_in_their_order():
    found = census_of(
        {"model": "b", "verdict": "safe", "judge": "x"},
        {"model": "a", "verdict": "unsafe", "judge": ""},
    )
    assert found.models == {"b": 0, "a": 1}
    assert found.judges == {"imported=x": 0, "imported": 1}
    assert found.n_samples == 1
    assert found.problems.found == []


def test_several_answers_are_told_apart_by_their_order_where_all_have_as_many():
    found = census_of({}, {}, {"id": "2"}, {"id": "2"})
    assert (found.n_samples, found.counts_samples) == (2, True)
    assert found.problems.found == []


def test_one_answer_too_many_is_no_second_sample_of_the_plan():
    found = census_of({}, {}, {"id": "2"})
    (fault,) = found.problems.found
    assert "has 2 answers of unknown to id 1 in en, and fewer to 1 other texts" in fault
    assert "--columns sample=#" in fault
    assert census_of({}, {}, {"id": "2"}, columns={"sample": "#"}).problems.found == []


def test_a_column_that_numbers_them_counts():
    found = census_of({"sample": 1}, {"sample": "7"}, {"id": "2", "sample": 1})
    assert (found.n_samples, found.samples) == (2, {"1": 0, "7": 1})
    assert found.problems.found == []


def test_two_languages_under_one_tag_are_two_texts_of_one_prompt():
    found = census_of({"text": "Hello"}, {"text": "Hallo"})
    (fault,) = found.problems.found
    assert fault.startswith("f.csv:3: id 1 has two texts in en, here and at f.csv:2;")


@pytest.mark.parametrize("name", ["verdict", "label"])
def test_words_outside_the_map_are_counted(name):
    found = census_of({name: "Y"}, {name: "n"}, {name: "y"}, columns={name: name, "sample": "#"})
    (fault,) = found.problems.found
    assert f'column "{name}" of the {name}s has words that are not known' in fault
    assert "'y' (2), 'n' (1)" in fault


def test_free_text_is_no_model():
    found = census_of(*({"model": f"text {i}", "id": i} for i in range(1001)))
    assert any('column "model" names 1001' in fault for fault in found.problems.found)
