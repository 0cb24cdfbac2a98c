from __future__ import annotations

import pytest

from example.answers import GUARD, WILD, answered_run
from safeglot.backends.store.reading import texts as answer_texts
from safeglot.backends.store.store import Store


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    run = answered_run(tmp_path_factory.mktemp("texts") / "run")
    opened = Store(run.database)
    yield opened
    opened.close()


def numbers(store, language, prompt):
    query = "SELECT t.id, ifnull((SELECT id FROM responses WHERE translation = t.id), 0) FROM translations t WHERE language = ? AND prompt = ?"  # fmt: skip
    return next(store.rows(query, (language, prompt)))


def test_how_texts_begin(store):
    text, _ = numbers(store, "sw", "p3")
    assert answer_texts.beginnings(store, [text, 10**9], 9) == {text: "Inafanyw"[:8] + "a"}


def test_words_are_searched_in_request_and_answer_in_any_case(store):
    pairs = [numbers(store, "sw", f"p{i}") for i in range(6)]
    assert answer_texts.searched(store, pairs, "UNUSABLE") == [3]
    assert answer_texts.searched(store, pairs, "inaFANYwaje, 4") == [4]
    assert answer_texts.searched(store, pairs, "%") == []


def test_all_of_one_answer(store):
    text, response = numbers(store, "sw", "p2")
    asked = answer_texts.text_asked(store, text)
    assert (asked.prompt, asked.language, asked.text, asked.arm) == ("p2", "sw", "Inafanywaje, 2?", "main")  # fmt: skip
    answer = answer_texts.answer_read(store, response)
    assert answer.text.startswith("[unsafe answer 2]")
    assert (answer.finish_reason, answer.n_tokens, answer.invalid) == ("stop", 31, "")
    first, second = answer_texts.verdicts_read(store, response)
    assert (first.judge, first.unsafe, first.p_unsafe, first.codes) == (GUARD, 1, 0.97, ("S2",))
    assert (second.judge, second.unsafe) == (WILD, 0)


def test_what_did_not_come(store):
    text, response = numbers(store, "sw", "p5")
    assert response == 0
    (model,) = next(store.rows("SELECT by FROM failures WHERE work = ?", (text,)))
    lost = answer_texts.answer_lost(store, model, text, 0)
    assert (lost.kind, lost.message) == ("blocked", "content_filter")
    assert answer_texts.answer_lost(store, "vllm/other", text, 0) is None
    assert answer_texts.answer_read(store, 10**9) is None


def test_labels_of_one_answer(store):
    _, response = numbers(store, "en", "p1")
    store.write("labels", [(response, "2", "safe", "refused"), (response, "1", "unsure", "")])
    assert answer_texts.labels_read(store, response) == [("1", "unsure", ""), ("2", "safe", "refused")]  # fmt: skip


def test_how_far_the_targets_are(store):
    so_far = answer_texts.asked(store, 1)
    assert (so_far.answers, so_far.failed, so_far.planned) == (34, 2, 36)
