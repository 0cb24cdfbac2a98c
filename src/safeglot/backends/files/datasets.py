"""Prompt files from the package, the disk and the Hugging Face Hub."""

from __future__ import annotations

import contextlib
import fnmatch
import hashlib
import io
import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from importlib import resources
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, cast

from safeglot.backends.files.rundir import read_text
from safeglot.backends.files.sheets import SheetRows, sheet_names
from safeglot.errors import UsageError
from safeglot.text.spelling import closest

SUFFIXES = (".csv", ".tsv", ".txt", ".jsonl", ".ndjson", ".json", ".parquet", ".xlsx")
PACKAGED = ("mini", "context")
MOST_IN_MEMORY = 16 << 20
"""Bytes of texts that are not worth a file."""
BLOCK = 1 << 20
PARQUET_ROWS = 5_000
"""Rows that are decoded at a time."""
_HUB_SUFFIXES = (".parquet", ".jsonl", ".ndjson", ".json", ".csv", ".tsv")
"""In the order of preference."""
_HUB_SPEC = re.compile(
    r"hf:(?P<repo>[\w.-]+/[\w.-]+)(?:@(?P<revision>[^:@\s]+))?(?::(?P<part>[^:\s]+))?"
)
_SHARD = re.compile(r"-\d{5}-of-\d{5}")


@dataclass(frozen=True, slots=True, kw_only=True)
class DataFile:
    """One file: its bytes (of one on the disk, its path), or its records where its format is not text."""

    where: str
    suffix: str
    data: bytes | Path = b""
    columns: tuple[str, ...] = ()
    records: Iterable[Mapping[str, object]] | None = None
    grid: Iterable[Sequence[object]] | None = None
    said: Mapping[str, str] = field(default_factory=dict)
    """Cells that the path of the file says of all its rows."""
    prefix: str = ""
    """What of the path goes before the numbers of rows as ids."""
    part: str = ""
    """The key, or a pattern of keys, of a JSON file that the rows stand under."""

    def stream(self) -> BinaryIO:
        """Return the bytes, from their beginning. Raises: UsageError."""
        return _stream(self.data)


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What one `--prompts` names, for prompts.reading.readers.read_prompt_files.

    `sha256` is that of the files' bytes in order, `revision` the Hub's commit, else "".
    """

    name: str
    files: tuple[DataFile, ...]
    alert_toml: str
    sha256: str
    revision: str = ""
    taxonomy: tuple[str, str] | None = None
    notes: tuple[str, ...] = ()


def alert_toml() -> str:
    """Return the text of ALERT's taxonomy, for prompts.taxonomy.parse_taxonomy."""
    return _packaged("alert.toml").decode("utf-8")


def load_prompts(spec: str, *, taxonomy_file: Path | None = None, revision: str = "") -> Loaded:
    """Return what `mini`, a path, or `hf:OWNER/NAME[@REVISION][:CONFIG_OR_FILE]` holds.

    Raises: UsageError where there is no such file, it cannot be read, or an extra is lacking.
    """
    taxonomy = None
    if taxonomy_file is not None:
        text = read_text(taxonomy_file, "Give a TOML file in UTF-8")
        taxonomy = (taxonomy_file.name, text.removeprefix("\ufeff"))
    if spec.startswith("hf:"):
        name, files, commit, notes = _from_hub(spec, revision)
    elif revision:
        raise UsageError(f'a revision ("{revision}") goes with hf:OWNER/NAME only, not with {spec}')
    else:
        name, files = _from_disk(spec)
        commit, notes = "", ()
    return Loaded(
        name=name,
        files=tuple(file for where, data in files for file in data_files(where, data)),
        alert_toml=alert_toml(),
        sha256=sha256_of(data for _, data in files),
        revision=commit,
        taxonomy=taxonomy,
        notes=notes,
    )


_Files = tuple[tuple[str, bytes | Path], ...]


def room_for_texts() -> BinaryIO:
    """Return an empty stream that goes to a temporary file once there is much in it."""
    return cast("BinaryIO", tempfile.SpooledTemporaryFile(max_size=MOST_IN_MEMORY))


def sha256_of(contents: Iterable[bytes | Path]) -> str:
    """Return the digest of files and their sizes, in their order."""
    digest = hashlib.sha256()
    for data in contents:
        with _stream(data) as stream:
            digest.update(stream.seek(0, os.SEEK_END).to_bytes(8, "big"))
            stream.seek(0)
            while block := stream.read(BLOCK):
                digest.update(block)
    return digest.hexdigest()


def _stream(data: bytes | Path) -> BinaryIO:
    if isinstance(data, bytes):
        return io.BytesIO(data)
    try:
        return data.open("rb")
    except OSError as error:
        raise UsageError(f"{data}: cannot be read: {error.strerror}") from error


def _packaged(name: str) -> bytes:
    return resources.files("safeglot.prompts").joinpath(name).read_bytes()


