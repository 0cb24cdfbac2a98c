import pytest

from safeglot.backends.store import store as module
from safeglot.backends.store import traits


@pytest.fixture
def keys(put):
    put.answer(put.text("p1", arm="roundtrip"))
    text = put.text("p1")
    return [put.answer(text, sample=i) for i in range(5)]


def check(store, keys, version=1, language="de"):
    store.write("traits", [(key, version, None, language, 0.9, 0, None) for key in keys])


def test_what_an_earlier_version_saw_is_unchecked(store, keys):
    assert traits.count_unchecked(store, 1) == 5
    check(store, keys[:2])
    assert traits.count_unchecked(store, 1) == 3
    assert traits.count_unchecked(store, 2) == 5


def test_batches_hold_each_answer_once_while_they_are_written(store, keys):
    seen = []
    for key, answer, text, language, finish, thought in traits.unchecked(store, 1, 2):
        assert len(key) <= 2
        assert {*thought} == {""}
        assert {*answer, *text, *language, *finish} == {"[answer]", "p1 de", "de", "stop"}
        seen += key
        check(store, key)
    assert seen == keys


def test_columns_tell_one_language_from_the_others(store, keys, monkeypatch):
    monkeypatch.setattr(module, "ROWS", 2)
    check(store, keys[:1])
    check(store, keys[1:2], language="en")
    store.write("traits", [(keys[2], 1, "INV-empty", None, None, 1, None), (keys[3], 9, None, "en", 1, 0, None)])  # fmt: skip
    chunks = list(traits.trait_columns(store, 1, "en"))
    assert [len(chunk.response) for chunk in chunks] == [2, 1]
    assert chunks[0] == ((keys[0], keys[1]), (None, None), (0, 1), (0, 0))
    assert chunks[1][1:] == (("INV-empty",), (-1,), (1,))
