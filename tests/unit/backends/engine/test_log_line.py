from __future__ import annotations

import json

import pytest

from safeglot.backends.engine.log_line import log_line
from safeglot.types import Reply


@pytest.mark.parametrize("model", ["vllm/a", 'a"b\\ñ'])
def test_a_line_is_json_with_what_a_try_was(model):
    reply = Reply(text="a\nb", finish_reason="stop", n_tokens=7, n_prompt_tokens=None)
    line = log_line("00ff", model, seconds=0.12345, attempt=2, outcome="ok", reply=reply)
    assert line.endswith("}\n")
    read = json.loads(line)
    assert read.pop("at") > 1.7e9
    assert read == {
        "key": "00ff",
        "model": model,
        "attempt": 2,
        "outcome": "ok",
        "seconds": 0.1235,
        "tokens_in": None,
        "tokens_out": 7,
    }


def test_what_brought_no_reply_has_no_tokens():
    line = log_line("00ff", "m", seconds=1, attempt=1, outcome="timeout", reply=None)
    assert json.loads(line).keys().isdisjoint({"tokens_in", "tokens_out"})
