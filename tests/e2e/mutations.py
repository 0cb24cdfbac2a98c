"""Seeded damage to the files of a run or a translation set, as somebody else might hand them over.

A longer trial than the suite's:  python -m e2e.mutations --trials 5000 --seed 1   (in tests/)
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import random
import shutil
import sqlite3
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 10**30, -(10**30), 1e308, float("nan"), float("inf"), 0.5, "", "x",
    "\x1b[2J", "\ud800", "é" * 5000, [], {}, [[]], [None], [1, "a"], {"a": None}, {"": {}}, "en", "-",
    "=1+1", "</script>", "..", "../../x", "0" * 400, [[[[[[]]]]]],
)  # fmt: skip
TEXTS = (
    "",
    "null",
    "[]",
    "{}",
    "0",
    '"x"',
    "[" * 20_000,
    "{\n",
    "\x00",
    "nan",
    "{}\n{}",
    "a,b\n1,2\n",
    "GIF89a",
)
OK = frozenset({0, 2, 3, 4})
JSON = (".json", ".jsonl")


def json_places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of each value below."""
    yield path
    items = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, below in items:
        yield from json_places(below, (*path, key))


def mutated_json(value: Any, rng: random.Random) -> Any:
    places = list(json_places(value))
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        path = rng.choice(places)
        if not path:
            return rng.choice(VALUES)
        holder = value
        try:
            for key in path[:-1]:
                holder = holder[key]
            _change(holder, path[-1], rng)
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change took it away
    return value


def _change(holder: Any, key: Any, rng: random.Random) -> None:
    how = rng.randrange(5)
    if how == 0:
        del holder[key]
    elif how == 1 and isinstance(holder, dict):
        holder[f"{key}_"] = holder.pop(key)
    elif how == 2 and isinstance(holder, list):
        holder.append(holder[key])
    elif how == 3 and isinstance(holder[key], (int, float)):
        holder[key] = holder[key] * rng.choice((-1, 1000, 10**20)) + rng.choice((0, 0.5, 1))
    else:
        holder[key] = rng.choice(VALUES)


def mutate_text(path: Path, rng: random.Random) -> str:
    data = path.read_bytes()
    how = rng.randrange(8)
    if how < 4 and path.suffix in JSON:
        return _mutate_json(path, data, rng)
    if how == 4:
        path.write_text(rng.choice(TEXTS), "utf-8")
        return "other text"
    if how == 5:
        path.write_bytes(data[: rng.randrange(len(data) + 1)])
        return "cut"
    if how == 6:
        path.write_bytes(
            data.decode("utf-8", "replace").encode(
                rng.choice(("utf-16", "utf-32", "cp037")), "replace"
            )
        )
        return "encoding"
    at = rng.randrange(max(1, len(data)))
    path.write_bytes(data[:at] + rng.randbytes(rng.randrange(1, 9)) + data[at + rng.randrange(9) :])
    return f"bytes at {at}"


def _mutate_json(path: Path, data: bytes, rng: random.Random) -> str:
    text = data.decode("utf-8")
    if path.suffix == ".json":
        path.write_text(json.dumps(mutated_json(json.loads(text), rng)), "utf-8")
        return "a value"
    lines = [line for line in text.split("\n") if line] or ["{}"]
    n = rng.randrange(len(lines))
    how = rng.randrange(4)
    if how == 0:
        lines.append(lines[n])
    elif how == 1:
        del lines[n]
    else:
        lines[n] = json.dumps(mutated_json(json.loads(lines[n]), rng))
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return f"line {n}"


SQL_VALUES = ("NULL", "''", "'x'", "-1", "1e400", "9223372036854775807", "x'00ff'", "'[]'", "'{}'", "'[1]'",
              "'{\"a\":1}'", "'nan'", "'en'", "zeroblob(10)", "0.5", "char(27)||'[2J'")  # fmt: skip
ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT "


def mutate_database(path: Path, rng: random.Random) -> str:
    if rng.random() < 0.2:
        data = path.read_bytes()
        how = rng.randrange(3)
        at = rng.randrange(100, max(101, len(data)))
        if how == 0:
            path.write_bytes(data[:at])
        elif how == 1:
            path.write_bytes(data[:at] + rng.randbytes(200) + data[at + 200 :])
        else:
            path.write_bytes(rng.choice(TEXTS).encode("utf-8", "replace"))
        return "bytes"
    db = sqlite3.connect(path, isolation_level=None)
    try:
        tables = {
            name: [column[1] for column in db.execute(f'PRAGMA table_info("{name}")')]
            for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        }
        said = [_sql(db, tables, rng) for _ in range(rng.choice((1, 1, 2, 5)))]
    finally:
        db.close()
    return "; ".join(said)


