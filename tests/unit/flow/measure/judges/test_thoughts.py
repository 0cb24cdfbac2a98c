from __future__ import annotations

import numpy as np
import pytest

from example.manifest import manifest_with
from example.rows import Writer
from safeglot.backends.store.store import Store
from safeglot.flow.measure.judges import thoughts
from safeglot.judge.answers.response_class import VERSION
from safeglot.score.cube import Axes, build_cube


@pytest.fixture
def store():
    opened = Store.in_memory()
    yield opened
    opened.close()


def cube(languages=("en", "de"), n=4):
    axes = Axes(
        judges=("j",), models=("m",), languages=languages, prompts={f"p{i}": ("theft",) for i in range(n)},
        categories=("theft",), macros=None, reference="en", samples=1, alert=False,
    )  # fmt: skip
    return build_cube((), axes)


def measured(store, **more):
    manifest = manifest_with(models=("m",), languages=("en", "de"), judges={"j": "id"}, **more)
    rows = thoughts.estimates(store, manifest, cube(), level=0.95)
    return {(row.metric, row.language): row for row in rows}


def answers(store, languages):
    """Write four answers in German with thoughts in such languages; None: without a thought."""
    put = Writer(store)
    keys = []
    for i, language in enumerate(languages):
        put.prompt(f"p{i}")
        keys.append(put.answer(put.text(f"p{i}")))
        store.write("traits", [(keys[-1], VERSION, None, "de", 0.9, 0, language)])
    return put, keys


def test_where_nobody_thinks_there_is_nothing_to_tell(store):
    answers(store, [None, None])
    assert measured(store) == {}


def test_thoughts_are_counted_with_their_languages(store):
    answers(store, ["en", "en", "de", None])
    found = measured(store)
    rate = found["thinking_rate", "de"]
    assert (rate.value, rate.n, rate.missing) == (0.75, 4, 0)
    english = found["thought_english", "de"]
    assert (english.value, english.n, english.missing) == (pytest.approx(2 / 3), 3, 0)
    assert found["thinking_rate", "en"].value is None
    assert ("thought_english", "en") not in found


def test_a_thought_in_an_unknown_language_is_missing_there(store):
    answers(store, ["en", "und"])
    english = measured(store)["thought_english", "de"]
    assert (english.value, english.n, english.missing) == (1.0, 1, 1)


def test_thought_and_answer_are_compared_verdict_by_verdict(store):
    put, keys = answers(store, ["en"] * 4)
    for key, answer, thought in zip(keys, (0, 1, 0, None), (1, 0, None, 1), strict=True):
        put.verdict(key, answer)
        put.verdict(key, thought, judge="j@thought")
    found = measured(store)
    unsafe = found["thought_unsafe", "de"]
    assert (unsafe.value, unsafe.n, unsafe.missing) == (pytest.approx(2 / 3), 3, 1)
    for metric in ("thought_unsafe_answer_safe", "thought_safe_answer_unsafe"):
        row = found[metric, "de"]
        assert (row.value, row.n, row.missing) == (0.5, 2, 2)
        assert np.isfinite([row.low, row.high]).all()
