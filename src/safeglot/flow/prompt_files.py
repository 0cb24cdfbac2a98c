"""The files behind `--prompts`: several of them, folders, and patterns with {language} and {category} in the path."""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from safeglot.backends.files import datasets, folders
from safeglot.backends.files.datasets import DataFile, Loaded
from safeglot.config.settings import Config
from safeglot.errors import InputErrors, UsageError
from safeglot.prompts.problems import SHOWN, Remedy, Unread, listed
from safeglot.prompts.reading import patterns
from safeglot.prompts.reading.language_names import languages_named
from safeglot.prompts.reading.patterns import PathCells
from safeglot.prompts.reading.suggestions import likely_column

_LANGUAGES = {patterns.SAID["language"], patterns.IMPLIED["language"]}
_MOST_REMEDIES = 6
"""Times that what mends the reading is tried before a command is told."""
_FIRST_ROWS = 20
"""Rows of a sheet by which it is told from others."""


@dataclass(slots=True, kw_only=True)
class _Source:
    """What one `--prompts` names on the disk: its files, each with its name and what its path says."""

    name: str
    paths: list[tuple[str, Path | bytes]] = field(default_factory=list)
    places: list[PathCells] = field(default_factory=list)
    part: str = ""
    notes: list[str] = field(default_factory=list)


def load_all(config: Config) -> Loaded:
    """Return all that `--prompts` names, as one. Raises: UsageError."""
    taxonomy = Path(config.taxonomy) if config.taxonomy else None
    specs = config.prompts
    if len(specs) == 1 and not _is_composed(specs[0]):
        return datasets.load_prompts(specs[0], taxonomy_file=taxonomy)
    whole = [] if taxonomy is None else [datasets.load_prompts("mini", taxonomy_file=taxonomy)]
    named = [datasets.load_prompts(spec) if _is_whole(spec) else _loaded(spec) for spec in specs]
    files = [file for one in named for file in one.files]
    notes = [note for one in named for note in one.notes]
    if len({file.where for file in files}) < len(files) == len(specs):
        files = [dataclasses.replace(f, where=spec) for f, spec in zip(files, specs, strict=True)]
    if len(files) > 1 and not any(_LANGUAGES & {*file.said} for file in files):
        files, more = _implied(files)
        notes += more
    first = named[0]
    said = (repr((file.where, sorted(file.said.items()), file.part)).encode() for file in files)
    hashes = (one.sha256.encode() for one in named)
    return Loaded(
        name=first.name if len(named) == 1 else f"{first.name} and {len(named) - 1} more",
        files=tuple(files),
        alert_toml=first.alert_toml,
        sha256=datasets.sha256_of((*hashes, *said)),
        revision=",".join(filter(None, (one.revision for one in named))),
        taxonomy=whole[0].taxonomy if whole else None,
        notes=tuple(notes),
    )


def _is_whole(spec: str) -> bool:
    return spec in datasets.PACKAGED or spec.startswith("hf:")


def _is_composed(spec: str) -> bool:
    """Return whether prompts are named by a folder, a pattern, or a part of a file."""
    path = Path(spec).expanduser()
    if _is_whole(spec):
        return False
    if path.exists():
        return path.is_dir() or path.suffix.lower() == ".xlsx"
    return patterns.is_pattern(spec) or bool(patterns.file_and_part(spec)[1])


def _loaded(spec: str) -> Loaded:
    source = _source(spec)
    files: list[DataFile] = []
    for (where, data), place in zip(source.paths, source.places, strict=True):
        files += _parts(where, data, place, source.part)
    return Loaded(
        name=source.name,
        files=tuple(files),
        alert_toml=datasets.alert_toml(),
        sha256=datasets.sha256_of(data for _, data in source.paths),
        notes=tuple(source.notes),
    )