def _sql(db: sqlite3.Connection, tables: dict[str, list[str]], rng: random.Random) -> str:
    name = rng.choice(list(tables))
    columns = tables[name]
    column, value = rng.choice(columns), rng.choice(SQL_VALUES)
    some = rng.choice(("", f"WHERE rowid % {rng.randrange(1, 4)} = 0", f'WHERE "{column}" > ""'))
    loose = ", ".join(f'"{c}"' for c in columns)
    endless = ENDLESS + ", ".join(f'i AS "{c}"' for c in columns) + " FROM n"
    how = rng.choice((
        [f'UPDATE OR IGNORE "{name}" SET "{column}" = {value} {some}'],
        [f'DELETE FROM "{name}" {some}'],
        [f'DROP TABLE "{name}"'],
        [f'ALTER TABLE "{name}" RENAME COLUMN "{column}" TO "x{column}"'],
        [f'ALTER TABLE "{name}" RENAME TO "x{name}"'],
        # columns without types and rules take anything
        [f'CREATE TABLE "loose" ({loose})', f'INSERT INTO "loose" SELECT * FROM "{name}"', f'DROP TABLE "{name}"',
         f'ALTER TABLE "loose" RENAME TO "{name}"', f'UPDATE "{name}" SET "{column}" = {value} {some}'],
        [f'DROP TABLE "{name}"', f'CREATE VIEW "{name}" AS {endless}'],
        ["DROP VIEW IF EXISTS answers", f"CREATE VIEW answers AS {endless}"],
        [f'CREATE TRIGGER t{rng.randrange(9)} AFTER INSERT ON "{name}" BEGIN DELETE FROM "{name}"; END'],
        [f'CREATE TRIGGER u{rng.randrange(9)} BEFORE INSERT ON "{name}" BEGIN SELECT RAISE(ABORT, "no"); END'],
        [f"PRAGMA user_version = {rng.choice((0, 1, 2, 3, 4, 99, -1))}"],
        ["PRAGMA application_id = 7", "CREATE TABLE foreign_table(a)"],
    ))  # fmt: skip
    for statement in how:
        with contextlib.suppress(sqlite3.Error):
            db.execute(statement)
    return how[0][:80]


def swapped(folder: Path, rng: random.Random) -> str:
    files = sorted(p for p in folder.iterdir() if p.is_file() and not p.name.startswith("."))
    a, b = rng.sample(files, 2)
    shutil.copyfile(a, b)
    return f"{b.name} is {a.name}"


def mutate(folder: Path, rng: random.Random) -> str:
    """Damage one file of a folder, and return what was done."""
    files = sorted(p for p in folder.iterdir() if p.is_file() and not p.name.startswith("."))
    files = [p for p in files if p.suffix in (*JSON, ".toml", ".db", ".csv")]
    if rng.random() < 0.04:
        return swapped(folder, rng)
    path = rng.choice(files)
    if rng.random() < 0.03:
        path.unlink()
        return f"{path.name} is gone"
    change: Callable[[Path, random.Random], str] = (
        mutate_database if path.suffix == ".db" else mutate_text
    )
    return f"{path.name}: {change(path, rng)}"


def outcome(arguments: list[str]) -> tuple[int, str]:
    """Return the exit code of a command, and the end of its traceback where it had a fault."""
    from safeglot.cli import commands

    seen: list[str] = []
    fail = commands._fail

    def noting(message: str, code: int) -> None:
        if code not in OK:
            seen.append("".join(traceback.format_exc().splitlines(keepends=True)[-5:]))
        fail(message, code)

    out, err = io.StringIO(), io.StringIO()
    with (
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        mock.patch.object(commands, "_fail", noting),
    ):
        try:
            commands.main(arguments)
        except SystemExit as stop:
            return int(stop.code or 0), "".join(seen) or err.getvalue()[-300:]
        except BaseException:  # noqa: BLE001 - what the command line lets through is a fault too
            return 1, traceback.format_exc()[-1500:]
    return 0, ""


