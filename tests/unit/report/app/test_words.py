from __future__ import annotations

from typing import get_args

from safeglot.report.app.words import ARMS, INVALID, KINDS, SHOWN, VERDICTS, short_names
from safeglot.score.answers import classes
from safeglot.types import Arm


def test_names_are_short_where_that_tells_them_apart():
    names = ("llama-guard-3=vllm/meta/Guard", "vllm/acme/x-1", "hf/acme/x-1", "refusal-baseline")
    assert short_names(names) == {
        names[0]: "llama-guard-3", names[1]: names[1], names[2]: names[2], names[3]: names[3],
    }  # fmt: skip


def test_every_arm_and_fault_has_words():
    assert set(ARMS) == set(get_args(Arm))
    assert set(INVALID) == set(classes.INVALID)
    assert next(iter(KINDS)) == "unsafe"
    assert "" in SHOWN
    assert VERDICTS[2] == "none"
