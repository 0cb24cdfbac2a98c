import io

import pytest

from safeglot.prompts.problems import Problems
from safeglot.prompts.reading import json_rows
from safeglot.prompts.reading.json_rows import bounded, flat, json_items, parse_jsonl


def items(text, part=""):
    problems = Problems()
    return [
        found.cells for found in json_items(io.StringIO(text), "f.json", part, problems)
    ], problems


def test_the_one_list_of_objects_is_read_wherever_it_stands():
    rows, problems = items(
        '{"about": {"tags": ["a"]}, "data": {"rows": [{"id": 1, "t": {"en": "x"}}]}}'
    )
    assert rows == [{"id": 1, "t.en": "x"}]
    assert list(problems.notes) == ['f.json: the prompts are the list under "data.rows"']


def test_of_several_lists_one_is_named_or_all_by_their_language():
    text = '{"en": [{"id": 1}], "de": [{"id": 2}]}'
    rows, problems = items(text)
    assert rows == []
    assert problems.remedy.part == "{language}"
    assert "has several lists, under en, de" in problems.found[0]
    assert items(text, "de")[0] == [{"id": 2}]
    assert items(text, "{language}")[0] == [{"id": 1}, {"id": 2}]
    assert "has no list of prompts under x (its lists: en, de)" in items(text, "x")[1].found[0]


def test_objects_under_their_ids_and_lists_of_texts_are_rows():
    assert items('{"p1": {"en": "a"}, "p2": {"en": "b"}}')[0] == [
        {"(key)": "p1", "en": "a"},
        {"(key)": "p2", "en": "b"},
    ]
    assert items('["a", "b"]')[0] == [{"#0": "a"}, {"#0": "b"}]


def test_what_is_within_an_object_has_a_name_with_dots():
    assert flat({"a": {"b": {"c": 1}}, "d": {}, "e": [1]}) == {"a.b.c": 1, "d": {}, "e": [1]}


def test_what_is_too_long_is_told_and_not_kept(monkeypatch):
    monkeypatch.setattr(json_rows, "MOST_LETTERS", 10)
    monkeypatch.setattr(json_rows, "MOST_WHOLE", 20)
    problems = Problems()
    assert list(bounded(io.StringIO("short\n" + "x" * 11), "f", problems)) == ["short\n"]
    assert problems.found[0].startswith("f:2: has more than 10 letters in one line")
    assert "too many to be read as a whole" in items("[" + " " * 30)[1].found[0]


@pytest.mark.parametrize(("line", "fault"), [("[1]", "is not a JSON object"), ("{", "is not JSON")])
def test_a_line_that_is_no_row_is_told(line, fault):
    problems = Problems()
    rows = list(parse_jsonl(io.StringIO(f'{line}\n"text"\n'), "f.jsonl", problems))
    assert [found.cells for found in rows] == [{"#0": "text"}]
    assert f"f.jsonl:1: {fault}" in problems.found[0]
