import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safeglot.backends.logs import json_items
from safeglot.backends.logs.json_items import JsonScanner, items, lines
from safeglot.errors import UsageError

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda own: st.lists(own, max_size=4) | st.dictionaries(st.text(), own, max_size=4),
    max_leaves=12,
)


def read(text, *path):
    return list(items(io.StringIO(text), "f.json", path))


@given(st.lists(VALUES, max_size=5), VALUES, st.sampled_from([1, 3, 7, json_items.CHUNK]))
def test_a_list_is_read_as_json_reads_it(found, other, chunk):
    whole = {"a": other, "results": {"b": other, "results": found, "c": other}, "d": other}
    for text in (json.dumps(whole), json.dumps(whole, indent=2, ensure_ascii=False)):
        step, json_items.CHUNK = json_items.CHUNK, chunk
        try:
            assert read(text, "results", "results") == found
            assert list(JsonScanner(io.StringIO(text), "f").keys()) == ["a", "results", "d"]
        finally:
            json_items.CHUNK = step


def test_a_list_may_be_the_whole():
    assert read(" [1, {}, [2]] ") == [1, {}, [2]]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"results": [1, 2', "ends in the middle"),
        ('{"results": [1, tru', "is not JSON"),
        ('{"results": 3}', "where '[' should stand"),
        ('{"other": [1]}', "has no results"),
        ('{"other" [1]}', "where ':' should stand"),
        ("{other: [1]}", "no key"),
        ("", "ends in the middle"),
        ('{"results": ' + "[" * 100_000, "nested too deeply"),
    ],
)
def test_damage_is_told_with_its_place(text, said):
    with pytest.raises(UsageError, match=r"f\.json: ") as told:
        read(text, "results")
    assert said in str(told.value)


def test_one_item_is_in_memory_and_a_huge_one_is_refused(monkeypatch):
    monkeypatch.setattr(json_items, "MOST", 1000)
    monkeypatch.setattr(json_items, "CHUNK", 100)
    assert read(json.dumps({"results": ["x" * 90] * 200}), "results") == ["x" * 90] * 200
    for text in ('["' + "x" * 5000, "[" + "[1," * 5000):
        with pytest.raises(UsageError, match="has a value of over"):
            read(text)
    with pytest.raises(UsageError, match=r"f\.jsonl:1: a line of over"):
        list(lines(io.StringIO('{"a": "' + "x" * 5000), "f.jsonl"))


def test_lines_are_objects_and_blank_ones_are_none():
    text = '{"a": 1}\n\n{"b": "\u2028"}\n'
    assert list(lines(io.StringIO(text, newline="\n"), "f")) == [
        (1, {"a": 1}),
        (3, {"b": "\u2028"}),
    ]
    for text in ("[1]\n", '{"a": \n'):
        with pytest.raises(UsageError, match="f:1"):
            list(lines(io.StringIO(text), "f"))
