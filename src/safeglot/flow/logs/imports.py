"""A recording as a run: read twice, written into a folder that takes its place only when it is whole."""

from __future__ import annotations

import contextlib
import dataclasses
import secrets
import shutil
import sqlite3
from array import array
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from safeglot.backends.console import Console
from safeglot.backends.files import datasets
from safeglot.backends.files.links import private_folder
from safeglot.backends.files.manifest import Manifest, PromptOrigin
from safeglot.backends.files.rundir import RunDir
from safeglot.backends.logs.log_file import LogFile
from safeglot.backends.models.routes import IMPORTED
from safeglot.backends.store.store import Store
from safeglot.config.model_strings import JudgeConfig, ModelConfig
from safeglot.config.settings import Config, some, to_table
from safeglot.errors import InputErrors, UsageError
from safeglot.flow.logs.census import Census, label_words
from safeglot.flow.logs.recording import Recording, ToImport, opened, prompts_apart
from safeglot.flow.logs.writing import Writer
from safeglot.flow.own_texts import text_notes
from safeglot.flow.prompt_files import by_model, followed, pasted
from safeglot.flow.prompts import check_reference
from safeglot.flow.run import manifest
from safeglot.flow.run.job import Job
from safeglot.flow.run.models import make_judges, make_targets, model_id
from safeglot.flow.run.session import operational, put_prompts
from safeglot.judge.verdict_words import VerdictWords
from safeglot.keys import digest
from safeglot.prompts.problems import Problems, Unread, listed
from safeglot.prompts.prompt_set import PromptSet
from safeglot.prompts.reading.answer_rows import UNKNOWN, answer_columns
from safeglot.prompts.reading.answer_tables import (
    by_file,
    melted,
    with_constants,
)
from safeglot.prompts.reading.cells import known_language
from safeglot.prompts.reading.columns import find_columns
from safeglot.prompts.reading.gathering import Gathering
from safeglot.prompts.reading.lacking_columns import likely_language, say_headless
from safeglot.prompts.reading.suggestions import looks_headless
from safeglot.prompts.reading.tables import read_table
from safeglot.prompts.rows import PromptRows, SparseTextRows
from safeglot.prompts.taxonomy import ALERT, OWN, choose_taxonomy, parse_taxonomy
from safeglot.prompts.texts import TextStream
from safeglot.types import NO_SETTINGS, ModelSettings


def import_run(wanted: ToImport, out: Path, console: Console) -> RunDir:
    """Return a new run with what a recording holds. Raises: InputErrors, UsageError; then nothing is left."""
    run_dir = RunDir(out)
    run_dir.check_new()
    try:
        recording, census, prompts = _read(wanted)
    except Unread as error:
        raise _refused(wanted, out, error) from None
    with _made_whole(out) as folder:
        config = _config(recording, wanted, census, prompts)
        about = _written(RunDir(folder), config, (recording, census, prompts), wanted)
        RunDir(folder).write(to_table(config), about)
    for note in (*prompts.notes, *about.notes):
        console.say(f"note: {note}")
    return run_dir


def _read(wanted: ToImport) -> tuple[Recording, Census, PromptSet]:
    recording = opened(wanted)
    return (recording, *_counted(recording, wanted))


def _refused(wanted: ToImport, out: Path, error: Unread) -> InputErrors:
    """Return all that is wrong with the command to paste: each remedy is tried in turn."""
    words = dict(wanted.verdicts)
    if error.remedy.by_model and len(wanted.sources) == 1 and Path(wanted.sources[0]).is_dir():
        wanted = dataclasses.replace(wanted, sources=(by_model(wanted.sources[0]),))
    to_say = error.remedy.flags.get("--verdicts", "")

    def read(config: Config) -> None:
        nonlocal to_say
        try:
            names = ("columns", "read_as", "languages", "allow_partial")
            _read(dataclasses.replace(wanted, sources=config.prompts, **some(config, names)))
        except Unread as further:
            to_say = further.remedy.flags.get("--verdicts", to_say)
            raise

    problems, mended = followed(wanted.config(), error, read)
    said = to_say or ",".join(f"{word}={meaning}" for word, meaning in words.items())
    begin = ["import", *mended.prompts, "--out", str(out)]
    apart = wanted.prompts or (("FILE",) if "text" in error.remedy.nowhere else ())
    begin += [word for spec in apart for word in ("--prompts", spec)]
    begin += ["--verdicts", said] if said else []
    begin += ["--simple-labels"] if wanted.simple_labels else []
    settled = dataclasses.replace(mended, unpaired=False)
    return pasted(settled, problems, begin, recode=error.remedy.recode)


# ---- reading


