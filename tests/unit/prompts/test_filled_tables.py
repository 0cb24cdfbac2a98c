from __future__ import annotations

import pytest

from safeglot.errors import InputErrors
from safeglot.prompts.filled_tables import FilledForm, read_filled

FORM = FilledForm("grade", "who", "note", {"1": 1, "2": 2}.get, "1 or 2", ("1", "2"))


def read(text, fault=""):
    return read_filled([("done.csv", text, fault)], FORM, {"a", "b"})


def test_each_person_may_say_something_of_an_item():
    found = read("item,who,grade,note\na,,1,fine\na,2,2,\nb,,,\n,,,\n")
    assert {key: (cell.value, cell.note) for key, cell in found.items()} == {
        ("a", "1"): (1, "fine"),
        ("a", "2"): (2, ""),
    }


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("item,who\na,1\n", r"has no column grade \(columns: item, who\)"),
        ("item,grade\na,\n", "has no grade filled in; allowed are 1 or 2"),
        ("item,grade\na,3\n", "grade '3': allowed are 1 or 2, or nothing where it is not done"),
        ("item,grade\nc,1\n", "item 'c' is not among those drawn"),
        ("item,grade\na,1\na,2\n", r"who '1' gives item a 2, and 1 at done\.csv:2; keep one"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text, told):
    with pytest.raises(InputErrors, match=told):
        read(text)


def test_a_file_that_cannot_be_read_says_why():
    with pytest.raises(InputErrors, match=r"done\.csv: no such file"):
        read("", "no such file")
