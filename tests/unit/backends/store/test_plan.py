from __future__ import annotations

import pytest

from safeglot.backends.store import plan
from safeglot.backends.store.plan import MissingAnswer
from safeglot.types import Response, Translation

ARMS = ("main", "probe", "reverse", "main")
TEXT = {"prompt": "p", "language": "en", "translator": "given"}


@pytest.fixture(autouse=True, params=[(20_000, 5_000), (1, 1), (3, 2)], ids=str)
def stretches(request, monkeypatch):
    """Every test over borders: of stretches, and of what is held at a time."""
    monkeypatch.setattr(plan, "STRETCH", request.param[0])
    monkeypatch.setattr(plan, "ROWS", request.param[1])


@pytest.fixture
def steps(store):
    """Four texts, the third of them with an answer already, and two targets and a judge."""
    store.write(
        "translations",
        [(f"k{i}", "p", "en", f"text {i}", "given", "{}", "[]", 1, "", arm, "") for i, arm in enumerate(ARMS, 1)],
    )  # fmt: skip
    return [
        store.step("generate", "b", "bbbbbbbbbb"),
        store.step("generate", "a", "aaaaaaaaaa"),
        store.step("judge", "j", "jjjjjjjjjj", "answer"),
    ]


def answer(store, number, text, step, *, sample=0, said="[answer]", refused=0):
    reply = (number, None, said, "stop", 3, None, None, "[thought]", None, "server", refused)
    store.write("replies", [reply])
    store.write("responses", [(number, text, step, sample, number, None)])


def verdict(store, response, step, unsafe=1, reason=""):
    row = (response, step, unsafe, unsafe, "", None, "[]", None, None, "", reason, None)
    store.write("verdicts", [row])


def failure(store, stage, by, work, *, sample=0, transient=0):
    key = f"{by}{work}{sample}"
    row = (stage, key, "p", by, sample, "timeout", "", 1, transient, "", "", work)
    store.write("failures", [row])


def missing(store, steps, samples=2, *, again=False):
    return list(plan.missing_answers(store, steps, samples, again=again))


def test_all_of_a_new_run_are_missing_in_the_order_of_texts_steps_and_samples(store, steps):
    expected = [(text, step, sample, None) for text in (1, 2, 4) for step in steps[:2] for sample in (0, 1)]  # fmt: skip
    assert missing(store, steps[:2]) == expected
    assert missing(store, [steps[1]], 1) == [(text, steps[1], 0, None) for text in (1, 2, 4)]


def test_of_other_arms_where_they_are_named(store, steps):
    found = plan.missing_answers(store, steps[:1], 1, arms=("reverse",), again=False)
    assert list(found) == [MissingAnswer(3, steps[0], 0)]


def test_what_is_answered_is_not_missing_nor_is_what_failed_for_good(store, steps):
    b, a, _ = steps
    answer(store, 1, 1, b)
    answer(store, 2, 1, a, sample=1)
    failure(store, "generate", "a", 2)
    failure(store, "generate", "b", 4, transient=1)
    assert missing(store, [b, a]) == [
        (1, b, 1, None), (1, a, 0, None), (2, b, 0, None), (2, b, 1, None), (2, a, 1, None),
        (4, b, 0, None), (4, b, 1, None), (4, a, 0, None), (4, a, 1, None),
    ]  # fmt: skip
    assert (2, a, 0, None) in missing(store, [b, a], again=True)


@pytest.mark.parametrize("blank", ["", " \n\u3000", " " * 300])
def test_empty_answers_are_asked_once_more_unless_people_were_given_them(store, steps, blank):
    b = steps[0]
    for number, text in enumerate((1, 2, 4), start=1):
        answer(store, number, text, b, said=blank)
    assert missing(store, [b], 1) == []
    assert missing(store, [b], 1, again=True) == [(1, b, 0, 1), (2, b, 0, 2), (4, b, 0, 3)]
    store.write("labels", [(1, "annotator", "safe", "")])
    store.write("draws", [(3, "j", "en", "s", 1, "simple")])
    assert missing(store, [b], 1, again=True) == [(2, b, 0, 2)]
    answer(store, 9, 2, b, said=blank, refused=1)  # in its place
    assert missing(store, [b], 1, again=True) == []


