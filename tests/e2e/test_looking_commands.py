"""The commands that only look: help, version, dry run, doctor, ls, prompts, export."""

from __future__ import annotations

import csv
import json
import re

import pyarrow.parquet as pq
import pytest

import safeglot
from e2e.commands import SECRET, in_own_process, says, without
from loopback import Loopback, Script
from safeglot.backends.models.providers import providers
from safeglot.cli.commands import app
from safeglot.cli.help import GROUPS, SECTIONS
from safeglot.config.settings import FIELDS
from safeglot.text.cells import unguarded

COMMANDS = list(app.commands)


# ---- help


def test_without_arguments_it_shows_help(place):
    done = in_own_process()
    assert (done.code, done.err) == (0, "")
    assert done.out == place("--help").out == place("-h").out
    listed = [name for names in SECTIONS.values() for name in names if name in COMMANDS]
    assert re.findall(r"^  ([a-z][a-z-]+)  ", done.out, re.MULTILINE) == listed
    assert set(listed) == {*COMMANDS}, "each has its place"
    assert [title for title in SECTIONS if f"\n{title}:\n" in done.out] == [*SECTIONS]


def test_help_of_a_run_fits_a_screen_and_all_flags_are_a_step_away(place):
    short, whole = place("run", "--help"), place("run", "--help-all")
    assert (short.code, whole.code) == (0, 0)
    assert len(short.out.splitlines()) <= 40
    assert all(len(line) <= 80 for line in short.out.splitlines())
    says(short.out, "--languages", "--target", "--judge", "--dry-run", "safeglot run --help-all")
    flags = {f"--{name.replace('_', '-')}" for name in FIELDS}
    assert [flag for flag in sorted(flags) if flag not in whole.out] == []
    assert [title for title in GROUPS if f"\n{title}:\n" in whole.out] == [*GROUPS]
    n = int(re.search(r"(\d+) further flags", short.out)[1])
    assert n == len(re.findall(r"^  --", whole.out, re.MULTILINE)) - len(
        re.findall(r"^  --", short.out, re.MULTILINE)
    )


def test_labels_are_planned_under_both_names(place):
    asked = ("--unsafe-rate", "0.07")
    one, other = place("plan", "labels", *asked), place("annotate", "plan", *asked)
    assert (one.code, other.code, one.out) == (0, 0, other.out)
    assert (one.err, other.err) == ("", "")


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_help(place, command):
    done = place(command, "--help")
    assert done.code == 0
    says(done.out, f"Usage: safeglot {command}")


def test_version(place):
    done = in_own_process("--version")
    assert (done.code, done.out.split()[-1], done.err) == (0, safeglot.__version__, "")


def test_an_unknown_command(place):
    says(
        place.refuse("raport", "x"),
        "'raport'",
        "Did you mean 'report'?",
        *COMMANDS,
    )
    says(place.refuse("--verbose"), "--verbose")


# ---- dry run


def counts(text: str) -> dict[str, str]:
    return dict(re.findall(r"^  (\S+(?: \S+)*?) {2,}(\S.*)$", text, re.MULTILINE))


@pytest.mark.parametrize(
    ("arguments", "prompts", "targets", "judges"),
    [
        ((), "4 x 3 languages", "12", "0"),
        (("--limit", "1"), "2 x 3 languages", "6", "0"),
        (("--languages", "en,no", "--samples", "5"), "4 x 2 languages", "40", "0"),
        (("--target", "vllm/second", "--judge", "llama-guard-3=vllm/g"), "4 x 3 languages", "24", "28"),
        (("--judge", "shieldgemma=vllm/g"), "4 x 3 languages", "12", "64"),
        (
            ("--judge", "shieldgemma=vllm/g", "--judge", "rubric=vllm/r", "--samples", "3", "--target", "vllm/second"),
            "4 x 3 languages", "72", "380",
        ),
    ],
)  # fmt: skip
def test_dry_run_counts_exactly_and_does_nothing(place, arguments, prompts, targets, judges):
    before = place.files()
    place.server.requests.clear()
    done = place.run("--prompts", "prompts.csv", *arguments, "--dry-run")
    assert done.code == 0, done.err
    found = counts(done.out)
    assert found["prompts"] == prompts
    assert (found["requests to targets"], found["requests to judges"]) == (targets, judges)
    assert place.server.requests == []
    assert place.files() == before


