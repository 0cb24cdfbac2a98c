from __future__ import annotations

import sqlite3

import pytest

from safeglot.backends.engine.faults import Faults
from safeglot.errors import ModelError, Stopped, UsageError


def fault(faults: Faults, error: Exception, who: str = "judge x") -> ModelError:
    with pytest.raises(ModelError) as caught, faults.around(who):
        raise error
    return caught.value


def test_an_exception_becomes_a_failure_with_type_message_and_place():
    error = fault(Faults(3), ValueError("no such label"))
    assert (error.kind, error.transient) == ("fault", True)
    assert "judge x: ValueError: no such label at test_faults.py:" in error.message


@pytest.mark.parametrize("raised", [RecursionError("deep"), OverflowError("long"), StopIteration()])
def test_every_kind_of_exception_is_one(raised):
    assert fault(Faults(3), raised).kind == "fault"


@pytest.mark.parametrize(
    "raised",
    [
        Stopped("budget"),
        UsageError("no"),
        ModelError("blocked", "no", transient=False),
        sqlite3.OperationalError("database or disk is full"),
        MemoryError(),
    ],
)
def test_what_has_a_meaning_of_its_own_passes(raised):
    with pytest.raises(type(raised)) as caught, Faults(1).around("x"):
        raise raised
    assert caught.value is raised


def test_a_row_of_faults_stops_and_names_who():
    faults = Faults(3)
    fault(faults, ValueError("a"))
    fault(faults, ValueError("b"))
    fault(faults, ValueError("b"), who="another")
    says = r"judge x: stopped after 3 faults in a row .*ValueError: c"
    with pytest.raises(Stopped, match=says), faults.around("judge x"):
        raise ValueError("c")


def test_a_success_ends_the_row():
    faults = Faults(2)
    for _ in range(5):
        fault(faults, ValueError("a"))
        with faults.around("judge x"):
            pass


def test_a_long_message_is_cut():
    assert len(fault(Faults(3), ValueError("x" * 5000)).message) < 400
