"""Logs of Inspect (`.eval`, or its JSON), by its own Python API: the extra `inspect`.

Source: inspect_ai 0.3.285, its log format of version 2.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from safeglot.backends.logs.json_items import JsonScanner
from safeglot.backends.logs.log_file import LogFile, LogRows, asked, flat, ours, settings_of
from safeglot.errors import UsageError

KEYS = frozenset({"eval", "status", "version"})
"""Keys by which its JSON is known."""
VERSION = 2
"""Of the log format that is read."""
MOST_MB = 256
"""Megabytes that one sample, or another part of a log, may have once it is unpacked."""
NOT_READ = frozenset({"events", "store"})
"""Parts of a sample that are not needed: all that happened on the way to the answer."""
SCORE = "score"
"""What stands before the name of a scorer in the name of its column."""


def open_log(path: Path) -> LogFile:
    """Return a log. Raises: UsageError where it is damaged, of a newer version, or Inspect is not installed."""
    if path.suffix == ".json":
        with path.open(encoding="utf-8-sig") as stream:
            scanner = JsonScanner(stream, path.name)
            _check_version(path, scanner.value() if scanner.enter("version") else None)
    else:
        _check_parts(path)
    header = _header(path)
    plan, how = header.plan.config, header.eval.model_generate_config
    told = {**_given(plan), **_given(how)}
    return LogFile(
        where=path.name,
        path=path,
        records=LogRows(lambda: _rows(path, header)),
        tool=f"Inspect {header.eval.packages.get('inspect_ai', '')}".strip(),
        settings=settings_of(told, ("max_tokens",)),
        system=told.get("system_message") or _system(header),
        verdict_like=tuple(f"{SCORE}.{s.name}" for s in header.eval.scorers or ()),
    )


def _check_parts(path: Path) -> None:
    """Check a log before its tool unpacks it. Raises: UsageError."""
    with contextlib.suppress(ImportError):  # comes with Inspect: zipfile then reads Zstandard
        importlib.import_module("zipfile_zstd")
    try:
        with zipfile.ZipFile(path) as parts:
            for part in parts.infolist():
                if part.file_size > MOST_MB << 20:
                    raise UsageError(
                        f"{path}: its part {part.filename:.80} grows from {part.compress_size:,} to "
                        f"{part.file_size:,} bytes; at most {MOST_MB} MB are unpacked. Is it a log? "
                        "Write it anew without large attachments: inspect log convert"
                    )
            names = set(parts.namelist())
            first = next((n for n in ("header.json", "_journal/start.json") if n in names), None)
            about = json.loads(parts.read(first)) if first else {}
    except NotImplementedError as error:  # packed in a way that only Inspect reads
        _api()
        raise UsageError(_damaged(path, error)) from None
    except (zipfile.BadZipFile, OSError, ValueError, RecursionError, EOFError) as error:
        raise UsageError(_damaged(path, error)) from None
    _check_version(path, about.get("version") if isinstance(about, dict) else None)


def _check_version(path: Path, version: object) -> None:
    if not isinstance(version, int):
        raise UsageError(_damaged(path, "it has no header"))
    if version > VERSION:
        raise UsageError(
            f"{path}: is a log of version {version}; this safeglot reads {VERSION}. Convert it with "
            f"an inspect-ai that writes {VERSION}, or export it as a table: inspect log dump LOG"
        )


def _damaged(path: Path, why: object) -> str:
    return (
        f"{path}: cannot be read as a log of Inspect ({why}). Put a copy of it back, or write it "
        "anew: inspect log convert"
    )


def _api() -> Any:
    try:
        from inspect_ai import log
    except ImportError:
        raise UsageError(
            "logs of Inspect are read by inspect-ai, which is not installed: "
            "pip install 'safeglot[inspect]'"
        ) from None
    return log


def _header(path: Path) -> Any:
    api = _api()
    try:
        return api.read_eval_log(str(path), header_only=True)
    except Exception as error:  # whatever its library raises is a fault at this edge
        raise UsageError(_damaged(path, str(error).partition("\n")[0][:200])) from error


def _given(config: Any) -> dict[str, Any]:
    return {k: v for k, v in config.model_dump().items() if v is not None} if config else {}


def _system(header: Any) -> str | None:
    """Return the system prompt that a step of the plan puts before all samples; None where it names none."""
    steps = [s for s in header.plan.steps if s.solver.rpartition("/")[2] == "system_message"]
    text = steps[0].params.get("template") if len(steps) == 1 else None
    return text if isinstance(text, str) and "{" not in text else None


def _samples(path: Path, header: Any) -> Iterator[Any]:
    """Yield the samples as Inspect's own records, one in memory at a time where the log is a zip.

    `read_eval_log_samples` opens the file anew for each, which takes time with the square of them.
    """
    api = _api()
    try:
        if path.suffix == ".json":
            yield from api.read_eval_log(str(path), resolve_attachments=True).samples or ()
            return
        with zipfile.ZipFile(path) as parts:
            for name in _in_order(parts, header):
                table = json.loads(parts.read(name))
                kept = {key: value for key, value in table.items() if key not in NOT_READ}
                sample = api.EvalSample.model_validate(kept, context={"deserializing": True})
                yield api.resolve_sample_attachments(sample, "full")
    except Exception as error:  # whatever its library raises is a fault at this edge
        raise UsageError(_damaged(path, str(error).partition("\n")[0][:200])) from error


def _in_order(parts: zipfile.ZipFile, header: Any) -> list[str]:
    """Return the names of the samples: in the order of the data set, not in that of their ends."""
    ids = [str(name) for name in header.eval.dataset.sample_ids or ()]
    at = {name: i for i, name in enumerate(ids)}
    there = [n for n in dict.fromkeys(parts.namelist()) if n.startswith("samples/")]

    def place(name: str) -> tuple[int, int]:
        own, _, epoch = name.removeprefix("samples/").removesuffix(".json").rpartition("_epoch_")
        return at.get(own, len(at)), int(epoch) if epoch.isdigit() else 0

    return sorted(there, key=place)


def _rows(path: Path, header: Any) -> Iterator[Mapping[str, object]]:
    """Yield a row a sample and epoch."""
    told = {"model": header.eval.model, "task": header.eval.task}
    arguments = header.eval.task_args or {}
    told |= dict(flat("task_args", arguments))
    for sample in _samples(path, header):
        metadata = sample.metadata or {}
        yield {
            **told,
            "id": sample.id,
            "sample": sample.epoch,
            **_exchange(sample),
            **dict(flat("metadata", metadata)),
            **dict(ours(metadata, arguments)),
            **{
                name: value
                for scorer, score in (sample.scores or {}).items()
                for name, value in flat(f"{SCORE}.{scorer}", score.value)
            },
        }


def _exchange(sample: Any) -> dict[str, object]:
    """Return what the model was asked and what it said; a limit or an error is a failure."""
    turns = [{"role": m.role, "content": m.text} for m in sample.messages]
    if turns and turns[-1]["role"] == "assistant":
        turns = turns[:-1]
    given = sample.input
    if not isinstance(given, str):
        given = asked([{"role": m.role, "content": m.text} for m in given])[0]
    text = asked(turns)[0] or given
    output = sample.output
    if not output or not output.choices:
        why = getattr(sample.error, "message", None) or "no answer"
        return {"text": text, "failure": str(why)[:1000]}
    message = output.choices[0].message
    parts = message.content if isinstance(message.content, list) else []
    thought = "\n\n".join(p.reasoning for p in parts if getattr(p, "type", "") == "reasoning")
    ending = output.choices[0].stop_reason
    found: dict[str, object] = {"text": text, "answer": message.text}
    if thought:
        found["thought"] = thought
    if ending != "unknown":
        found["finish_reason"] = ending
    if sample.error is not None:
        found["failure"] = str(sample.error.message)[:1000]
    return found