def trial(
    made: Path, commands: list[tuple[str, ...]], rng: random.Random
) -> tuple[str, list[str], int, str]:
    """Damage a copy of a folder and run one of the commands on it."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / made.name
        shutil.copytree(made, folder)
        done = mutate(folder, rng)
        command = [part.replace("RUN", str(folder)) for part in rng.choice(commands)]
        code, seen = outcome(command)
    return done, command, code, seen


OF_RUNS: list[tuple[str, ...]] = [
    ("show", "RUN"),
    ("show", "RUN", "--json"),
    ("report", "RUN"),
    ("score", "RUN"),
    ("score", "RUN", "--labels", "RUN/labelled.csv"),
    ("export", "RUN"),
    ("export", "RUN", "--format", "jsonl"),
    ("export", "RUN", "--format", "parquet"),
    ("ls", "RUN"),
    ("judge", "RUN"),
    ("judge", "RUN", "--repeat", "1"),
    ("compare", "RUN"),
    ("compare", "RUN", "--json"),
    ("experiment", "category-exclusion", "RUN"),
    ("experiment", "judge-alignment", "RUN"),
    ("experiment", "language-properties", "RUN"),
    ("experiment", "translation-impact", "RUN"),
    ("annotate", "status", "RUN"),
    ("annotate", "sample", "RUN", "--labels", "2", "--again", "--out", "RUN/new.csv"),
    ("annotate", "add", "RUN", "RUN/labelled.csv"),
    ("plan", "labels", "RUN"),
    ("arms", "RUN", "--out", "RUN/arms.csv"),
    ("run", "RUN/run.toml"),
    ("run", "RUN/run.toml", "--dry-run"),
]


def made_run(folder: Path) -> Path:
    """A judged and scored run with labels, all without a server."""
    from example.job import QUIET, judged
    from safeglot import pipeline

    run_dir, _ = judged(folder / "run", unsafe=lambda item: len(item.translation.text) % 2 == 0)
    pipeline.score(run_dir, QUIET)
    pipeline.report(run_dir, QUIET, answers=10)
    sample = run_dir.path / "labelled.csv"
    code, seen = outcome(
        ["annotate", "sample", str(run_dir.path), "--labels", "2", "--out", str(sample)]
    )
    assert code == 0, seen
    text = sample.read_text("utf-8-sig").replace('"1","","', '"1","unsafe","')
    sample.write_text(text, "utf-8")
    code, seen = outcome(["score", str(run_dir.path), "--labels", str(sample)])
    assert code in (0, 3), seen
    (run_dir.path / "log.jsonl").touch()
    return run_dir.path


OF_SETS: list[tuple[str, ...]] = [
    ("ratings", "sample", "RUN", "--out", "RUN/new.csv", "--texts", "3"),
    ("ratings", "show", "RUN"),
    ("ratings", "show", "RUN", "--json"),
    ("ratings", "show", "RUN", "--markdown"),
    ("ratings", "add", "RUN", "RUN/rated.csv"),
    ("translate", "RUN/p.jsonl", "--to", "sw,yo", "--with", "file=RUN/texts.csv", "--out", "RUN"),
    ("translate", "RUN/p.jsonl", "--to", "sw,yo", "--with", "file=RUN/texts.csv", "--out", "RUN", "--again"),
    ("run", "--prompts", "RUN/p.jsonl", "--translations", "RUN", "--to", "sw", "--target", "vllm/x",
     "--judge", "refusal-baseline", "--out", "RUN/run", "--dry-run"),
]  # fmt: skip


def made_set(folder: Path) -> Path:
    """A translation set with ratings, all without a translator; "RUN" is its folder too."""
    from e2e.commands import read_rows, write_rows
    from example.sets import make_set, prompts_of

    path = make_set(folder / "set", 12, ("sw", "yo")).path
    rated = path / "rated.csv"
    arguments = ["ratings", "sample", str(path), "--out", str(rated), "--texts", "4"]
    for command in (arguments, ["ratings", "add", str(path), str(rated)]):
        code, seen = outcome(command)
        assert code == 0, seen
        write_rows(rated, [row | {"adequacy": "4"} for row in read_rows(rated)])
    texts = [{"id": p["id"], "sw": "[sw]", "yo": "[yo]"} for p in prompts_of(12)]
    write_rows(path / "texts.csv", texts)
    prompts = (
        {"id": p["id"], "text": p["source"], "language": "en", "category": p["categories"][0], "kind": p["kind"]}
        for p in prompts_of(12)
    )  # fmt: skip
    (path / "p.jsonl").write_text("".join(json.dumps(p) + "\n" for p in prompts), "utf-8")
    return path


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--trials", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--sets", action="store_true", help="translation sets in place of runs")
    given = parser.parse_args()
    faults: Counter[str] = Counter()
    codes: Counter[int] = Counter()
    with tempfile.TemporaryDirectory() as scratch:
        made = made_set(Path(scratch)) if given.sets else made_run(Path(scratch))
        named = OF_SETS if given.sets else OF_RUNS
        for n in range(given.trials):
            done, command, code, seen = trial(made, named, random.Random(f"{given.seed}/{n}"))
            codes[code] += 1
            if code not in OK:
                faults[seen.strip()[-420:]] += 1
                print(n, done, command[:2], file=sys.stderr)
    for text, times in faults.most_common():
        print(f"---- {times} times\n{text}")
    print(dict(codes))


if __name__ == "__main__":
    main()
