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


@pytest.fixture
def answers(store, put):
    """An answer of each of two models to each of three texts, valid and no refusal."""
    found = []
    for prompt in ("p1", "p2", "p3"):
        text = put.text(prompt)
        found += [put.answer(text, model) for model in ("m", "n")]
    judge = store.step("judge", "j")
    store.write("traits", [(n, 1, None, "de", 0.9, 0, None) for n in found])
    store.write(
        "verdicts", [(n, judge, 0, 0, "", None, "[]", 0, None, "", "", None) for n in found]
    )
    return found


def lacking(store, prompts=("p1", "p2", "p3"), languages=("de",), encoder="e@1"):
    return traits.lacking(store, encoder, prompts, languages)


def test_answers_come_text_by_text_and_once(store, answers):
    assert lacking(store) == answers
    assert lacking(store, prompts=("p2",)) == answers[2:4]
    assert lacking(store, languages=("en",)) == []
    step = store.step(traits.STAGE, "e@1")
    store.write("cosines", [(answers[0], step, 0.5)])
    assert lacking(store) == answers[1:]
    assert lacking(store, encoder="e@2") == answers


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE verdicts SET refusal = 1 WHERE response = ?",
        "UPDATE verdicts SET refusal = NULL WHERE response = ?",
        "UPDATE traits SET invalid = 'INV-echo' WHERE response = ?",
        "DELETE FROM traits WHERE response = ?",
        "UPDATE responses SET sample = 1 WHERE id = ?",
        "UPDATE translations SET arm = 'gated' WHERE id = (SELECT translation FROM responses WHERE id = ?)",
    ],
)
def test_what_is_no_valid_first_answer_or_a_refusal_is_left_out(store, answers, change):
    list(store.rows(change, (answers[2],)))
    assert answers[2] not in lacking(store)
    assert set(lacking(store)) >= {*answers[:2], *answers[4:]}


def test_texts_come_in_the_order_of_the_numbers(store, answers):
    pairs = traits.text_pairs(store, [answers[4], answers[0]])
    assert pairs == [("p3 de", "[answer]"), ("p1 de", "[answer]")]


def test_columns_are_of_one_encoder(store, answers, monkeypatch):
    assert not traits.has_cosines(store)
    monkeypatch.setattr(module, "ROWS", 2)
    one, other = (store.step(traits.STAGE, name) for name in ("e@1", "e@2"))
    store.write("cosines", [(n, one, 0.1 * i) for i, n in enumerate(answers[:3])])
    store.write("cosines", [(answers[0], other, 0.9)])
    chunks = list(traits.cosine_columns(store, "e@1"))
    assert [c.response for c in chunks] == [tuple(answers[:2]), (answers[2],)]
    assert chunks[0].cosine == (0.0, 0.1)
    assert traits.has_cosines(store)
