import pytest

from safeglot.backends.store import cosines
from safeglot.backends.store import store as module


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
    return cosines.lacking(store, encoder, prompts, languages)


def test_answers_come_text_by_text_and_once(store, answers):
    assert lacking(store) == answers
    assert lacking(store, prompts=("p2",)) == answers[2:4]
    assert lacking(store, languages=("en",)) == []
    step = store.step(cosines.STAGE, "e@1")
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
    pairs = cosines.text_pairs(store, [answers[4], answers[0]])
    assert pairs == [("p3 de", "[answer]"), ("p1 de", "[answer]")]


def test_columns_are_of_one_encoder(store, answers, monkeypatch):
    assert not cosines.has_cosines(store)
    monkeypatch.setattr(module, "ROWS", 2)
    one, other = (store.step(cosines.STAGE, name) for name in ("e@1", "e@2"))
    store.write("cosines", [(n, one, 0.1 * i) for i, n in enumerate(answers[:3])])
    store.write("cosines", [(answers[0], other, 0.9)])
    chunks = list(cosines.cosine_columns(store, "e@1"))
    assert [c.response for c in chunks] == [tuple(answers[:2]), (answers[2],)]
    assert chunks[0].cosine == (0.0, 0.1)
    assert cosines.has_cosines(store)
