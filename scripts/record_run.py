"""Make the recorded run of the tests again: `python scripts/record_run.py` (see docs/reference/recorded-run.md).

Every number is invented: a scripted server on 127.0.0.1 plays the models and the judges, and the
real `safeglot` command runs against it. What the server answers is in tests/example/truth.py and follows
from a seed alone. `--rescore` makes only results.json again, from the archives that are there.
"""

from __future__ import annotations

import argparse
import csv
import dataclasses
import io
import json
import lzma
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT / "tests" / "data"
SHIPPED = ROOT / "src" / "safeglot" / "experiments"
"""Where the recorded run of `safeglot demo` lies."""
sys.path.insert(0, str(ROOT / "tests"))

from example.recorded import recorded  # noqa: E402
from example.truth import (  # noqa: E402
    DEMO,
    JUDGES,
    LANGUAGES,
    TARGETS,
    TEXTS,
    Asked,
    answer,
    chance,
    fault,
    quality,
)  # fmt: skip
from loopback import Loopback, Script  # noqa: E402  the path comes first
from safeglot.report.page import INVENTED  # noqa: E402

PROPERTIES = {
    "en": ("Germanic", 1.66), "de": ("Germanic", 0.77), "fr": ("Romance", 0.66),
    "it": ("Romance", 0.41), "es": ("Romance", 0.67), "sw": ("Bantu", -2.05),
    "th": ("Tai", -0.38), "ar": ("Semitic", -0.17), "hi": ("Indic", -0.69), "yo": ("Volta-Niger", -3.1),
}  # fmt: skip
"""Family, and an invented log10 of the share of a training corpus in percent."""
PER_CATEGORY, BENIGN = 2, 24
NOTE = f"{INVENTED}: no model, judge or language was measured."
DEMO_PER_CATEGORY, DEMO_BENIGN = 8, 48
PLACE = "http://127.0.0.1:8000/v1"
"""Stands in the stored run for the server's address."""
CREATED = "2026-01-01T00:00:00+00:00"
PACKED = ("run.toml", "manifest.json", "safeglot.db")
ARM_LANGUAGES = ("de", "sw")
ARM_MODELS = ("family-a-1b-instruct", "family-b-2b-instruct", "family-c-3b-instruct")
"""Those whose answers are translated back."""
TRANSLATORS = ("translator-b", "translator-c")
"""Beside the translator of the prompts."""
LABELS, ANNOTATOR_ERROR, UNSURE, UNLABELLED = 150, 0.012, 0.01, "yo"


# ---- the inputs


def categories() -> list[str]:
    path = ROOT / "src" / "safeglot" / "prompts" / "alert.toml"
    return list(tomllib.loads(path.read_text("utf-8"))["category"])


def requests_of(kind: str, recording: Recording) -> list[Asked]:
    """List the requests in English; benign ones take the categories of the first harmful ones."""
    names = categories()
    n = recording.per_category * len(names) if kind == "request" else recording.benign
    return [
        Asked(kind=kind, number=i, language="en", category=names[i % len(names)]) for i in range(n)
    ]


def write_prompts(path: Path, recording: Recording) -> None:
    rows = []
    for kind, named in (("request", "harmful"), ("question", "benign")):
        for asked in requests_of(kind, recording):
            texts = {t: dataclasses.replace(asked, language=t).text for t in LANGUAGES}
            about = {"id": asked.id, "category": asked.category, "kind": named}
            rows.append(about | texts)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")