def _counted(recording: Recording, wanted: ToImport) -> tuple[Census, PromptSet]:
    """Return what the rows hold, and the prompts. Raises: InputErrors with all that is wrong."""
    said, _ = by_file(wanted.columns)
    read = read_table(recording.files, said.values())
    problems = Problems(read.faults)
    if looks_headless(read.header, read.sample) and not {*said.values()} & {*read.columns}:
        say_headless(read, problems, answers=True)
    table, mapping = melted(*with_constants(read, said), problems)
    joined = prompts_apart(recording.apart, wanted) if recording.apart else None
    if joined:
        table, mapping = joined.join(table, mapping, problems, wanted.read_as)
    own, rest = answer_columns(table, mapping, problems)
    theirs = tuple(c for c in table.columns if c not in own.values())
    found = find_columns(dataclasses.replace(table, columns=theirs), rest, problems)
    columns = dataclasses.replace(found, read_as=wanted.read_as, partial=wanted.allow_partial)
    tags = tuple(known_language(tag, "--languages", problems) for tag in wanted.languages)
    reference = known_language(wanted.reference, "--reference", problems)
    if not columns.language:
        problems.add(
            table.where,
            "has no column for the language of the prompts; name it with --columns "
            "language=COLUMN, or say it of all rows, as in --columns language==en",
        )
        tag = likely_language(table, [columns.text] if columns.text else [])
        problems.remedy.columns["language"] = f"={tag or reference}"
    problems.stop()
    gathering = Gathering(
        columns,
        table.where,
        tags,
        problems,
        texts=TextStream(datasets.room_for_texts()),
        repeated=True,
    )
    census = Census(
        table=table,
        gathering=gathering,
        columns=own,
        reference=reference,
        verdicts=VerdictWords(wanted.verdicts),
        labels=label_words(wanted.verdicts),
        problems=problems,
    )
    census.take()
    if joined and not wanted.allow_partial:
        joined.check(table.where, problems)
    prompts = _prompts(recording, census, tags)
    return census, dataclasses.replace(
        prompts, notes=(*prompts.notes, *(joined.notes() if joined else ()))
    )


def _prompts(recording: Recording, census: Census, tags: tuple[str, ...]) -> PromptSet:
    gathering, problems = census.gathering, census.problems
    if not gathering.ids and not problems.found:
        problems.add(census.table.where, "has no row left that has an id, a category, a language and a text of the prompt")  # fmt: skip
        problems.stop()
    alert = parse_taxonomy(datasets.alert_toml(), "alert.toml")
    given = None
    if recording.taxonomy:
        where, text = recording.taxonomy
        given = parse_taxonomy(text, where, taken=(ALERT, OWN))
    taxonomy, notes = choose_taxonomy(gathering.category_places, alert, given, problems)
    there = tuple(gathering.file_languages)
    used = tuple(tag for tag in tags if tag in there) or there
    for tag in set(tags).difference(there):
        problems.add(census.table.where, f"has no answers in {tag}, which --languages asks for (its languages: {listed(there, 40)})")  # fmt: skip
    columns = [gathering.numbers_of(tag) for tag in used]
    rows = array("I", (i for i, c in enumerate(zip(*columns, strict=True)) if max(c) >= 0))
    if len(rows) < len(gathering.ids) and not (tags or problems.found):
        lost = set(range(len(gathering.ids))).difference(rows)
        names = listed([gathering.ids[i] for i in sorted(lost)])
        problems.add(census.table.where, f"{len(lost)} prompts have no text ({names}); give the column of the texts, --columns text=COLUMN, or leave them out by --allow-partial")  # fmt: skip
        problems.remedy.flags["--allow-partial"] = ""
    problems.stop()
    reference = census.reference if census.reference in used else used[0]
    held = gathering.columns_of(rows, used, main=reference, source=recording.name)
    lacking = len(rows) * len(used) - sum(n >= 0 for n in held.texts_at)
    sparse = (f"{lacking} of {len(rows) * len(used)} texts are not in the source: what they lack counts as missing",)  # fmt: skip
    return PromptSet(
        prompts=PromptRows(held),
        translations=SparseTextRows(held),
        taxonomy=taxonomy,
        languages=used,
        source=recording.name,
        notes=(
            *recording.notes,
            *_read_notes(census),
            *notes,
            *(sparse if lacking else ()),
            *text_notes(held),
        ),
    )


def _read_notes(census: Census) -> Iterator[str]:
    """Yield what of the file was not used, or taken for granted: the columns that are not used on one line."""
    unused = census.gathering.columns.unused
    each = {f'column "{column}" is not used' for column in unused}
    yield from census.table.notes
    yield from (note for note in census.gathering.notes(census.reference) if note not in each)
    if unused:
        yield f"columns that are not used: {listed(unused, 8)}"


# ---- writing


def _config(recording: Recording, wanted: ToImport, census: Census, prompts: PromptSet) -> Config:
    """Return the configuration of a run that nobody can go on with by asking."""
    words = (wanted.columns, wanted.read_as, wanted.verdicts)
    how = [sorted(table.items()) for table in words]
    revision = digest("recording", recording.sha256, *how)[:12]
    config = dataclasses.replace(
        wanted.config(),
        prompts=(recording.name,),
        reference=census.reference,
        kinds=tuple(dict.fromkeys(own.kind for own in prompts.labels().tags)),
        target=tuple(
            ModelConfig(
                model=f"{IMPORTED}/{name}",
                revision=revision,
                settings=_told(recording.logs, census.files[name]),
            )
            for name in census.models
        ),
        judge=tuple(JudgeConfig(judge=name, family=IMPORTED) for name in census.judges),
        samples=census.n_samples,
        system=_system(recording.logs),
    )
    check_reference(config, prompts)
    return config


