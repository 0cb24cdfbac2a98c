"""Run folders that hold something else, are damaged, or are in use: told, and left as they are."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess

import pytest

from copies import copied
from e2e.commands import INSTALLED, in_own_process, says
from loopback import Fault, Loopback, Script, default_answer
from safeglot.backends.store.schema.tables import SCHEMA_VERSION
from waiting import HANG_S, until

GOOD = ("--prompts", "prompts.csv", "--languages", "en,de")


@pytest.fixture(scope="session")
def finished(tmp_path_factory, quiet_server):
    """A folder with prompts.csv and the run `run`."""
    from e2e.conftest import ROWS

    folder = tmp_path_factory.mktemp("finished")
    (folder / "prompts.csv").write_text(ROWS, "utf-8")
    done = in_own_process(
        "run", "--prompts", folder / "prompts.csv", "--languages", "en,de", "--target", "vllm/target",
        "--base-url", quiet_server.base_url, "--judge", "refusal-baseline", "--max-missing", "1",
        "--out", folder / "run",
    )  # fmt: skip
    assert done.code == 0, done.err
    return folder


@pytest.fixture
def run(place, finished):
    """The finished run, copied into the place."""
    copied(finished / "run", place.folder / "run")
    text = (place.folder / "run" / "run.toml").read_text("utf-8")
    (place.folder / "run" / "run.toml").write_text(text.replace(str(finished) + "/", ""), "utf-8")
    return place.folder / "run"


# ---- a folder that a run cannot begin in


def test_a_folder_of_other_files(place):
    (place.folder / "mine").mkdir()
    (place.folder / "mine" / "letter.txt").write_text("dear")
    for extra in ((), ("--dry-run",)):
        message = place.refuse_run(*GOOD, "--out", "mine", *extra)
        says(message, "--out mine", "letter.txt", "an empty or a new folder")
    says(place.refuse_run(*GOOD, "--out", "mine", own_process=True), "letter.txt")


@pytest.mark.parametrize("out", ["prompts.csv", "prompts.csv/below", "prompts.csv/a/b"])
def test_a_file_where_the_folder_should_be(place, out):
    for extra in ((), ("--dry-run",)):
        message = place.refuse_run(*GOOD, "--out", out, *extra)
        says(message, f"--out {out}", "prompts.csv", "is a file", "an empty or a new folder")


def test_what_a_killed_beginning_leaves_is_no_other_file(place):
    (place.folder / "run").mkdir()
    for name in (
        ".lock",
        ".run.toml.77",
        "run.toml",
        ".manifest.json.77",
        "safeglot.db",
        "safeglot.db-wal",
    ):
        (place.folder / "run" / name).touch()
    done = place.run(*GOOD, "--out", "run")
    assert done.code == 0, done.err


# ---- a folder that holds another run


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (("--languages", "en,no"), ("languages: there en,de, now en,no",)),
        (("--limit", "1"), ("limit: there not given, now 1",)),
        (("--reference", "de"), ("reference: there en, now de",)),
        (("--categories", "fraud"), ("categories: there not given, now fraud",)),
        (("--temperature", "0.5"), ("temperature: there 1, now 0.5",)),
        (
            ("--samples", "2", "--max-tokens", "9", "--seed", "3", "--system", "Be kind."),
            ("max-tokens: there 200, now 9", "seed: there 0, now 3",
             "system: there '', now Be kind."),
        ),
        (("--limit", "1", "--top-p", "0.5"), ("limit: there not given, now 1", "top-p: there 1, now 0.5")),
        (("--raw",), ("raw: there False, now True",)),
    ],
)  # fmt: skip
def test_each_change_of_the_inputs_is_named(place, run, arguments, parts):
    for extra in ((), ("--dry-run",)):
        message = place.refuse_run(*GOOD, "--out", "run", *arguments, *extra)
        says(message, "--out run", "a run of other inputs", "another --out", *parts)
        assert message.count("there ") == len(parts)


def test_a_prompt_file_that_was_edited(place, run):
    (place.folder / "prompts.csv").write_bytes(
        (place.folder / "prompts.csv").read_bytes().replace(b"open it", b"shut it")
    )
    says(
        place.refuse_run(*GOOD, "--out", "run", own_process=True),
        "the content of the prompts: there",
        "prompts.csv@",
    )


def test_other_judges_go_through_safeglot_judge(place, run):
    arguments = [*place.to_server[:4], "--judge", "llama-guard-3=vllm/guard", *GOOD, "--out", "run"]
    message = place.refuse("run", *arguments)
    says(
        message,
        "other judges",
        "there refusal-baseline, now llama-guard-3=vllm/guard",
        "safeglot judge run --judge",
    )


def test_what_cannot_move_a_number_is_no_change(place, run):
    (place.folder / "c.toml").write_text("temperature = 1\ntop_p = 1\nmax_missing = 1\n", "utf-8")
    before = (run / "results.json").read_bytes()
    place.server.requests.clear()
    done = place(
        "run",
        "c.toml",
        *place.to_server,
        *GOOD,
        "--out",
        "run",
        "--concurrency",
        "3",
        "--retries",
        "1",
    )
    assert done.code == 0, done.err
    assert place.server.requests == [], (
        "a whole number asks nothing again that its decimal has asked"
    )
    assert (run / "results.json").read_bytes() == before


def test_a_run_takes_up_what_generate_began(place, finished):
    arguments = [*place.to_server[:4], *GOOD, "--out", "run"]
    assert place("generate", *arguments).code == 0
    says(place.refuse("report", "run"), "results.json: not there yet")
    for command in ("judge", "score"):
        says(
            place.refuse(command, "run"),
            "no judge yet",
            "safeglot judge run --judge family=provider/model",
        )
    place.server.requests.clear()
    done = place("run", *arguments, "--judge", "refusal-baseline", "--max-missing", "1")
    assert done.code == 0, done.err
    assert place.server.requests == []
    found, usual = (
        json.loads((d / "run" / "results.json").read_text("utf-8"))
        for d in (place.folder, finished)
    )
    assert found == usual
    assert place("generate", *arguments).code == 0, (
        "what is judged may be asked for the rest of its answers"
    )
    assert place("score", "run").code == 0


# ---- a folder that is no run, or a damaged one


@pytest.mark.parametrize("command", ["judge", "score", "report", "show", "export"])
def test_not_a_run(place, run, command):
    says(place.refuse(command, "rum"), "rum: no run here", "Did you mean run?", "safeglot ls")
    says(place.refuse(command, "prompts.csv"), "prompts.csv: no run here")
    says(place.refuse(command), "RUN")


def test_not_a_run_in_a_process_of_its_own(place, run):
    says(place.refuse("show", "rum", own_process=True), "Did you mean run?")


def test_before_the_scoring(place, run):
    (run / "results.json").unlink()
    for command in (("show",), ("show", "--json"), ("report",)):
        says(place.refuse(*command, "run"), "results.json: not there yet", "safeglot score run")
    says(place("ls", ".").out, "not finished")


GARBAGE = b"\x89PNG\r\n\x1a\n\x00 garbage \xff\xfe"


@pytest.mark.parametrize("data", [GARBAGE, b"", b"{", b"[]", b'{"identity": {}}', b"[" * 100_000])
@pytest.mark.parametrize("command", ["run", "judge", "score", "report", "show"])
def test_a_damaged_manifest(place, run, command, data):
    (run / "manifest.json").write_bytes(data)
    arguments = (*place.to_server, *GOOD, "--out", "run") if command == "run" else ("run",)
    says(place.refuse(command, *arguments), "manifest.json", "Put back the file")


def test_export_saves_what_it_can_without_the_manifest(place, run):
    (run / "manifest.json").write_bytes(GARBAGE)
    says(place("export", "run").out, "answers.csv: 8 rows", "verdicts.csv: 8 rows")


def test_ls_goes_on_past_a_damaged_manifest(place, run):
    copied(run, place.folder / "torn")
    (place.folder / "torn" / "manifest.json").write_bytes(GARBAGE)
    done = place("ls", ".")
    assert done.code == 0
    flat = " ".join(done.out.split())  # a narrow terminal folds words
    says(flat, "manifest.json is damaged", "target en de", "scored")


@pytest.mark.parametrize("data", [GARBAGE, b"limit = [", b"limit = 'x'", b"nothing = 1"])
@pytest.mark.parametrize("command", ["judge", "score", "report"])
def test_a_damaged_run_toml(place, run, command, data):
    (run / "run.toml").write_bytes(data)
    says(place.refuse(command, "run"), "run.toml")


@pytest.mark.parametrize(
    "data", [GARBAGE, b"", b"{", b"[]", b'{"schema": 1, "estimates": [{}]}', b'{"schema": 9}']
)
@pytest.mark.parametrize("command", ["report", "show", "export"])
def test_damaged_results(place, run, command, data):
    (run / "results.json").write_bytes(data)
    says(place.refuse(command, "run"), "results.json", "safeglot score")


@pytest.mark.parametrize("command", ["run", "judge", "score", "report", "show", "export"])
def test_a_damaged_database(place, run, command):
    (run / "safeglot.db").write_bytes(GARBAGE * 100)
    arguments = (*place.to_server, *GOOD, "--out", "run") if command == "run" else ("run",)
    says(place.refuse(command, *arguments), "safeglot.db", "not a safeglot database")


@pytest.mark.parametrize("command", ["judge", "score", "report", "show"])
def test_a_database_that_is_torn_inside(place, run, command):
    data, tables = bytearray((run / "safeglot.db").read_bytes()), slice(4096, 16 * 4096)
    data[tables] = b"\xab" * len(data[tables])  # pages of rows; those of the schema stay
    (run / "safeglot.db").write_bytes(data)
    says(place.refuse(command, "run"), "safeglot.db", "damaged")


@pytest.mark.parametrize("command", ["run", "judge", "score", "report", "show", "export"])
def test_a_database_of_another_version(place, run, command):
    with sqlite3.connect(run / "safeglot.db") as db:
        db.execute("PRAGMA user_version=99")
    db.close()
    arguments = (*place.to_server, *GOOD, "--out", "run") if command == "run" else ("run",)
    says(
        place.refuse(command, *arguments),
        "safeglot.db",
        "version 99",
        f"this one reads {SCHEMA_VERSION}",
    )


@pytest.mark.parametrize("command", ["judge", "score", "report", "export"])
def test_a_database_that_is_gone(place, run, command):
    (run / "safeglot.db").unlink()
    says(place.refuse(command, "run"), "safeglot.db: not there", "safeglot run")


def test_a_run_that_was_cut_off_before_its_prompts(place, run):
    with sqlite3.connect(run / "safeglot.db") as db:
        for table in ("prompts", "translations", "responses", "replies", "verdicts"):
            db.execute(f"DELETE FROM {table}")
    db.close()
    for command in ("judge", "score", "show", "export"):
        says(place.refuse(command, "run"), "safeglot.db: holds no prompts", "safeglot run")


# ---- judges that are added


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (("--judge", "qwen3gard=vllm/x"), ("--judge", "'qwen3gard'", "'qwen3guard'")),
        (("--judge", "rubric=openai/x"), ("openai/x", "OPENAI_API_KEY", "is not set")),
        (("--judge-base-url", "http://127.0.0.1:1/v1"), ("--judge-base-url", "goes with --judge")),
        (("--judge", "rubric=vllm/x", "--judge-base-url", "h:1"), ("--judge-base-url", "'h:1'")),
    ],
)
def test_judges(place, run, monkeypatch, arguments, parts):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    says(place.refuse("judge", "run", *arguments), *parts)


# ---- two at once


def test_two_processes_on_one_folder(place):
    with Loopback(Script(answer=default_answer, fault=lambda _seen: Fault(hang=True))) as server:
        arguments = ["run", *GOOD, "--target", "vllm/target", "--base-url", server.base_url,
                     "--judge", "refusal-baseline", "--out", "run"]  # fmt: skip
        first = subprocess.Popen(
            [str(INSTALLED), *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        try:
            until(lambda: len(server.requests) >= 8)
            for again in (arguments, ["judge", "run"]):
                done = in_own_process(*again)
                assert (done.code, done.out) == (2, ""), done.err
                says(done.err, "run: another safeglot process works on this run", "another --out")
        finally:
            first.send_signal(signal.SIGINT)
            _, err = first.communicate(timeout=HANG_S)
        assert first.returncode == 4, err
        assert len(server.requests) == 8, "the second sent nothing"
    text = err.decode()
    assert "Traceback" not in text
    says(text, "interrupted", "0 of 8 answers", "Run the same command again")