def test_what_is_written_meanwhile_comes_up_no_second_time(store, steps):
    b = steps[0]
    seen = []
    for number, found in enumerate(plan.missing_answers(store, [b], 2, again=True), start=1):
        seen.append(found)
        answer(store, number, found.text, found.step, sample=found.sample, said="")
        store.write("translations", [(f"new{number}", "p", "en", "t", "", "{}", "[]", 1, "", "main", "")])  # fmt: skip
    assert seen == [(text, b, sample, None) for text in (1, 2, 4) for sample in (0, 1)]


def verdicts_missing(store, step, *, again=False):
    return list(plan.missing_verdicts(store, step, again=again))


def test_verdicts_are_missing_on_answers_of_all_arms(store, steps):
    b, a, j = steps
    for number, text in enumerate((3, 1, 2, 4), start=1):
        answer(store, number, text, b)
    assert verdicts_missing(store, j) == [1, 2, 3, 4]
    verdict(store, 2, j)
    verdict(store, 3, a)  # another step's
    failure(store, "judge", "j", 4)
    failure(store, "judge", "j", 1, transient=1)
    assert verdicts_missing(store, j) == [1, 3]
    assert verdicts_missing(store, j, again=True) == [1, 3, 4]


def test_unread_verdicts_are_asked_once_more_but_those_on_empty_answers(store, steps):
    b, _, j = steps
    for number, reason in enumerate(("unparsable", "empty"), start=1):
        answer(store, number, number, b)
        verdict(store, number, j, None, reason)
    assert verdicts_missing(store, j) == []
    assert verdicts_missing(store, j, again=True) == [1]


def test_answers_that_come_meanwhile_are_left_to_who_brings_them(store, steps):
    b, _, j = steps
    for number in (1, 2):
        answer(store, number, number, b)
    seen = []
    for number in plan.missing_verdicts(store, j, again=True):
        seen.append(number)
        verdict(store, number, j, None, "unparsable")
        answer(store, number + 10, 4, b, sample=number)
    assert seen == [1, 2]


def test_texts_and_answers_come_by_their_numbers(store, steps):
    answer(store, 7, 2, steps[1], sample=1)
    texts = plan.texts_by_id(store, [2, 4, 99])
    assert sorted(texts) == [2, 4]
    assert texts[2] == ("k2", Translation(prompt="p", language="en", text="text 2", arm="probe"))
    asked, response = plan.answers_by_id(store, [7, 8])[7]
    assert asked == texts[2]
    assert response == Response(
        key="k2-aaaaaaaa-1", translation="k2", model="a", sample=1, text="[answer]",
        finish_reason="stop", n_tokens=3, thought="[thought]", served_by="server",
    )  # fmt: skip
    assert response.refused is False


def test_an_answer_that_has_a_key_of_its_own_keeps_it(store, steps):
    answer(store, 7, 2, steps[1])
    store.write("responses", [(7, 2, steps[1], 0, 7, "own")])
    assert plan.answers_by_id(store, [7])[7][1].key == "own"


def test_counts(store, steps):
    b, a, j = steps
    answer(store, 1, 1, b)
    answer(store, 2, 3, b)  # an answer that was brought
    verdict(store, 1, j)
    verdict(store, 2, j, None, "unparsable")
    failure(store, "generate", "a", 1)
    failure(store, "generate", "a", 2, transient=1)
    failure(store, "judge", "j", 1)
    assert plan.count_planned(store, 2, 3) == 18
    assert plan.answered_counts(store) == {b: 1}
    assert plan.answered_counts(store, arms=("reverse",)) == {b: 1}
    assert plan.judged_counts(store) == {j: 2}
    assert plan.failed_counts(store) == {a: 1, j: 1}
