"""What answers took, as the store and the log tell it."""

from __future__ import annotations

import pytest

from example.rows import Writer
from safeglot.backends.store.reading import costs
from safeglot.backends.store.store import Store


@pytest.fixture
def put():
    opened = Store.in_memory()
    yield Writer(opened)
    opened.close()


def test_tokens_that_were_read_are_of_first_answers_that_tell_them(put):
    put.prompt("p1")
    text = put.text("p1")
    first = put.answer(text, n_prompt_tokens=12)
    second = put.answer(text, sample=1, n_prompt_tokens=12)
    silent = put.answer(text, model="other")
    assert list(costs.tokens_read(put.store)) == [(first, 12)]
    found = {
        cost.response: (cost.tokens_in, cost.tokens_out) for cost in costs.answer_costs(put.store)
    }
    assert found == {first: (12, 3), second: (12, 3), silent: (None, 3)}


def test_seconds_are_those_of_answered_requests(tmp_path):
    log = tmp_path / "log.jsonl"
    log.write_text(
        '{"key": "a", "seconds": 2.5, "outcome": "ok"}\n'
        '{"key": "b", "seconds": 9, "outcome": "timeout"}\nno line\n',
        "utf-8",
    )
    assert costs.seconds_by_key(log) == {"": 0.0, "a": 2.5}
    assert costs.seconds_by_key(tmp_path / "none") == {"": 0.0}
