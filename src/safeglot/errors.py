"""The exception tree.

SafeglotError            what a user may see; has an exit code
|-- UsageError           2  bad usage or configuration; nothing was spent
|   |-- InputErrors      2  several of them at once
|   `-- UnnamedEndpoints 2  a stored file names addresses or keys that its user did not
|-- TooMuchMissing       3  finished, but more than the allowed share is missing
|-- Stopped              4  a limit stopped the run; it can be resumed
|   `-- EndpointStopped  4  one endpoint gave up; the others go on, and may end the run with 0 or 3
`-- ModelError           -  one request failed; the engine retries it or records a Failure
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

POLICY_CODES = {"met": 0, "not met": 5, "inconclusive": 6}
"""How `check` ends by its decision on a release policy; these are results, and no errors."""


class SafeglotError(Exception):
    """Root of all errors that are meant for the user."""

    exit_code = 1

    def _render_traceback_(self) -> list[str]:
        """Return what a notebook shows: the message alone."""
        return [f"{type(self).__name__}: {self}"]


class UsageError(SafeglotError):
    """Bad usage: what was got, where, what is allowed, what to do."""

    exit_code = 2


class InputErrors(UsageError):
    """All that is wrong with the inputs, reported at once; `then` is the command to go on with."""

    def __init__(self, problems: Sequence[str], *, then: str = "") -> None:
        self.problems = tuple(problems)
        self.then = then
        super().__init__("\n".join(self.problems))


@contextlib.contextmanager
def gathered(problems: list[str]) -> Iterator[None]:
    """Run what may find bad usage: what it finds joins the problems, to be told with the others."""
    try:
        yield
    except UsageError as error:
        problems += error.problems if isinstance(error, InputErrors) else [str(error)]


class UnnamedEndpoints(UsageError):
    """A file of a run names where to send what, and the user did not; `flags` would name it."""

    def __init__(self, message: str, flags: Sequence[str]) -> None:
        self.flags = tuple(flags)
        super().__init__(message)


class TooMuchMissing(SafeglotError):
    """The run finished, but too many verdicts are missing for its numbers to be used."""

    exit_code = 3


class Stopped(SafeglotError):
    """A limit (budget, breaker, interrupt) stopped the run; `run` again resumes it.

    Not `again`: the same command would stop the same way.
    """

    exit_code = 4

    def __init__(self, message: str, *, again: bool = True) -> None:
        self.again = again
        super().__init__(message)


class EndpointStopped(Stopped):
    """The endpoint of a model, or each of its replicas, gave up; what others are asked goes on.

    `answered` says whether it ever gave an answer, in this run or process: then it was lost.
    """

    def __init__(self, message: str, *, endpoint: str, answered: bool) -> None:
        self.endpoint = endpoint
        self.answered = answered
        super().__init__(message)


TRANSIENT = frozenset(
    {"timeout", "rate_limited", "server_error", "unreachable", "malformed", "no_choices", "broken"}
)
"""Kinds of errors of models that another try may mend."""


class ModelError(SafeglotError):
    """One request failed.

    `kind`: unreachable | timeout | rate_limited | server_error | bad_request | auth | not_found |
    malformed | no_choices | broken | blocked | thought_only | quota | setting | too_long | engine |
    fault.
    `transient` says whether another try may help, by the kind where it is not given; `text` and `thought` are what had come until then,
    and the tokens what that cost.
    """

    text = ""
    thought = ""
    tokens_in = 0
    tokens_out = 0
    down = False
    """Whether nobody listened at the address, so that nothing was asked."""
    lane = ""
    """The endpoint that it came from."""

    def __init__(
        self,
        kind: str,
        message: str,
        *,
        transient: bool | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        self.kind = kind
        self.message = message
        self.transient = kind in TRANSIENT if transient is None else transient
        self.retry_after_s = retry_after_s
        self.attempts = 1
        self.settings: tuple[str, ...] = ()
        """The settings of the request that the server's refusal names."""
        super().__init__(f"{kind}: {message}")

    def __reduce__(self) -> tuple[Any, ...]:
        """Return what a copy is made of, in this process or another."""
        again = partial(ModelError, transient=self.transient)
        return again, (self.kind, self.message), self.__dict__

    def reword(self, message: str) -> None:
        """Say it otherwise, such as without a key."""
        self.message = message
        self.args = (f"{self.kind}: {message}",)
