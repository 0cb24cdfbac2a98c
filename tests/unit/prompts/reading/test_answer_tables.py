from dataclasses import replace

import pytest

from safeglot.errors import InputErrors
from safeglot.prompts.problems import Problems
from safeglot.prompts.reading.answer_tables import (
    PromptsApart,
    by_file,
    melted,
    of_prompts,
    with_constants,
)
from safeglot.prompts.reading.columns import find_columns
from safeglot.prompts.reading.gathering import Gathering
from safeglot.prompts.reading.tables import Row, Table


def table(*cells, where="f.csv"):
    rows = [Row(where=f"{where}:", number=i, cells=own) for i, own in enumerate(cells, start=2)]
    return Table(where=where, columns=tuple(cells[0]), rows=rows)


def test_a_constant_is_a_column_of_its_own():
    given, mapping = with_constants(table({"id": "1"}, {"id": "2"}), {"category": "=all"})
    assert mapping == {"category": "category==all"}
    assert given.columns == ("id", "category==all")
    assert [row.cells["category==all"] for row in given.rows] == ["all", "all"]
    assert [row.place for row in given.rows] == ["f.csv:2", "f.csv:3"]


def test_answers_in_a_column_a_language_are_a_row_each():
    given = table({"id": "1", "en": "q", "German": "f", "a_en": "yes", "a_de": "ja"})
    mapping = {"id": "id", "answer.en": "a_en", "answer.de": "a_de"}
    found, names = melted(given, mapping, Problems())
    told = [
        [row.cells[names[n]] for n in ("id", "language", "text", "answer")] for row in found.rows
    ]
    assert told == [["1", "en", "q", "yes"], ["1", "de", "f", "ja"]]
    assert melted(given, {"id": "id"}, Problems()) == (given, {"id": "id"})


def test_a_column_of_a_language_that_is_not_there_is_told():
    with pytest.raises(InputErrors, match='has no column "b"'):
        melted(table({"a": "x"}), {"answer.en": "b"}, Problems())


def joined(*answers, **mapping):
    problems = Problems()
    prompts = table(
        {"id": "1", "category": "c", "kind": "benign", "en": "q1", "de": "f1"},
        {"id": "2", "category": "d", "kind": "", "en": "q2", "de": None},
        where="p.csv",
    )
    gathering = Gathering(find_columns(prompts, {}, problems), "p.csv", (), problems)
    gathering.take(prompts.rows, "en")
    own = PromptsApart(prompts=gathering, where="p.csv")
    found, names = own.join(table(*answers), mapping, problems, {})
    return own, [[row.cells[names[n]] for n in ("text", "category", "kind")] for row in found.rows]


def test_answers_find_their_prompts_by_id_and_language():
    answers = [{"id": 1.0, "language": "German"}, {"id": "2", "language": "en"}]
    own, rows = joined(*answers)
    assert rows == [["f1", ["c"], "benign"], ["q2", ["d"], "harmful"]]
    assert [*own.notes()] == []


def test_answers_without_a_prompt_are_counted_with_their_ids():
    answers = [{"id": name, "language": "de"} for name in ("9", "9", "8", "2")]
    own, rows = joined(*answers)
    assert rows == []
    problems = Problems()
    own.check("f.csv", problems)
    assert "3 answers to 2 prompts that p.csv lacks, by their ids (9, 8)" in problems.found[0]
    assert (
        "1 answers in languages in which p.csv has no text of their prompt (de 1)"
        in problems.found[1]
    )
    assert problems.remedy.flags == {"--allow-partial": ""}
    assert [*own.notes()] == [
        "4 rows were left out: p.csv has no text of their prompt.",
        "2 of 2 prompts of p.csv have no answer and are not in the run.",
    ]


def test_without_a_language_answers_find_no_prompt():
    with pytest.raises(InputErrors, match="has no column for the language, by which answers find"):
        joined({"id": "1", "en": "a", "de": "b"})


def test_columns_of_the_prompts_are_told_apart():
    named = {"id": "a", "prompts.id": "b"}
    assert by_file(named) == ({"id": "a"}, {"id": "b"})
    assert of_prompts({"id": "b"}) == {"prompts.id": "b"}


def test_a_row_keeps_its_place():
    given = replace(table({"a": "x"}), columns=("a",))
    found, _ = melted(given, {"answer.en": "a"}, Problems())
    assert [row.place for row in found.rows] == ["f.csv:2"]
