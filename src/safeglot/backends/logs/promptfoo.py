"""promptfoo's results: `promptfoo eval -o results.json`, or .jsonl.

Source: promptfoo 0.121.20, its output of version 3; of earlier ones the list stands in the same place.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from safeglot.backends.logs.json_items import JsonScanner, items, lines
from safeglot.backends.logs.log_file import LogFile, LogRows, asked, flat, ours, settings_of

KEYS = frozenset({"promptIdx", "testIdx", "provider", "response"})
"""Keys by which a row of its JSON Lines is known."""
ERROR = 2
"""`failureReason` of a result that an error kept from being one."""
_WITHIN = 64 << 20
"""Bytes of a file whose configuration, which stands behind the results, is looked for."""


def open_results(path: Path) -> LogFile:
    """Return a file of results. Raises: UsageError."""
    return LogFile(
        where=path.name,
        path=path,
        records=LogRows(lambda: _rows(path)),
        tool="promptfoo",
        settings=settings_of(_decoding(path), ("max_tokens", "max_completion_tokens")),
        verdict_like=("pass", "score"),
    )


def _decoding(path: Path) -> Mapping[str, Any]:
    """Return what all providers of the configuration are asked with; nothing where they differ."""
    if path.suffix == ".jsonl" or path.stat().st_size > _WITHIN:
        return {}
    with path.open(encoding="utf-8-sig") as stream:
        scanner = JsonScanner(stream, path.name)
        config = scanner.value() if scanner.enter("config") else None
    providers = config.get("providers") if isinstance(config, Mapping) else None
    told = [
        own if isinstance(p, Mapping) and isinstance(own := p.get("config"), Mapping) else {}
        for p in (providers if isinstance(providers, list) else ())
    ]
    return told[0] if told and all(own == told[0] for own in told) else {}


def _rows(path: Path) -> Iterator[Mapping[str, object]]:
    with path.open(encoding="utf-8-sig") as stream:
        if path.suffix == ".jsonl":
            yield from (_row(row) for _, row in lines(stream, path.name))
        else:
            for row in items(stream, path.name, ("results", "results")):
                if isinstance(row, Mapping):
                    yield _row(row)


def _row(row: Mapping[str, Any]) -> dict[str, object]:
    """Return a result as a row; that an assertion failed is no failure of the request."""
    case, reply, prompt = (_table(row.get(key)) for key in ("testCase", "response", "prompt"))
    variables = _table(row.get("vars")) or _table(case.get("vars"))
    metadata = _table(case.get("metadata")) or _table(row.get("metadata"))
    grading = _table(row.get("gradingResult"))
    output, raw = reply.get("output"), prompt.get("raw")
    provider = row.get("provider")
    if isinstance(provider, Mapping):
        provider = provider.get("label") or provider.get("id")
    found: dict[str, object] = {
        "id": row.get("testIdx"),
        "model": provider,
        "text": _chat(raw),
        "answer": output if isinstance(output, str) else None,
        "finish_reason": reply.get("finishReason"),
        "pass": row.get("success", grading.get("pass")),
        "score": row.get("score"),
        "promptIdx": row.get("promptIdx"),
    }
    if output is None and (row.get("failureReason") == ERROR or reply.get("error")):
        found["failure"] = str(reply.get("error") or row.get("error") or "no answer")
    found |= dict(flat("vars", variables)) | dict(flat("metadata", metadata))
    found |= dict(flat("scores", row.get("namedScores"))) | dict(ours(variables, metadata))
    return {key: value for key, value in found.items() if value is not None}


def _table(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _chat(raw: object) -> object:
    """Return what was asked where a prompt is a chat in JSON, else the prompt as it is."""
    if isinstance(raw, str) and raw.lstrip().startswith("[{"):
        try:
            return asked(json.loads(raw))[0] or raw
        except (ValueError, RecursionError):
            return raw
    return raw
