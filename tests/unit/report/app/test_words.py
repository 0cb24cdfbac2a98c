from __future__ import annotations

from typing import get_args

from safeglot.report.app.words import ARMS, INVALID, KINDS, SHOWN, VERDICTS
from safeglot.score.answers import classes
from safeglot.types import Arm


def test_every_arm_and_fault_has_words():
    assert set(ARMS) == set(get_args(Arm))
    assert set(INVALID) == set(classes.INVALID)
    assert next(iter(KINDS)) == "unsafe"
    assert "" in SHOWN
    assert VERDICTS[2] == "none"