def test_a_run_sends_what_its_dry_run_counted(place):
    def answer(seen):
        # the answers differ, also between samples: the same one would be judged once
        return "No" if seen.model == "guard" else f"answer {seen.body['seed']} to {seen.texts[-1]}"

    with Loopback(Script(answer=answer, checks=True)) as server:
        arguments = ("run", "--prompts", "prompts.csv", "--target", "vllm/target", "--base-url", server.base_url,
                     "--judge", "shieldgemma=vllm/guard", "--samples", "2", "--out", "run")  # fmt: skip
        found = counts(place(*arguments, "--dry-run").out)
        assert server.requests == []
        done = place(*arguments)
        assert done.code == 0, done.err
        sent = [r.model for r in server.requests]
    assert sent.count("target") == int(found["requests to targets"]) == 24
    assert sent.count("guard") == int(found["requests to judges"]) == 96 + 16
    says(
        place(*arguments, "--dry-run").out,
        "holds this run: what is stored there is not asked again",
    )


def test_dry_run_tells_the_cost_where_prices_are_given(place):
    toml = """
    prompts = "prompts.csv"
    judge = "refusal-baseline"
    max_tokens = 1000
    [[target]]
    model = "vllm/a"
    usd_in = 0.0
    usd_out = 10.0
    [[target]]
    model = "vllm/b"
    usd_in = 0
    usd_out = 2.5
    """
    (place.folder / "c.toml").write_text(toml, "utf-8")
    found = counts(place("run", "c.toml", "--dry-run").out)
    assert found["tokens out"] == "at most 24,000"
    assert found["cost"] == f"at most about {12 * 1000 * 12.5 / 1e6:.2f} USD"
    (place.folder / "c.toml").write_text(toml.replace("usd_out = 2.5", ""), "utf-8")
    partly = f"at most about {12 * 1000 * 10 / 1e6:.2f} USD without these; no price for vllm/b: "
    says(counts(place("run", "c.toml", "--dry-run").out)["cost"], partly, "usd_out", "--prices")
    (place.folder / "prices.toml").write_text('["vllm/b"]\nusd_in = 0\nusd_out = 2.5\n', "utf-8")
    whole = counts(place("run", "c.toml", "--dry-run", "--prices", "prices.toml").out)
    assert whole["cost"] == found["cost"]


def test_dry_run_in_a_process_of_its_own(place):
    before = place.files()
    done = in_own_process(
        "run",
        *place.to_server,
        "--prompts",
        "mini",
        "--languages",
        "en,sw",
        "--limit",
        "1",
        "--dry-run",
    )
    assert (done.code, done.err) == (0, "")
    assert counts(done.out)["requests to targets"] == "64"
    assert place.files() == before


# ---- doctor


def test_doctor_never_prints_a_key(place, monkeypatch):
    for p in providers().values():
        monkeypatch.delenv(p.key_env, raising=False)
    monkeypatch.setenv("VLLM_API_KEY", SECRET)
    monkeypatch.setenv("OLLAMA_API_KEY", "")
    done = place(
        "doctor",
        "--base-url",
        place.server.base_url,
        "--base-url",
        "no address",
        "--base-url",
        "http://127.0.0.1:9/v1",
    )
    assert done.code == 0, done.err
    assert SECRET not in done.out + done.err
    assert SECRET[:6] not in done.out
    says(done.out, "VLLM_API_KEY set", "OLLAMA_API_KEY not set", "OPENAI_API_KEY not set", "xllamacpp",
         f"{place.server.base_url}  answers (status 200")  # fmt: skip
    lines = done.out.splitlines()
    assert [line for line in lines if "--base-url no address" in line and "not there" in line]
    assert [line for line in lines if ":9/v1" in line and "not there" in line]


def test_doctor_where_extras_are_missing(place):
    done = in_own_process("doctor", prelude=without("pyarrow"))
    assert done.code == 0, done.err
    says(done.out, "pip install 'safeglot[parquet]'")


