from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import pytest

from safeglot.backends.files.records import OPTIONAL, Misfit, Record, read_record, table_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Part(Record):
    name: str
    size: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole(Record):
    flag: bool
    count: int
    rate: float
    names: tuple[str, ...]
    pair: tuple[str, int]
    parts: Mapping[str, Part]
    bound: float | Mapping[str, float] | None
    note: str = field(default="", metadata=OPTIONAL)
    spaced: str = field(default="none", metadata={"key": "with space"})


TABLE = {
    "flag": True, "count": 2, "rate": 1, "names": ["a", "b"], "pair": ["x", 3],
    "parts": {"p": {"name": "P", "size": None}}, "bound": {"q": 0.5}, "with space": "yes",
}  # fmt: skip


def test_a_record_has_the_types_of_its_fields():
    whole = read_record(Whole, TABLE)
    assert (whole.flag, whole.count, whole.rate) == (True, 2, 1)
    assert (whole.names, whole.pair, whole.spaced) == (("a", "b"), ("x", 3), "yes")
    assert whole.parts == {"p": Part(name="P")}
    assert whole.bound == {"q": 0.5}
    assert table_of(whole) == TABLE


def test_a_number_or_nothing_may_stand_for_a_table():
    for bound in (0.5, 2, None):
        whole = read_record(Whole, TABLE | {"bound": bound})
        assert whole.bound == bound
        assert table_of(whole)["bound"] == bound


def test_defaults_stand_for_what_is_absent_and_optional_ones_are_not_written():
    table = {key: value for key, value in TABLE.items() if key != "with space"}
    whole = read_record(Whole, table)
    assert (whole.note, whole.spaced) == ("", "none")
    assert "note" not in table_of(whole)
    assert table_of(replace(whole, note="n"))["note"] == "n"


def test_other_keys_are_kept_at_every_depth_and_make_no_difference():
    table = {"more": 1} | TABLE | {"parts": {"p": {"name": "P", "theirs": [2]}}}
    whole = read_record(Whole, table)
    assert whole == read_record(Whole, TABLE)
    assert list(table_of(whole))[0] == "more"  # noqa: RUF015
    assert table_of(whole)["parts"]["p"] == {"name": "P", "theirs": [2], "size": None}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"flag": 1}, "flag: got 1, allowed is true or false"),
        ({"count": True}, "count: got true, allowed is a whole number"),
        ({"count": 2.0}, "count: got 2.0, allowed is a whole number"),
        ({"rate": "1"}, 'rate: got "1", allowed is a number'),
        ({"names": "ab"}, 'names: got "ab", allowed is a list'),
        ({"names": ["a", {}]}, "names.1: got an object, allowed is a text"),
        ({"pair": ["x"]}, "pair: got 1 items, allowed are 2"),
        ({"parts": []}, "parts: got a list, allowed is an object"),
        ({"parts": {"p": {}}}, "parts.p.name: is missing"),
        ({"bound": {"q": "x"}}, 'bound.q: got "x", allowed is a number'),
        ({"bound": []}, "bound: got a list, allowed is a number"),
    ],
)
def test_what_does_not_fit_is_told_by_its_keys(change, told):
    with pytest.raises(Misfit) as error:
        read_record(Whole, TABLE | change)
    assert str(error.value) == told


def test_what_is_no_object_has_no_key():
    with pytest.raises(Misfit) as error:
        read_record(Whole, [])
    assert str(error.value) == "got a list, allowed is an object"
    assert error.value.path == ()


def test_a_field_that_was_emptied_is_not_written_as_it_was_read():
    noted = read_record(Whole, TABLE | {"note": "n"})
    assert table_of(noted)["note"] == "n"
    assert "note" not in table_of(replace(noted, note=""))
