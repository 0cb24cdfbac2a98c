"""Which tool wrote a file: told by its name and its keys, else it is a table."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path

from safeglot.backends.logs import every_eval, inspect_log, lm_eval, promptfoo
from safeglot.backends.logs.json_items import MOST, JsonScanner
from safeglot.backends.logs.log_file import LogFile
from safeglot.errors import UsageError

_KEYS = 40
"""Keys of a JSON object that are looked at."""


def logs_of(source: str) -> list[LogFile] | None:
    """Return the logs that a file or folder holds; None where it is no log. Raises: UsageError."""
    path = Path(source).expanduser()
    if path.is_dir():
        found = sorted([*path.rglob(lm_eval.PATTERN), *path.rglob("*.eval")])
        return [log for own in found for log in logs_of(str(own)) or ()] or None
    if not path.is_file():
        return None
    try:
        log = _log(path)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror or error}).") from None
    except UnicodeDecodeError:
        return None  # whoever reads tables says where
    return [log] if log else None


_BY_ROW: Sequence[tuple[AbstractSet[str], Callable[[Path], LogFile]]] = (
    (lm_eval.KEYS, lm_eval.open_samples),
    (promptfoo.KEYS, promptfoo.open_results),
    (every_eval.KEYS, every_eval.open_samples),
)
"""Keys of a row of JSON Lines -> what opens the log that has them."""
_BY_OBJECT: Sequence[tuple[AbstractSet[str], Callable[[Path], LogFile]]] = (
    (every_eval.RESULT_KEYS, every_eval.open_result),
    (inspect_log.KEYS, inspect_log.open_log),
)
"""The same of the object that a JSON file holds."""


def _log(path: Path) -> LogFile | None:
    if path.suffix.lower() == ".eval":
        return inspect_log.open_log(path)
    if path.suffix not in (".jsonl", ".json"):
        return None
    is_rows = path.suffix == ".jsonl"
    keys = frozenset(_first_row(path) if is_rows else _keys(path))
    for wanted, opened in _BY_ROW if is_rows else _BY_OBJECT:
        if keys >= wanted:
            return opened(path)
    return promptfoo.open_results(path) if not is_rows and _is_promptfoo(path, keys) else None


def _first_row(path: Path) -> dict[str, object]:
    with path.open(encoding="utf-8-sig") as stream:
        for line in iter(lambda: stream.readline(MOST), ""):
            if line.strip():
                try:
                    found = json.loads(line)
                except (ValueError, RecursionError):
                    return {}
                return found if isinstance(found, dict) else {}
    return {}


def _keys(path: Path) -> Iterator[str]:
    """Yield the first keys of the object that a file holds; none where it holds none."""
    with path.open(encoding="utf-8-sig") as stream:
        scanner = JsonScanner(stream, path.name)
        try:
            for n, key in enumerate(scanner.keys()):
                if n == _KEYS:
                    return
                yield key
        except UsageError:  # it begins otherwise, or is damaged: what was seen says whose it is
            return


def _is_promptfoo(path: Path, keys: AbstractSet[str]) -> bool:
    if "results" not in keys:
        return False
    with path.open(encoding="utf-8-sig") as stream:
        scanner = JsonScanner(stream, path.name)
        try:
            return scanner.enter("results") and scanner.enter("results")
        except UsageError:
            return "evalId" in keys