def names_prompts(what: str) -> bool:
    """Return whether a word can stand for prompts: bundled ones, a file, a pattern, a dataset of the Hub."""
    signs = any(sign in what for sign in "{*#")
    is_file = Path(what).expanduser().is_file()
    return is_file or signs or what in PACKAGED or what.startswith("hf:")


def _from_disk(spec: str) -> tuple[str, _Files]:
    if spec in PACKAGED:
        return spec, ((f"{spec}.jsonl", _packaged(f"{spec}.jsonl")),)
    path = Path(spec).expanduser()
    return path.name, ((path.name, on_disk(spec, path)),)


def on_disk(spec: str, path: Path) -> bytes | Path:
    """Return the file at a path, or the bytes of what cannot be read twice, as a pipe. Raises: UsageError."""
    if not path.exists():
        raise UsageError(_absent(spec, path))
    if path.suffix.lower() not in SUFFIXES and not path.is_dir():
        allowed = ", ".join(SUFFIXES)
        raise UsageError(f"{spec}: the name ends in none of {allowed}; convert or rename the file")
    if path.is_file():
        return path
    with _stream(path) as stream:
        return stream.read()


def _absent(spec: str, path: Path) -> str:
    message = f"{spec}: no such file"
    candidates = [*PACKAGED]
    if path.parent.is_dir():
        candidates += [
            str(path.parent / p.name) for p in path.parent.iterdir() if p.suffix in SUFFIXES
        ]
    if near := closest(str(path), candidates):
        message += f'; did you mean "{near}"?'
    return (
        f'{message} (allowed: "mini", a file ending in {", ".join(SUFFIXES)}, or hf:OWNER/NAME '
        "for a dataset of the Hugging Face Hub)"
    )


def data_files(where: str, data: bytes | Path) -> list[DataFile]:
    """Return a file to be read; of an Excel file its sheets, each with its name as `part`. Raises: UsageError."""
    suffix = PurePosixPath(where).suffix.lower()
    if suffix == ".xlsx" and isinstance(data, Path):
        names = sheet_names(data)
        return [
            DataFile(
                where=where if len(names) == 1 else f"{where}#{name}",
                suffix=suffix,
                data=data,
                grid=SheetRows(data, name),
                part=name,
            )
            for name in names
        ]
    file = DataFile(where=where, suffix=suffix, data=data)
    if suffix != ".parquet":
        return [file]
    records = _ParquetRows(where, data)
    return [replace(file, data=b"", columns=records.columns, records=records)]


class _ParquetRows:
    """The rows of a Parquet file, of which a batch is in memory. Raises: UsageError."""

    def __init__(self, where: str, data: bytes | Path) -> None:
        self._where, self._data = where, data
        with self._read() as file:
            self.columns = tuple(file.schema_arrow.names)

    def __iter__(self) -> Iterator[Mapping[str, object]]:
        with self._read() as file:
            for batch in file.iter_batches(PARQUET_ROWS):
                yield from batch.to_pylist()

    @contextlib.contextmanager
    def _read(self) -> Iterator[Any]:
        try:
            import pyarrow as pa
            import pyarrow.parquet as pq
        except ImportError as error:
            raise UsageError(
                f"{self._where}: Parquet files need pyarrow: pip install 'safeglot[parquet]'"
            ) from error
        try:
            with _stream(self._data) as stream, pq.ParquetFile(stream) as file:
                yield file
        except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
            raise UsageError(
                f"{self._where}: is not a Parquet file that can be read: {error}"
            ) from error


def _from_hub(spec: str, revision: str) -> tuple[str, _Files, str, tuple[str, ...]]:
    match = _HUB_SPEC.fullmatch(spec)
    if match is None:
        raise UsageError(f"{spec}: must read hf:OWNER/NAME, hf:OWNER/NAME@REVISION or either:PART")
    repo, wanted = match["repo"], match["revision"] or revision
    if match["revision"] and revision not in {"", match["revision"]}:
        raise UsageError(f'{spec}: names one revision and the settings another ("{revision}")')
    try:
        from huggingface_hub import HfApi
    except ImportError as error:
        raise UsageError(
            f"{spec}: datasets of the Hub need huggingface_hub: pip install 'safeglot[hub]'"
        ) from error
    api: Any = HfApi()
    try:
        info = api.dataset_info(repo, revision=wanted or None)
        card = info.card_data.to_dict() if info.card_data else {}
        paths, notes = choose_files(
            repo, [s.rfilename for s in info.siblings or ()], card.get("configs"), match["part"]
        )
        fetch = partial(api.hf_hub_download, repo, repo_type="dataset", revision=str(info.sha))
        files = tuple((f"hf:{repo}/{path}", Path(fetch(path))) for path in paths)
    except UsageError:
        raise
    except Exception as error:  # whatever the Hub's library raises is a fault at this edge
        raise UsageError(_hub_fault(repo, wanted, error)) from error
    return f"hf:{repo}", files, str(info.sha), notes


