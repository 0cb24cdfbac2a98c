"""The line of log.jsonl that one try of a request is, written out: there are as many as requests."""

from __future__ import annotations

import functools
import json
import time

from safeglot.types import Reply


def log_line(
    key: str, model: str, *, seconds: float, attempt: int, outcome: str, reply: Reply | None
) -> str:
    """Return a line of JSON: when, which request, and how it ended."""
    tokens = ""
    if reply is not None:
        tokens = (
            f', "tokens_in": {_or_null(reply.n_prompt_tokens)}'
            f', "tokens_out": {_or_null(reply.n_tokens)}'
        )
    return (
        f'{{"at": {time.time():.3f}, "key": "{key}", "model": {_quoted(model)}, '
        f'"attempt": {attempt}, "outcome": "{outcome}", "seconds": {seconds:.4f}{tokens}}}\n'
    )


@functools.cache
def _quoted(model: str) -> str:
    return json.dumps(model, ensure_ascii=False)


def _or_null(tokens: int | None) -> int | str:
    return "null" if tokens is None else tokens
