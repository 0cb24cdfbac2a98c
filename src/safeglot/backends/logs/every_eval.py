"""Every Eval Ever: the samples beside a result (`*_samples.jsonl`), and the results that name them.

Source: evaleval/every_eval_ever, instance_level_eval.schema.json and eval.schema.json, version 0.3.0.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from safeglot.backends.logs.json_items import lines
from safeglot.backends.logs.log_file import LogFile, LogRows, flat, ours, settings_of
from safeglot.errors import UsageError

KEYS = frozenset({"evaluation_id", "sample_id", "interaction_type", "input"})
"""Keys by which a sample is known."""
RESULT_KEYS = frozenset({"evaluation_id", "evaluation_results", "model_info"})
"""Keys by which a result is known."""
VERSIONS = ("0.2.", "0.3.")
"""Beginnings of the versions of the schema that are read."""


def open_samples(path: Path, result: Mapping[str, Any] | None = None) -> LogFile:
    """Return a file of samples. Raises: UsageError for another version."""
    with path.open(encoding="utf-8") as stream:
        first: Mapping[str, Any] = next((row for _, row in lines(stream, path.name)), {})
    _check_version(path, first)
    library = (result or {}).get("eval_library") or {}
    return LogFile(
        where=path.name,
        path=path,
        records=LogRows(lambda: _rows(path)),
        tool=f"Every Eval Ever ({library['name']} {library.get('version', '')})".replace(" )", ")")
        if library.get("name")
        else "Every Eval Ever",
        settings=settings_of(_decoding(result or {}), ("max_tokens",)),
        verdict_like=("is_correct", "score"),
    )


def open_result(path: Path) -> LogFile:
    """Return the samples that a result names, which lie beside it. Raises: UsageError where they do not."""
    result = json.loads(path.read_text("utf-8"))
    _check_version(path, result)
    detailed = result.get("detailed_evaluation_results") or {}
    named = str(detailed.get("file_path", ""))
    beside = (
        path.with_name(Path(named).name) if named else path.with_name(f"{path.stem}_samples.jsonl")
    )
    if not beside.is_file():
        raise UsageError(
            f"{path}: holds results of Every Eval Ever and no answers; these stand in "
            f"{beside.name}, which is not beside it. Give that file."
        )
    return open_samples(beside, result)


def _check_version(path: Path, row: Mapping[str, Any]) -> None:
    version = str(row.get("schema_version", ""))
    if not version.startswith(VERSIONS):
        allowed = " and ".join(f"{start}x" for start in VERSIONS)
        raise UsageError(
            f"{path}: is of version {version or 'unknown'} of Every Eval Ever, which is not read "
            f"(allowed: {allowed}). Write it by that version, or as a table: safeglot import "
            "TABLE.jsonl --columns …"
        )


def _decoding(result: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what all results of an evaluation were decoded with; nothing where they differ."""
    rows = result.get("evaluation_results")
    configs = [
        ((row.get("generation_config") or {}).get("generation_args") or {})
        for row in (rows if isinstance(rows, list) else ())
        if isinstance(row, Mapping)
    ]
    return configs[0] if configs and all(own == configs[0] for own in configs) else {}


def _rows(path: Path) -> Iterator[Mapping[str, object]]:
    """Yield a row an answer."""
    with path.open(encoding="utf-8") as stream:
        for _, row in lines(stream, path.name):
            given, output = row.get("input") or {}, row.get("output") or {}
            metadata, evaluation = row.get("metadata") or {}, row.get("evaluation") or {}
            about: dict[str, object] = {
                "id": row.get("sample_id"),
                "model": row.get("model_id"),
                "text": given.get("raw"),
                "evaluation_name": row.get("evaluation_name"),
                "evaluation_result_id": row.get("evaluation_result_id"),
                "score": evaluation.get("score"),
                "is_correct": evaluation.get("is_correct"),
            }
            about |= dict(flat("metadata", metadata)) | dict(ours(metadata))
            answers, thoughts = _answers(row), output.get("reasoning_trace") or []
            if row.get("error") and not any(answers):
                about["failure"] = str(row["error"])
            for sample, answer in enumerate(answers or [None]):
                thought = {"thought": thoughts[sample]} if sample < len(thoughts) else {}
                several = {"sample": sample} if len(answers) > 1 else {}
                yield about | several | thought | {"answer": answer}


def _answers(row: Mapping[str, Any]) -> list[str]:
    """Return the answers: those of one turn, or the last that the model gave in a conversation."""
    raw = (row.get("output") or {}).get("raw")
    if isinstance(raw, list):
        return [text for text in raw if isinstance(text, str)]
    turns = row.get("messages")
    if not isinstance(turns, list) or not turns:
        return []
    last = turns[-1]
    is_answer = isinstance(last, Mapping) and last.get("role") == "assistant"
    return [str(last.get("content") or "")] if is_answer else []