def _parts(where: str, data: Path | bytes, place: PathCells, part: str) -> list[DataFile]:
    """Return a file, or its sheets, with what its path and the names of its sheets say."""
    found = datasets.data_files(where, data)
    is_book = found[:1] and found[0].grid is not None
    if part and not is_book:
        if found[0].suffix != ".json":
            raise UsageError(
                f"{where}: has no parts; only .json and .xlsx files have, as in FILE.json#KEY"
            )
        found = [dataclasses.replace(found[0], part=part)]
    elif is_book:
        places = {file.part: patterns.place_of(part or "*", file.part) for file in found}
        if not part and len(found) > 1:
            likely = _likely_sheets(found)
            say = (
                f"{where}: has several sheets ({', '.join(places)}); say which after its name, as in "
                f"{shlex.quote(f'{where}#{likely}')}, or #{{language}} where each is a language"
            )
            raise Unread([say], Remedy(part=likely))
        found = [file for file in found if places[file.part] is not None]
        if not found:
            raise UsageError(f"{where}: no sheet is named as {part}; it has {', '.join(places)}")
        return [_said(file, place, places[file.part] if part else None) for file in found]
    return [_said(file, place, None) for file in found]


def _likely_sheets(sheets: Sequence[DataFile]) -> str:
    """Return the pattern of all sheets where they are alike, else the name of the one with the most cells."""
    if all(languages_named(sheet.part) for sheet in sheets):
        return "{language}"
    grids = [[row for row in islice(s.grid or (), _FIRST_ROWS) if any(row)] for s in sheets]
    heads = {tuple(map(str, grid[0])) if grid else () for grid in grids}
    if len(heads) == 1 and (head := heads.pop()):
        return "*" if likely_column("category", head) in head else "{category}"
    cells = [sum(map(len, grid)) for grid in grids]
    return sheets[cells.index(max(cells))].part


def _said(file: DataFile, *places: PathCells | None) -> DataFile:
    there = [place for place in places if place is not None]
    cells = {name: cell for place in there for name, cell in place.cells.items()}
    prefix = "/".join(filter(None, (place.prefix for place in there)))
    return dataclasses.replace(file, said=cells, prefix=prefix)


def _source(spec: str) -> _Source:
    if Path(spec).expanduser().exists():
        name, part = spec, ""
    else:
        name, part = patterns.file_and_part(spec)
    path = Path(name).expanduser()
    if path.is_dir():
        return _of_folder(spec, path)
    if patterns.is_pattern(name) and not path.exists():
        return _of_pattern(str(path), part)
    data = datasets.on_disk(name, path)
    return _Source(name=path.name, paths=[(path.name, data)], places=[PathCells()], part=part)


def _of_folder(spec: str, root: Path) -> _Source:
    """Return the data files of a folder, with what their paths imply."""
    names, others = folders.data_files(root, datasets.SUFFIXES)
    if not names:
        allowed = ", ".join(datasets.SUFFIXES)
        raise UsageError(f"{spec}: has no file with prompts in it (one that ends in {allowed})")
    shape, places = patterns.implied_places(names)
    shown = root.resolve().name or str(root)
    notes = [f"{len(names)} files, read as {shown}/{shape}"] if shape else []
    if others:
        notes.append(f"{len(others)} other files in {shown} are not read: {listed(others)}")
    paths: list[tuple[str, Path | bytes]] = [(f"{shown}/{name}", root / name) for name in names]
    return _Source(name=shown, paths=paths, places=places, notes=notes)


def _of_pattern(pattern: str, part: str) -> _Source:
    """Return the files that match a pattern, with what it says of them."""
    root, rest = patterns.root_and_rest(pattern)
    patterns.place_of(rest, "")  # an unknown name in it is told first
    folder = Path(root)
    if not folder.is_dir():
        raise UsageError(f"{pattern}: there is no folder {root}")
    names, _ = folders.data_files(folder, datasets.SUFFIXES)
    found = {name: place for name in names if (place := patterns.place_of(rest, name)) is not None}
    if not found:
        shape, _ = patterns.implied_places(names) if names else ("", [])
        there = f"its files: {listed(names)}" if names else "there is no file with prompts in it"
        do = f"; perhaps {shlex.quote(f'{root}/{shape}')}" if shape else ""
        raise UsageError(f"{pattern}: matches no file of {root} ({there}){do}")
    shown = folder.resolve().name
    paths: list[tuple[str, Path | bytes]] = [(f"{shown}/{name}", folder / name) for name in found]
    return _Source(name=shown, paths=paths, places=list(found.values()), part=part)


