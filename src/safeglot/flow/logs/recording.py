"""What is to be imported: its files opened, and the prompts of answers that stand apart from them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from safeglot.backends.files import datasets
from safeglot.backends.files.datasets import Loaded
from safeglot.backends.files.fingerprints import content_hash
from safeglot.backends.logs.formats import logs_of
from safeglot.backends.logs.log_file import LogFile
from safeglot.config.settings import Config
from safeglot.flow.prompt_files import load_all
from safeglot.keys import digest
from safeglot.prompts.problems import Problems, Unread
from safeglot.prompts.reading.answer_tables import PromptsApart, by_file, of_prompts
from safeglot.prompts.reading.cells import known_language
from safeglot.prompts.reading.columns import find_columns
from safeglot.prompts.reading.gathering import Gathering
from safeglot.prompts.reading.tables import TableFile, read_table
from safeglot.prompts.texts import TextStream


@dataclass(frozen=True, slots=True, kw_only=True)
class ToImport:
    """What is to be read of a recording, and how."""

    sources: tuple[str, ...]
    columns: Mapping[str, str] = field(default_factory=dict)
    read_as: Mapping[str, str] = field(default_factory=dict)
    """Word of a kind, language or category -> what it means."""
    verdicts: Mapping[str, str] = field(default_factory=dict)
    """Word of a verdict or label -> what it means."""
    languages: tuple[str, ...] = ()
    reference: str = "en"
    taxonomy: str | None = None
    prompts: tuple[str, ...] = ()
    """Files of the prompts, where they stand apart from the answers."""
    allow_partial: bool = False
    """Whether rows that lack an id, a category, a language or their prompt are left out."""
    simple_labels: bool = False
    """Whether people's labels are those of a simple random sample of the answers in each language."""

    def config(self) -> Config:
        """Return these settings as those of a run."""
        return Config(
            prompts=self.sources,
            columns=dict(self.columns),
            read_as=dict(self.read_as),
            taxonomy=self.taxonomy,
            languages=self.languages,
            reference=self.reference,
            allow_partial=self.allow_partial,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A source that was opened: its files, and its name and hash."""

    name: str
    files: tuple[TableFile, ...]
    logs: tuple[LogFile, ...]
    """Those of the files that are logs of other tools."""
    sha256: str
    taxonomy: tuple[str, str] | None
    notes: tuple[str, ...]
    apart: Loaded | None = None
    """The prompts, where they stand apart from the answers."""


def opened(wanted: ToImport) -> Recording:
    """Return the files of all sources: logs of other tools, and the others as prompts are opened."""
    found = {source: logs_of(source) for source in wanted.sources}
    logs = tuple(log for own in found.values() for log in own or ())
    tables = tuple(source for source, own in found.items() if own is None)
    # of a log alone, what is loaded is its taxonomy
    loaded = load_all(dataclasses.replace(wanted.config(), prompts=tables or ("mini",)))
    hashes = [content_hash(log.path).hex() for log in logs] + ([loaded.sha256] if tables else [])
    apart = load_all(_of_prompts(wanted)) if wanted.prompts else None
    hashes += [apart.sha256] if apart else []
    more = f" and {len(found) - 1} more" if len(found) > 1 else ""
    return Recording(
        name=f"{Path(wanted.sources[0]).name or loaded.name}{more}",
        files=(*logs, *(loaded.files if tables else ())),
        logs=logs,
        sha256=hashes[0] if len(hashes) == 1 else digest("recording", hashes),
        taxonomy=loaded.taxonomy,
        notes=(*(loaded.notes if tables else ()), *(apart.notes if apart else ())),
        apart=apart,
    )


def _of_prompts(wanted: ToImport) -> Config:
    """Return the settings by which the prompts are read that stand apart."""
    columns = by_file(wanted.columns)[1]
    return dataclasses.replace(wanted.config(), prompts=wanted.prompts, columns=columns)


def prompts_apart(apart: Loaded, wanted: ToImport) -> PromptsApart:
    """Return the prompts of answers by their ids. Raises: Unread."""
    config = _of_prompts(wanted)
    problems = Problems()
    try:
        table = read_table(apart.files, config.columns.values())
        problems.found += table.faults
        found = find_columns(table, config.columns, problems)
        columns = dataclasses.replace(found, read_as=config.read_as, partial=config.allow_partial)
        texts = TextStream(datasets.room_for_texts())
        gathering = Gathering(columns, table.where, (), problems, texts=texts)
        gathering.take(table.rows, known_language(config.reference, "--reference", problems))
        problems.stop()
    except Unread as error:
        mended = dataclasses.replace(error.remedy, columns=of_prompts(error.remedy.columns))
        raise Unread(error.problems, mended) from None
    return PromptsApart(prompts=gathering, where=table.where)
