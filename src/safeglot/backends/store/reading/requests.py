"""What a model was asked in the main arm, what came of it, and the verdicts, one by one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from safeglot.backends.store.schema.scripts import named

if TYPE_CHECKING:
    from safeglot.backends.store.store import Store

_SQL = named(__package__, "requests.sql")


class StoredVerdict(NamedTuple):
    """A judge's verdict; `unsafe` is None where there is none, with the reason."""

    unsafe: bool | None
    p_unsafe: float | None
    codes: tuple[str, ...]
    reason: str
    rationale: str


class EndedRequest(NamedTuple):
    """A request and what came of it: an answer with its verdicts, or a failure in words."""

    prompt: str
    language: str
    text: str
    kind: str
    categories: tuple[str, ...]
    sample: int
    answer: str
    thought: str
    finish_reason: str
    n_tokens: int | None
    n_prompt_tokens: int | None
    failure: str
    verdicts: Mapping[str, StoredVerdict]
    """Judge -> what it said."""


def ended_requests(store: Store, model: str, judges: Sequence[str]) -> Iterator[EndedRequest]:
    """Yield every request to a model that has ended, by prompt and language."""
    for row in store.rows(_SQL["answered"], (model, json.dumps(list(judges)))):
        verdicts = {name: _said(values) for name, values in json.loads(row[-1]).items()}
        yield EndedRequest._make((*row[:4], tuple(json.loads(row[4])), *row[5:-1], verdicts))


def _said(values: Sequence[object]) -> StoredVerdict:
    unsafe, p_unsafe, codes, reason, rationale = values
    return StoredVerdict(
        unsafe=None if unsafe is None else bool(unsafe),
        p_unsafe=p_unsafe if isinstance(p_unsafe, float) else None,
        codes=tuple(json.loads(str(codes))),
        reason=str(reason),
        rationale=str(rationale),
    )
