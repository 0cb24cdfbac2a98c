"""Answers and verdicts that gave nothing, asked for once more: each by a fresh request, once a process."""

from __future__ import annotations

from collections.abc import Iterable

from safeglot.backends.engine.engine import Engine
from safeglot.backends.store import afresh
from safeglot.keys import request_key
from safeglot.types import Request


class Afresh:
    """The empty answers and unread verdicts of a run; none of them where that is not `wanted`."""

    def __init__(self, engine: Engine, *, wanted: bool) -> None:
        self._engine = engine
        self._answers = afresh.empty_answers(engine.store) if wanted else set()
        self._verdicts = afresh.unread_verdicts(engine.store) if wanted else set()
        self._replies: set[str] = set()

    def answer(self, key: str, reply_key: str) -> bool:
        """Return whether an answer is to be asked for again; then it is forgotten with its reply."""
        if key not in self._answers:
            return False
        self._answers.discard(key)
        afresh.forget_answer(self._engine.store, key)
        self._forget(reply_key)
        return True

    def wants(self, verdict_key: str) -> bool:
        """Return whether a verdict is to be asked for again."""
        return verdict_key in self._verdicts

    def verdict(self, key: str, requests: Iterable[Request]) -> None:
        """Forget an unread verdict with its replies; those that came since stay."""
        if key in self._verdicts:
            self._verdicts.discard(key)
            afresh.forget_verdict(self._engine.store, key)
            for request in requests:
                self._forget(request_key(request))

    def _forget(self, reply_key: str) -> None:
        if reply_key not in self._replies:  # two answers may share a reply, and one of them be done
            self._replies.add(reply_key)
            self._engine.forget(reply_key)
