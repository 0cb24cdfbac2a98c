from __future__ import annotations

import json
import math

import pytest

from safeglot.backends.models.logprobs import alternatives
from safeglot.judge.reading import position, probability
from safeglot.types import IMPOSSIBLE, LOGPROB_POSITIONS


def chat(*pairs):
    return {"content": [{"token": pairs[0][0], "top_logprobs": [{"token": t, "logprob": p} for t, p in pairs]}]}  # fmt: skip


@pytest.mark.parametrize(
    "odd", [None, -math.inf, math.nan, math.inf, "x", [], 10**400, -9999, -1e300]
)
def test_an_odd_number_takes_no_other_with_it(odd):
    both = alternatives(chat(("safe", -0.1), ("unsafe", odd)), chat=True)
    assert both == ((("safe", -0.1), ("unsafe", IMPOSSIBLE)),)
    bare = alternatives({"top_logprobs": [{"safe": -0.1, "unsafe": odd}]}, chat=False)
    assert bare == both
    assert probability(position(both), unsafe=("unsafe",), safe=("safe",)) == 0.0
    json.dumps(both, allow_nan=False)


def test_a_missing_number_too():
    data = {
        "content": [{"top_logprobs": [{"token": "unsafe"}, {"token": "safe", "logprob": -0.5}, 3]}]
    }
    assert alternatives(data, chat=True) == ((("safe", -0.5), ("unsafe", IMPOSSIBLE)),)


def test_an_odd_position_keeps_its_place():
    data = {"content": [None, {"token": "\n", "logprob": -0.2}, {"token": "a", "top_logprobs": None}, *chat(("No", -0.1))["content"]]}  # fmt: skip
    assert alternatives(data, chat=True) == (
        (),
        (("\n", -0.2),),
        (("a", IMPOSSIBLE),),
        (("No", -0.1),),
    )
    assert alternatives({"top_logprobs": [None, {"a": -1}]}, chat=False) == ((), (("a", -1.0),))


@pytest.mark.parametrize(
    "data", [None, [], {}, {"content": None}, {"content": 3}, {"top_logprobs": "x"}]
)
def test_nothing_where_there_is_none(data):
    assert alternatives(data, chat=True) == alternatives(data, chat=False) == ()


def test_only_the_first_positions():
    data = {"content": chat(("a", -1))["content"] * 100}
    assert len(alternatives(data, chat=True)) == LOGPROB_POSITIONS
