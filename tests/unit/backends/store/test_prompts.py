import numpy as np

from safeglot.backends.store.prompts import Ids, read_prompts
from safeglot.types import Prompt


def written(store):
    rows = (
        ("b", "theft", "harmful"),
        ("a longer id than the others, in Ελληνικά", "hate", "harmful"),
        ("c", "theft", "benign"),
        ("", "theft", "harmful"),
    )
    store.add_inputs(
        [
            Prompt(
                id=name, text="ask", language="en", categories=(category,), source="s", kind=kind
            )
            for name, category, kind in rows
        ],
        [],
    )
    return read_prompts(store)


def test_ids_are_a_sequence_of_strings():
    names = ["p1", "ü" * 40, ""]
    ids = Ids(names)
    assert (len(ids), list(ids), ids[1], ids[-1]) == (3, names, "ü" * 40, "")
    assert all(type(name) is str for name in ids)
    assert list(ids[1:]) == names[1:]
    assert list(ids[np.array([True, False, True])]) == ["p1", ""]
    assert "p1" in ids
    assert "p2" not in ids
    assert ids.index("") == 2


def test_what_is_said_of_each_prompt_stands_in_its_place(store):
    prompts, places = written(store)
    assert list(places.values()) == [0, 1, 2, 3]
    assert list(places) == list(prompts.ids)
    assert prompts.is_kind("harmful").tolist() == [True, True, False, True]
    assert prompts.members(["hate", "theft", "unused"]).tolist() == [
        [False, True, False],
        [True, False, False],
        [False, True, False],
        [False, True, False],
    ]
    assert prompts.places(["c", "b", "gone"]) == {"b": 0, "c": 2}
    assert prompts.places([]) == {}


def test_the_prompts_of_a_kind_are_prompts_again(store):
    prompts, _ = written(store)
    benign = prompts.of_kind("benign")
    assert list(benign.ids) == ["c"]
    assert benign.categories() == {"theft"}
    assert list(benign.counts()) == [(("theft",), "benign", 1)]
    assert benign.of_kind("benign") is benign
    assert list(benign.of_kind("harmful").ids) == []
    assert prompts.categories() == {"theft", "hate"}


def test_a_run_without_prompts(store):
    prompts, places = read_prompts(store)
    assert (list(prompts.ids), places, prompts.categories()) == ([], {}, set())
    assert prompts.members(["theft"]).shape == (0, 1)
