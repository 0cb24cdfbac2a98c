from __future__ import annotations

from collections import Counter

import pytest

from example.manifest import manifest_with
from example.rows import Writer
from safeglot.backends.store.store import Store
from safeglot.flow.outcomes import (
    ending_notes,
    judge_serving_notes,
    serving_notes,
    several_notes,
    with_served,
)


@pytest.fixture
def store():
    opened = Store.in_memory()
    yield opened
    opened.close()


def answer(store, text, i, *, tokens, served_by):
    Writer(store).answer(text, sample=i, n_prompt_tokens=tokens, served_by=served_by)


def test_a_run_of_answers_alone_has_nothing_to_say(store):
    put = Writer(store)
    put.prompt("p1")
    put.answer(put.text("p1"))
    assert list(ending_notes(store, manifest_with(models=("m",), languages=("de",)))) == []
    assert list(serving_notes(store)) == []


def test_how_requests_ended_is_counted_and_room_is_advised(store):
    put = Writer(store)
    for i, kind in enumerate(("blocked", "blocked", "thought_only", "timeout")):
        put.prompt(f"p{i}")
        put.failure("generate", put.text(f"p{i}"), "m", kind)
    (note,) = ending_notes(store, manifest_with(models=("m",), languages=("de",)))
    assert note.startswith(
        "m: of 4 planned answers 1 a thought and no answer, 2 blocked by the service, 1 failed"
    )
    assert "--max-tokens" in note
    assert "--thought-tokens" in note


def test_several_served_models_and_a_cut_prompt_are_told(store):
    put = Writer(store)
    for i in range(4):
        put.prompt(f"p{i}" + "x" * i)
        text = put.text(f"p{i}" + "x" * i)
        answer(store, text, i, tokens=40 if i < 3 else 7, served_by="a" if i else "b")
    several, cut = serving_notes(store)
    assert several == (
        "m: replies came from 2 served models or builds under one name: a (3), b (1)"
    )
    assert cut.startswith("m: the server may have cut 1 prompts to its context (de 1)")


def test_many_served_models_are_cut_to_a_few():
    (note,) = several_notes({"m": Counter({f"build{i}": 9 - i for i in range(6)})})
    assert note.endswith("build0 (9), build1 (8), build2 (7) and 3 more")


def test_what_judges_replies_say_of_their_model_is_summed_in_the_manifest():
    about = with_served(manifest_with(), {"j": Counter({"a": 2})})
    assert list(judge_serving_notes(about)) == []
    about = with_served(about, {"j": Counter({"a": 1, "b": 2}), "k": Counter({"c": 1})})
    assert about.served == {"j": {"a": 3, "b": 2}, "k": {"c": 1}}
    (note,) = judge_serving_notes(about)
    assert note == "j: replies came from 2 served models or builds under one name: a (3), b (2)"
    many = with_served(about, {"j": Counter({f"build{i}": 1 for i in range(1000)})})
    assert len(many.served["j"]) == 100
