from __future__ import annotations

import pytest

from example.job import answered
from safeglot.backends.store import afresh
from safeglot.backends.store.answers import count_answers
from safeglot.flow.run import session


@pytest.fixture
def store(tmp_path):
    texts = {"text p0 en": " \n\u3000", "text p0 de": ""}
    run_dir, _ = answered(tmp_path / "run", lambda item: texts.get(item.translation.text, "yes"))
    with session.opened(run_dir) as opened:
        yield opened


def test_answers_without_a_text_are_empty_in_any_kind_of_blank(store):
    assert len(afresh.empty_answers(store)) == 2


def test_an_empty_answer_that_people_were_given_stays(store):
    first, second = sorted(afresh.empty_answers(store))
    store.write("labels", [(first, "a", "safe", "")])
    store.write("draws", [(second, "j", "en", "s", 1, "two-phase")])
    assert afresh.empty_answers(store) == set()


def test_a_forgotten_answer_leaves_nothing_behind(store):
    key = min(afresh.empty_answers(store))
    verdict = ("v", key, "j", "answer", None, None, "", None, "[]", None, None, "", "unparsable")
    store.write("verdicts", [verdict])
    store.write("failures", [("judge", "f", key, "k", 0, "timeout", "", 1, 1, "", "")])
    assert afresh.unread_verdicts(store) == {"v"}
    before = count_answers(store)
    afresh.forget_answer(store, key)
    assert count_answers(store) == before - 1
    assert afresh.unread_verdicts(store) == set()
    assert store.failed(final_only=False) == set()


def test_an_unread_verdict_is_forgotten_and_an_empty_one_is_none(store):
    key = min(afresh.empty_answers(store))
    rows = [
        (name, key, name, "answer", None, None, "", None, "[]", None, None, "", reason)
        for name, reason in (("a", "unparsable"), ("b", "empty"))
    ]
    store.write("verdicts", rows)
    assert afresh.unread_verdicts(store) == {"a"}
    afresh.forget_verdict(store, "a")
    assert store.keys("verdicts") == {"b"}


def test_only_failures_that_may_pass_are_counted(store):
    rows = [
        ("generate", kind, "p", "m", 0, kind, "", 1, passing, "", "")
        for kind, passing in (("timeout", 1), ("blocked", 0))
    ]
    store.write("failures", rows)
    assert afresh.count_momentary(store, ["generate", "judge"]) == 1
    assert afresh.count_momentary(store, ["judge"]) == 0
    assert afresh.count_momentary(store, []) == 0