def _hub_fault(repo: str, revision: str, error: Exception) -> str:
    """Return what the Hub answered and what to do; never with a header, which holds the token."""
    kind = type(error).__name__
    status = getattr(getattr(error, "response", None), "status_code", None)
    token = "set" if os.environ.get("HF_TOKEN") else "not set"
    if kind == "GatedRepoError" or status in {401, 403}:
        return (
            f"hf:{repo}: the Hub does not let you in (HF_TOKEN is {token}); if the dataset is "
            "gated, accept its terms on its page, then put a token that may read it in HF_TOKEN; "
            "else look at the spelling of the name"
        )
    if kind == "RevisionNotFoundError":
        return f'hf:{repo}: has no revision "{revision}"; give a branch, a tag or a commit'
    if kind in {"RepositoryNotFoundError", "HFValidationError"} or status == 404:
        return (
            f"hf:{repo}: no such dataset on the Hub, or a private one (HF_TOKEN is {token}); look "
            "at the spelling of the name"
        )
    if kind == "OfflineModeIsEnabled":
        return f"hf:{repo}: HF_HUB_OFFLINE is set; unset it, or give a file instead"
    answered = f"answered {status}" if status else f"could not be reached ({kind})"
    return (
        f"hf:{repo}: the Hub {answered}; look at the network and at HF_ENDPOINT, or download the "
        "file yourself and give its path"
    )


def choose_files(
    repo: str, paths: Sequence[str], configs: object, part: str | None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the data files to read, and notes.

    The files come in parts: those that the dataset's card lists (config, or config/split), else by
    the names of the files. `part` names one; without it the card's default or first config is
    taken, or the only part, or the one that is called as the repository.

    Raises: UsageError where that leaves none, or more than one.
    """
    parts = _card_parts(paths, configs) or _named_parts(paths)
    if not parts:
        allowed = ", ".join(_HUB_SUFFIXES)
        raise UsageError(f"hf:{repo}: has no data file (one that ends in {allowed})")
    if part is not None:
        return _asked_part(repo, parts, part)
    own = PurePosixPath(repo).name.casefold()
    default = next((p for p in parts if p.partition("/")[0] in {"default", own}), None)
    default = default or next((p for p in parts if p.casefold().partition("/")[0] == own), None)
    if default is None and isinstance(configs, list):
        default = next(iter(parts))
    if default is None and len(parts) > 1:
        raise UsageError(f"hf:{repo}: has several parts; say which: {_choices(repo, parts)}")
    default = default or next(iter(parts))
    note = f"read the part {default} of {', '.join(parts)}"
    return parts[default], ((note,) if len(parts) > 1 else ())


def _asked_part(
    repo: str, parts: Mapping[str, tuple[str, ...]], part: str
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    found = [name for name in parts if name == part or name.partition("/")[0] == part]
    if len(found) == 1:
        return parts[found[0]], ()
    fault = f'has several parts "{part}"' if found else f'has no part "{part}"'
    choices = _choices(repo, {name: parts[name] for name in found or parts})
    raise UsageError(f"hf:{repo}: {fault}; allowed: {choices}")


def _choices(repo: str, parts: Mapping[str, tuple[str, ...]]) -> str:
    return ", ".join(f"hf:{repo}:{name}" for name in parts)


def _card_parts(paths: Sequence[str], configs: object) -> dict[str, tuple[str, ...]]:
    """Return the parts that the card's `configs` list, the default first."""
    parts: dict[str, tuple[str, ...]] = {}
    for config in sorted(_dicts(configs), key=lambda c: not c.get("default")):
        name = str(config.get("config_name", "default"))
        files = config.get("data_files")
        splits = _dicts(files) or [{"split": "", "path": files}]
        for split in splits:
            patterns = split.get("path")
            patterns = patterns if isinstance(patterns, list) else [patterns]
            data = (p for p in sorted(paths) if PurePosixPath(p).suffix.lower() in _HUB_SUFFIXES)
            matched = [p for p in data if _matches(p, patterns)]
            label = f"{name}/{split.get('split')}" if len(splits) > 1 else name
            if matched:
                parts[label] = tuple(matched)
    return parts


def _dicts(items: object) -> list[dict[str, Any]]:
    return [i for i in items if isinstance(i, dict)] if isinstance(items, list) else []


def _matches(path: str, patterns: Sequence[object]) -> bool:
    return any(isinstance(p, str) and fnmatch.fnmatchcase(path, p) for p in patterns)


def _named_parts(paths: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return the files of the most preferred format by name, the shards of one name together."""
    for suffix in _HUB_SUFFIXES:
        parts: dict[str, list[str]] = {}
        for path in sorted(paths):
            pure = PurePosixPath(path)
            if pure.suffix.lower() == suffix and not path.startswith("."):
                stem = _SHARD.sub("", pure.stem)
                name = pure.parent.name if stem.isdigit() and pure.parent.name else stem
                parts.setdefault(name, []).append(path)
        if parts:
            return {name: tuple(shards) for name, shards in parts.items()}
    return {}