def _told(logs: Sequence[LogFile], wheres: Collection[str]) -> ModelSettings:
    """Return what all logs with answers of a model say alike of decoding."""
    found = [log.settings for log in logs if f"{log.where}: row " in wheres]
    same = len(found) == len(wheres) and all(own == found[0] for own in found)
    return found[0] if same else NO_SETTINGS


def _system(logs: Sequence[LogFile]) -> str:
    """Return the system prompt that all logs name; "" where they name none, or several."""
    found = {log.system or "" for log in logs}
    return found.pop() if len(found) == 1 else ""


def _written(
    run_dir: RunDir, config: Config, read: tuple[Recording, Census, PromptSet], wanted: ToImport
) -> Manifest:
    """Return the manifest after writing the database. Raises: InputErrors, Stopped."""
    recording, census, prompts = read
    job = Job(
        config=config,
        prompts=prompts,
        origin=PromptOrigin(name=recording.name, sha256=recording.sha256, revision=""),
        targets=make_targets(config, [model_id(model, {}) for model in config.target]),
        judges=make_judges(config.judge, {}, prompts.taxonomy),
    )
    try:
        with contextlib.closing(Store(run_dir.database)) as store:
            put_prompts(store, prompts, config.select_seed)
            writer = Writer(
                store=store,
                census=census,
                harmful=_harmful(census, prompts),
                languages=prompts.languages,
                steps=[store.step("generate", t.name, t.id) for t in job.targets],
                judges=[store.step("judge", j.name, j.id, j.mode) for j in job.judges],
            )
            writer.write()
            census.problems.stop()
            label_notes = tuple(writer.draw(simple=wanted.simple_labels))
    except sqlite3.OperationalError as error:
        raise operational(run_dir.database, error) from error
    about = manifest.manifest_of(job)
    return dataclasses.replace(
        about, notes=(*about.notes, *_notes(census, recording), *label_notes)
    )


def _harmful(census: Census, prompts: PromptSet) -> bytearray:
    """Return by place whether a prompt is harmful."""
    found = bytearray(len(census.gathering.ids))
    for label in prompts.labels():
        found[census.gathering.place_at(label.id)] = label.kind == "harmful"
    return found


def _notes(census: Census, recording: Recording) -> Iterator[str]:
    """Yield what the source does not say, and what was read of it."""
    unknown = ["which model gave the answers (--columns model==NAME says it)"] * (
        UNKNOWN in census.models
    )
    if not all(_told(recording.logs, wheres) for wheres in census.files.values()):
        unknown.append("how the answers were decoded")
    unknown.append(
        "which template " + ("" if _system(recording.logs) else "or system prompt ") + "was used"
    )
    tools = "".join(f", {tool}" for tool in sorted({log.tool for log in recording.logs}))
    yield f"Imported from {recording.name}{tools}, which does not say: {'; '.join(unknown)}."
    likely = dict.fromkeys(name for log in recording.logs for name in log.verdict_like)
    if likely and "verdict" not in census.columns:
        yield (
            f"No verdicts were taken. The log has scores ({', '.join(likely)}); to take one, as in "
            f"--columns verdict={next(iter(likely))} --verdicts 1=unsafe,0=safe."
        )
    if n := census.told["no answer"]:
        yield f"{n} rows have no answer: they count as missing."
    if n := census.told["nan"]:
        yield f"{n} answers are the word nan, as pandas writes an empty cell: they count as missing."
    if n := census.told["failure"]:
        yield f"{n} rows tell of a failure in place of an answer: they count as missing."
    if n := census.told["empty label"]:
        yield f"{n} labels are of empty answers and were left out."
    if census.annotators and not census.judges:
        yield (
            "It brings people's labels and no verdicts: rates are corrected by them once a judge "
            "has judged the answers. To take the labels for verdicts, name their column twice: "
            "--columns label=COLUMN,verdict=COLUMN."
        )
    if census.n_samples > 1 and census.counts_samples:
        yield f"Up to {census.n_samples} answers to a text, told apart by their order in the source."


@contextlib.contextmanager
def _made_whole(out: Path) -> Iterator[Path]:
    """Yield a new folder that takes the place of `out` at the end, or goes where the body fails."""
    path = out.expanduser()
    try:
        private_folder(path.parent)
        folder = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
        folder.mkdir(mode=0o700)
    except OSError as error:
        raise UsageError(
            f"--out {out}: {error.strerror or error}. Give a folder that can be made and written."
        ) from None
    try:
        yield folder
        folder.replace(path)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
