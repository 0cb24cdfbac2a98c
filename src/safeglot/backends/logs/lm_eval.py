"""Sample files of lm-evaluation-harness: `samples_TASK_DATE.jsonl`, beside `results_DATE.json`.

Source: lm_eval 0.4.13, loggers/evaluation_tracker.py (save_results_samples).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from safeglot.backends.logs.json_items import lines
from safeglot.backends.logs.log_file import LogFile, LogRows, asked, flat, ours, settings_of
from safeglot.errors import UsageError

KEYS = frozenset({"doc_id", "doc", "arguments", "resps", "filtered_resps"})
"""Keys by which a row is known."""
PATTERN = "samples_*.jsonl"
_NAME = re.compile(r"samples_(?P<task>.+)_(?P<date>\d{4}-\d\d-\d\dT[\d.-]+)")


def open_samples(path: Path) -> LogFile:
    """Return a file of samples. Raises: UsageError where it holds no texts."""
    name = _NAME.fullmatch(path.stem)
    task, date = (name["task"], name["date"]) if name else (path.stem, "")
    results = _results(path.with_name(f"results_{date}.json"))
    with path.open(encoding="utf-8") as stream:
        first: Mapping[str, Any] = next((row for _, row in lines(stream, path.name)), {})
    model = results.get("model_name")
    prompt, system, how = _asked(first)
    if prompt is None or not _answers(first):
        raise UsageError(
            f"{path}: holds no answers in text (its task {task} compares probabilities, as multiple "
            "choice does). Give the samples of a task of type generate_until."
        )
    said = results.get("system_instruction") if "system_instruction" in results else system
    return LogFile(
        where=path.name,
        path=path,
        records=LogRows(lambda: _rows(path, task, str(first.get("filter")), model)),
        tool=f"lm-evaluation-harness {results.get('lm_eval_version', '')}".strip(),
        settings=settings_of(how, ("max_gen_toks", "max_new_tokens", "max_tokens")),
        system=system or said or "" if results or system is not None else None,
        verdict_like=tuple(map(str, first.get("metrics", ()))),
    )


def _results(path: Path) -> Mapping[str, Any]:
    try:
        found = json.loads(path.read_text("utf-8"))
    except (
        OSError,
        ValueError,
        RecursionError,
    ):  # it may lie elsewhere: its model is not known then
        return {}
    return found if isinstance(found, dict) else {}


def _rows(path: Path, task: str, wanted: str, model: object) -> Iterator[Mapping[str, object]]:
    """Yield a row an answer; of several filters of the same answers those of the first."""
    with path.open(encoding="utf-8") as stream:
        for _, row in lines(stream, path.name):
            if str(row.get("filter")) != wanted:
                continue
            doc, prompt = row.get("doc"), _asked(row)[0]
            about = {"id": row.get("doc_id"), "task": task, "text": prompt} | dict(flat("doc", doc))
            about |= dict(ours(doc)) | ({"model": model} if model else {})
            about |= {str(m): row.get(str(m)) for m in row.get("metrics", ())}
            answers: Sequence[str | None] = _answers(row) or [None]
            for sample, answer in enumerate(answers):
                several = {"sample": sample} if len(answers) > 1 else {}
                yield about | several | {"answer": answer}


def _asked(row: Mapping[str, Any]) -> tuple[str | None, str | None, Mapping[str, Any]]:
    """Return what was asked, the system prompt where a chat says so, and how it was decoded."""
    arguments = row.get("arguments")
    first = arguments.get("gen_args_0") if isinstance(arguments, Mapping) else None
    if not isinstance(first, Mapping):
        return None, None, {}
    prompt, how = first.get("arg_0"), first.get("arg_1")
    prompt = prompt[0] if isinstance(prompt, list) and len(prompt) == 1 else prompt
    if not isinstance(prompt, str) or not isinstance(how, Mapping):
        return None, None, {}
    if prompt.startswith("[{"):
        try:
            text, system = asked(json.loads(prompt))
        except (ValueError, RecursionError):
            text, system = None, None
        if text is not None:
            return text, system, how
    return prompt, None, how


def _answers(row: Mapping[str, Any]) -> list[str]:
    """Return the answers in text; the responses to one request stand in a list of their own."""
    found = row.get("resps")
    while isinstance(found, list) and len(found) == 1 and isinstance(found[0], list):
        found = found[0]
    whole = isinstance(found, list) and all(isinstance(text, str) for text in found)
    return list(found) if whole and isinstance(found, list) else []