# ---- ls, show, export


def test_ls(place):
    says(place("ls").out, "runs: no runs")
    (place.folder / "runs" / "empty").mkdir(parents=True)
    says(place("ls").out, "runs: no runs")
    says(place.refuse("ls", "none"), "none: no such folder", "runs")
    says(place.refuse("ls", "prompts.csv"), "prompts.csv: no such folder")
    for limit in (1, 2):
        assert (
            place.run("--prompts", "prompts.csv", "--limit", limit, "--out", f"runs/{limit}").code
            == 0
        )
    lines = [line for line in place("ls").out.splitlines() if line.startswith("runs/")]
    assert [line.split()[0] for line in lines] == ["runs/1", "runs/2"]
    assert all(
        " target " in line and " en de no " in line and line.endswith("scored") for line in lines
    )
    says(place("ls", "runs/1").out, "runs/1")


def test_show(place):
    assert place.run("--prompts", "prompts.csv", "--out", "run").code == 0
    brief, table, whole = (place("show", "run", *flag) for flag in ((), ("--full",), ("--json",)))
    assert (brief.code, table.code, whole.code) == (0, 0, 0)
    says(brief.out, "target, refusal-baseline", "run/report.html")
    says(table.out, "vllm/target: requests not refused by refusal-baseline", brief.out.strip())
    assert json.loads(whole.out) == json.loads(
        (place.folder / "run" / "results.json").read_text("utf-8")
    )


def rows(path) -> list[dict[str, object]]:
    """The rows of an export with every cell as CSV has it, without what guards it in a spreadsheet."""
    if path.suffix == ".csv":
        with path.open(encoding="utf-8", newline="") as file:
            table = csv.DictReader(file)
            return [{k: unguarded(v) for k, v in row.items()} for row in table]
    if path.suffix == ".parquet":
        found = pq.read_table(path).to_pylist()
    else:
        found = [json.loads(line) for line in path.read_text("utf-8").split("\n") if line]
    return [{k: "" if v is None else str(v) for k, v in row.items()} for row in found]


def test_export_gives_the_same_rows_in_each_format(place):
    (place.folder / "prompts.csv").write_text(
        'id,category,en,de\n1,fraud,"a, ""b""\nc\u2028d","ä\r\n😀"\n2,fraud,e,=f\n', "utf-8"
    )
    assert (
        place.run(
            "--prompts", "prompts.csv", "--judge", "llama-guard-3=vllm/guard", "--out", "run"
        ).code
        == 0
    )
    told = {}
    for kind in ("csv", "jsonl", "parquet"):
        done = place("export", "run", "--format", kind, "--out", f"out/{kind}")
        assert done.code == 0, done.err
        told[kind] = re.findall(r"/(\w+)\.\w+: (\d+) rows", done.out)
    assert told["csv"] == told["jsonl"] == told["parquet"]
    assert told["csv"][:5] == [
        ("prompts", "2"),
        ("translations", "4"),
        ("answers", "4"),
        ("verdicts", "8"),
        ("failures", "0"),
    ]
    for name, n in told["csv"]:
        found = [rows(place.folder / "out" / kind / f"{name}.{kind}") for kind in told]
        assert found[0] == found[1] == found[2]
        assert len(found[0]) == int(n)
    texts = {row["text"] for row in rows(place.folder / "out" / "csv" / "translations.csv")}
    assert texts == {'a, "b"\nc\u2028d', "ä\r\n😀", "e", "=f"}


def test_export_that_cannot_be_written(place):
    assert place.run("--prompts", "prompts.csv", "--out", "run").code == 0
    says(place.refuse("export", "run", "--format", "xml"), "'xml'", "csv", "jsonl", "parquet")
    says(
        place.refuse("export", "run", "--out", "prompts.csv"), "--out prompts.csv", "Give a folder"
    )
    says(
        place.refuse("export", "run", "--out", "prompts.csv/x"),
        "--out prompts.csv/x",
        "Give a folder",
    )
    done = in_own_process("export", "run", "--format", "parquet", prelude=without("pyarrow"))
    assert done.code == 2
    says(done.err, "pip install 'safeglot[parquet]'", "csv or jsonl")