def write_csv(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    file = io.StringIO()
    writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    path.write_text(file.getvalue(), "utf-8")


def write_facts() -> None:
    """Write what experiments need to know of the models and languages; invented as all else."""
    write_csv(
        DATA / "models.csv",
        [
            {
                "model": f"vllm/{t.name}",
                "family": t.family,
                "params_b": t.params_b,
                "instruct": str(t.instruct).lower(),
            }
            for t in TARGETS
        ],
    )
    write_csv(
        DATA / "languages.csv",
        [
            {"language": tag, "family": family, "log10_corpus_share": share}
            for tag, (family, share) in PROPERTIES.items()
        ],
    )


# ---- the arms and the labels


def arm_rows(recording: Recording) -> Iterator[dict[str, Any]]:
    """Give the texts that are asked, and the quality of the prompts' own translations."""
    for asked in requests_of("request", recording):
        for tag in recording.arm_languages:
            own = dataclasses.replace(asked, language=tag)
            yield _arm_row("main", own, tag, translator="translator-a")
            back = dataclasses.replace(asked, made=f"back from {tag}")
            yield _arm_row("roundtrip", back, tag, translator="translator-a")
            for name in TRANSLATORS:
                by = dataclasses.replace(own, made=f"by {name}")
                yield _arm_row("translators", by, tag, translator=name)


def _arm_row(arm: str, asked: Asked, tag: str, *, translator: str) -> dict[str, Any]:
    found = "" if arm == "roundtrip" else quality(asked)
    about = {"arm": arm, "id": asked.id, "language": tag, "translator": translator}
    return dict.fromkeys(ARM_COLUMNS, "") | about | {"text": asked.text, "quality_made_up": found}


ARM_COLUMNS = (
    "arm", "id", "language", "translator", "text", "quality_made_up", "model", "sample", "answer_key"
)  # fmt: skip


def answers_back(path: Path, recording: Recording) -> Iterator[dict[str, Any]]:
    """Fill in the file that `safeglot arms` wrote, for some models and languages."""
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            wanted = row["language"] in recording.arm_languages and row["model"].partition("/")[
                2
            ] in (*ARM_MODELS, DEMO.name)
            if not wanted:
                continue
            row |= {
                "translator": "translator-d",
                "text": in_english(row["answer"], row["language"]),
                "quality_made_up": "",
            }
            yield {name: row[name] for name in ARM_COLUMNS}


def in_english(text: str, tag: str) -> str:
    """Translate an answer back: its sentences have their like in English; some harm is softened."""
    if chance(0.03, "softened", text):
        text = re.sub(r"^\[unsafe answer \d+\] ", "", text)
    for kind in ("refusals", "sentences"):
        for there, here in zip(TEXTS[tag][kind], TEXTS["en"][kind], strict=True):
            text = text.replace(there, here)
    return text


def labelled(path: Path) -> Iterator[dict[str, str]]:
    """Label the answers that `safeglot annotate sample` drew, as annotators who err at times."""
    for line in path.read_text("utf-8").splitlines():
        row = json.loads(line)
        if row["language"] == UNLABELLED:
            continue
        about = (row["item"], row["annotator"])
        unsafe = ("[unsafe answer" in row["answer"]) != chance(ANNOTATOR_ERROR, "errs", *about)
        label = "unsafe" if unsafe else "safe"
        if chance(UNSURE, "unsure", *about):
            label = "unsure"
        kept = {name: row[name] for name in ("item", "language", "annotator")}
        yield {**kept, "label": label, "note": ""}


# ---- the runs


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A run that is recorded: what the command line says beside the prompts."""

    name: str
    targets: Sequence[str]
    judges: Sequence[str]
    flags: Sequence[str]
    explained: bool = False
    """Whether it has arms and human labels."""
    per_category: int = PER_CATEGORY
    benign: int = BENIGN
    arm_languages: Sequence[str] = ARM_LANGUAGES
    labels: int = LABELS
    shipped: bool = False
    """Whether it comes with the package, for `safeglot demo`."""


RECORDINGS = (
    Recording(
        name="recorded",
        targets=[t.name for t in TARGETS],
        judges=JUDGES,
        flags=["--kinds", "harmful,benign"],
        explained=True,
    ),
    Recording(
        name="samples",
        targets=["family-a-1b-instruct", "family-c-12b-instruct"],
        judges=JUDGES[:1],
        flags=["--languages", "en,de,sw", "--samples", "3"],
    ),
    Recording(
        name="demo-invented",
        targets=[DEMO.name],
        judges=["wildguard=vllm/invented-judge"],
        flags=["--languages", "en,de,ar,th,sw", "--kinds", "harmful,benign"],
        explained=True,
        per_category=DEMO_PER_CATEGORY,
        benign=DEMO_BENIGN,
        arm_languages=("sw",),
        labels=250,
        shipped=True,
    ),
)


def safeglot(*arguments: str, cwd: Path) -> None:
    """Run the command. Raises: CalledProcessError, with what it said on the terminal."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "NO_COLOR": "1"}
    subprocess.run(
        [sys.executable, "-m", "safeglot.cli", *arguments],
        cwd=cwd,
        env=environment,
        check=True,
    )


def made(recording: Recording, folder: Path) -> Path:
    """Make one run in a folder, as a user would. Returns the run directory."""
    name = recording.name
    with Loopback(Script(answer=answer, fault=fault)) as server:
        url = server.base_url
        targets = [part for t in recording.targets for part in ("--target", f"vllm/{t}")]
        judges = [part for j in recording.judges for part in ("--judge", j)]
        place = ["--out", name, "--bootstrap", "200", "--quiet", *recording.flags]
        given = ["--prompts", "prompts.jsonl", "--base-url", url, *targets, *place]
        safeglot("generate", *given, cwd=folder)
        safeglot("judge", name, *judges, "--judge-base-url", url, "--quiet", cwd=folder)
        if recording.explained:
            explain(recording, given, folder)
    settle(folder / name, url, notes=[NOTE] if recording.shipped else [])
    return folder / name


def explain(recording: Recording, given: Sequence[str], folder: Path) -> None:
    """Add arms and human labels to a run."""
    name = recording.name
    safeglot("arms", name, "--out", "to-translate.csv", cwd=folder)
    rows = [*arm_rows(recording), *answers_back(folder / "to-translate.csv", recording)]
    write_csv(folder / "arm_texts.csv", rows)
    arms = ["--arms", "roundtrip,backtranslate,translators", "--arm-texts", "arm_texts.csv"]
    safeglot("generate", *given, *arms, cwd=folder)
    safeglot("judge", name, "--quiet", cwd=folder)
    draw = ["--labels", str(recording.labels), "--overlap", "0.2", "--out", "to-label.jsonl"]
    safeglot("annotate", "sample", name, *draw, cwd=folder)
    write_csv(folder / "labels.csv", list(labelled(folder / "to-label.jsonl")))
    safeglot("annotate", "add", name, "labels.csv", cwd=folder)
    for file in () if recording.shipped else ("arm_texts.csv", "labels.csv"):
        shutil.copy(folder / file, DATA / file)


def settle(run: Path, address: str, notes: Sequence[str]) -> None:
    """Take out of a run what differs each time: times, addresses, versions, the order of rows."""
    manifest = json.loads((run / "manifest.json").read_text("utf-8"))
    manifest |= {"created": CREATED, "git_commit": ""}
    manifest["notes"] = [*manifest["notes"], *notes]
    manifest["versions"] = {"safeglot": manifest["versions"]["safeglot"]}
    text = json.dumps(manifest, ensure_ascii=False, indent=1) + "\n"
    (run / "manifest.json").write_text(text.replace(address, PLACE), "utf-8")
    config = (run / "run.toml").read_text("utf-8")
    (run / "run.toml").write_text(config.replace(address, PLACE), "utf-8")
    database = sqlite3.connect(run / "safeglot.db")
    database.execute("UPDATE failures SET message = replace(message, ?, ?)", (address, PLACE))
    # the judges' raw replies are half of the size, and only a new reading of them would want them
    database.execute("DELETE FROM replies WHERE id NOT IN (SELECT reply FROM responses)")
    database.execute("UPDATE verdicts SET reply = NULL")
    renumber(database)
    database.commit()
    database.execute("VACUUM")
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()


def renumber(database: sqlite3.Connection) -> None:
    """Number answers and replies in the order of the plan, not in that of their arrival."""
    database.execute(
        "CREATE TEMP TABLE numbers AS SELECT id AS old, reply AS said, row_number() OVER "
        "(ORDER BY translation, step, sample) AS new FROM responses"
    )
    for known in ("old", "said"):
        database.execute(f"CREATE INDEX temp.by_{known} ON numbers({known})")
    for table, column, known in (
        ("responses", "id", "old"), ("responses", "reply", "said"), ("replies", "id", "said"),
        ("verdicts", "response", "old"), ("traits", "response", "old"), ("draws", "response", "old"),
        ("labels", "response", "old"), ("failures", "work", "old"),
    ):  # fmt: skip
        where = " AND stage = 'judge'" if table == "failures" else ""
        found = f"(SELECT new FROM numbers WHERE {known} = {column})"
        for number in (f"-{found}", f"-{column}"):  # first below zero: no two have one meanwhile
            database.execute(
                f"UPDATE {table} SET {column} = {number} WHERE {column} IS NOT NULL{where}"
            )


def pack(run: Path, *, shipped: bool) -> None:
    """Write a run's archive: the same files give the same bytes."""
    path = (SHIPPED if shipped else DATA) / f"{run.name}.tar.xz"
    preset = 9 | lzma.PRESET_EXTREME
    with (
        lzma.open(path, "wb", preset=preset) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for name in PACKED:
            data = (run / name).read_bytes()
            about = tarfile.TarInfo(f"{run.name}/{name}")
            about.size = len(data)
            archive.addfile(about, io.BytesIO(data))
    print(f"{path.relative_to(ROOT)}: {path.stat().st_size / 1000:.0f} kB")


def pack_results(run: Path) -> None:
    """Write the results beside the archive: they change with the code, the run does not."""
    path = DATA / f"{run.name}.results.json.xz"
    path.write_bytes(
        lzma.compress((run / "results.json").read_bytes(), preset=9 | lzma.PRESET_EXTREME)
    )
    print(f"{path.relative_to(ROOT)}: {path.stat().st_size / 1000:.0f} kB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--rescore", action="store_true", help="only results.json, of the stored runs"
    )
    parser.add_argument(
        "names", nargs="*", default=[one.name for one in RECORDINGS], help="only these; all else"
    )
    given = parser.parse_args()
    if not given.rescore:
        write_facts()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for recording in (one for one in RECORDINGS if one.name in given.names):
            make(recording, folder, rescore=given.rescore)


def make(recording: Recording, folder: Path, *, rescore: bool) -> None:
    """Make a run's archive, and the results beside it; a shipped run is scored where it is opened."""
    if not rescore:
        write_prompts(folder / "prompts.jsonl", recording)
        pack(made(recording, folder), shipped=recording.shipped)
        shutil.rmtree(folder / recording.name)
    if not recording.shipped:
        run = recorded(folder, recording.name, results=False)
        safeglot("score", recording.name, cwd=folder)
        pack_results(run)


if __name__ == "__main__":
    main()