def _implied(files: Sequence[DataFile]) -> tuple[list[DataFile], list[str]]:
    """Return files that were named one by one, with the language that their names differ in."""
    shape, places = patterns.implied_places([file.where for file in files])
    name = patterns.IMPLIED["language"]
    if not all(name in place.cells for place in places):
        return list(files), []
    said = [
        dataclasses.replace(file, said={**file.said, name: place.cells[name]})
        for file, place in zip(files, places, strict=True)
    ]
    return said, [f"{len(files)} files, read as {shape}"]


def remedied(config: Config, remedy: Remedy) -> Config:
    """Return the settings with what mends the reading of the prompts."""
    prompts, flags = config.prompts, remedy.flags
    if remedy.part and len(prompts) == 1:
        prompts = (f"{patterns.file_and_part(prompts[0])[0]}#{remedy.part}",)
    tags = flags.get("--languages", "")
    return dataclasses.replace(
        config,
        prompts=prompts,
        columns={**config.columns, **remedy.columns},
        read_as={**config.read_as, **remedy.read_as},
        languages=tuple(tags.split(",")) if tags else config.languages,
        allow_partial=config.allow_partial or "--allow-partial" in flags,
        unpaired=config.unpaired or "--unpaired" in flags,
    )


def followed(
    config: Config, error: Unread, read: Callable[[Config], object]
) -> tuple[InputErrors, Config]:
    """Return all that is wrong, and the settings by which the prompts are read: each remedy is tried in turn."""
    found = dict.fromkeys(error.problems)
    new = remedied(config, error.remedy)
    for _ in range(_MOST_REMEDIES):
        if error.remedy.recode or new == config:
            break
        config = new
        try:
            read(config)
        except Unread as further:
            found |= dict.fromkeys(further.problems)
            error, new = further, remedied(config, further.remedy)
        except UsageError:
            break
    return InputErrors(tuple(found)[:SHOWN]), new


def pasted(
    config: Config, problems: InputErrors, command: Sequence[str] = (), *, recode: bool = False
) -> InputErrors:
    """Return the problems with the whole command that reads the prompts, or tries again.

    `command` is how it begins where it is not that of the prompts alone; `recode` whether the file is
    not in UTF-8.
    """
    words = ["safeglot", *(command or ("prompts", *_flags("--prompts", config.prompts)))]
    words += _flags("--columns", [_pairs(config.columns)] if config.columns else ())
    words += _flags("--read-as", [_pairs(config.read_as)] if config.read_as else ())
    words += _flags("--languages", [",".join(config.languages)] if config.languages else ())
    words += _flags("--taxonomy", [config.taxonomy] if config.taxonomy else ())
    words += _flags("--reference", [config.reference] if config.reference != "en" else ())
    words += ["--allow-partial"] if config.allow_partial else []
    words += ["--unpaired"] if config.unpaired else []
    then, old = shlex.join(words), config.prompts[0]
    if recode and len(config.prompts) == 1 and Path(old).is_file():
        path = Path(old)
        new = str(path.with_name(f"{path.stem}-utf8{path.suffix}"))
        first = f"iconv -f WINDOWS-1252 -t UTF-8 {shlex.quote(old)} > {shlex.quote(new)}"
        then = f"{first} && {shlex.join([new if word == old else word for word in words])}"
    return InputErrors(problems.problems, then=then)


def by_model(folder: str) -> str:
    """Return the pattern of a folder whose files differ in their language and in a name, which is that of a model."""
    names, _ = folders.data_files(Path(folder).expanduser(), datasets.SUFFIXES)
    shape, _ = patterns.implied_places(names)
    return f"{folder.rstrip('/')}/{shape.replace('{category}', '{model}')}"


def _flags(flag: str, given: Iterable[str]) -> list[str]:
    return [word for each in given for word in (flag, each)]


def _pairs(table: Mapping[str, str]) -> str:
    return ",".join(f"{name}={meant}" for name, meant in table.items())
