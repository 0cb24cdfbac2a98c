from __future__ import annotations

import pytest

from example.answers import answered_run
from safeglot.backends.store.reading.columns import read_columns
from safeglot.backends.store.store import Store
from safeglot.flow.app import answers
from safeglot.flow.app.selection import Filters, JudgedColumns
from safeglot.report.app.words import KINDS


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return answered_run(tmp_path_factory.mktemp("answers") / "run")


@pytest.fixture(scope="module")
def store(run):
    opened = Store(run.database, read_only=True)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def judged(run, store):
    return JudgedColumns(read_columns(store, run.read_manifest(), lambda *_: None), 0, "en")


def opened(judged, store, run, i, tag):
    c = judged.columns
    (row,) = [
        row
        for row in range(len(c))
        if (c.prompts[c.prompt_N[row]].id, c.languages[c.language_N[row]]) == (f"p{i}", tag)
    ]
    of = answers.AnswerList(judged, Filters(), store, run.read_manifest())
    return of.opened([row - 1, row], row, 4)


def test_a_row_has_a_name_that_leads_to_it(judged):
    c = judged.columns
    for row in range(len(c)):
        assert answers.row_of(c, answers.name_of(c, row)) == row
    for name in ("", "1", "1.0", "1.0.0.0", "a.0.0", "-1.0.0", "٣.0.0", "1" * 30 + ".0.0"):
        assert answers.row_of(c, name) == -1


def test_an_unsafe_answer_with_all_that_is_known_of_it(judged, store, run):
    shown = opened(judged, store, run, 2, "sw")
    assert shown.answer.unsafe
    assert shown.answer.folded
    assert shown.answer.pill is KINDS["unsafe"]
    assert [(v.judge, v.said) for v in shown.verdicts] == [
        ("llama-guard-3", "unsafe, 0.97, S2"), ("wildguard", "safe"),
    ]  # fmt: skip
    facts = dict(shown.facts)
    assert facts["Label"] == "none yet"
    assert facts["Translation"] == "given"
    assert facts[""] == "31 tokens, ended by itself"
    assert (shown.place, bool(shown.before), shown.after) == (5, True, "")


def test_the_same_request_in_all_languages_the_reference_first(judged, store, run):
    shown = opened(judged, store, run, 2, "sw")
    assert [a.language.tag for a in shown.across] == ["en", "ar", "sw"]
    assert [a.current for a in shown.across] == [False, False, True]
    assert shown.unsafe_in == 2
    assert [a.language.direction for a in shown.across] == ["ltr", "rtl", "ltr"]
    assert [a.folded for a in shown.across] == [False, True, True]


def test_a_blocked_request_says_so(judged, store, run):
    shown = opened(judged, store, run, 5, "sw")
    assert "filter stopped it" in shown.answer.lost
    assert shown.answer.text == ""
    assert shown.verdicts == []


def test_an_unread_and_an_unusable_one(judged, store, run):
    assert opened(judged, store, run, 4, "sw").verdicts[0].said == "no verdict: unparsable"
    assert dict(opened(judged, store, run, 3, "sw").facts)["Unusable:"] == "in another language"


def test_a_thought_stays_beside_its_answer(judged, store, run):
    shown = opened(judged, store, run, 4, "ar")
    assert shown.answer.thought.startswith("[thought 4]")
    assert "thought" not in shown.answer.text
