from __future__ import annotations

import pytest

from safeglot.errors import (
    InputErrors,
    ModelError,
    SafeglotError,
    Stopped,
    TooMuchMissing,
    UsageError,
)


@pytest.mark.parametrize(
    ("kind", "code"),
    [(SafeglotError, 1), (UsageError, 2), (InputErrors, 2), (TooMuchMissing, 3), (Stopped, 4)],
)
def test_each_kind_has_its_exit_code(kind, code):
    assert kind.exit_code == code
    assert issubclass(kind, SafeglotError)


def test_all_problems_are_told_a_line_each():
    error = InputErrors(["p.csv:2: no text", "p.csv:9: no id"])
    assert isinstance(error, UsageError)
    assert error.problems == ("p.csv:2: no text", "p.csv:9: no id")
    assert str(error) == "p.csv:2: no text\np.csv:9: no id"


def test_a_failed_request_says_whether_another_try_may_help():
    error = ModelError("rate_limited", "429 from the server", transient=True, retry_after_s=2.5)
    assert str(error) == "rate_limited: 429 from the server"
    assert (error.transient, error.retry_after_s, error.attempts) == (True, 2.5, 1)
    assert ModelError("auth", "401", transient=False).retry_after_s is None


def test_a_failed_request_is_no_bad_usage():
    assert not isinstance(ModelError("auth", "401", transient=False), UsageError)
