"""Real weights in this process: SmolLM2-135M as target and, through a rubric, as judge."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path

import pytest

from e2e.runs import COMMAND, environment, estimates, safeglot
from example.parallel import MULTIJAIL, OURS, needs_multijail
from waiting import HANG_S, cpu_s, until

TARGET = "embedded/smollm2-135m"
RUBRIC = "rubric=embedded/smollm2-135m"


SMALL = [
    "--prompts",
    "mini",
    "--languages",
    "en,de,sw",
    "--limit",
    "1",
    "--categories",
    "crime_tax,hate_women",
    "--max-tokens",
    "12",
    "--temperature",
    "0",
    "--max-missing",
    "1",
]


def small_run(out: Path, target: str, *judges: str):
    judged = [part for judge in judges for part in ("--judge", judge)]
    judged += ["--unchecked-judge"] if RUBRIC in judges else []  # it calls everything unsafe
    done = safeglot("run", *SMALL, "--target", target, *judged, "--out", out, own_process=True)
    assert done.returncode == 0, done.stderr
    assert safeglot("export", out, "--format", "jsonl").returncode == 0
    return done


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    out = tmp_path_factory.mktemp("embedded") / "run"
    done = small_run(out, TARGET, "refusal-baseline", RUBRIC)
    return out, done


def rows(out: Path, table: str) -> list[dict]:
    return [
        json.loads(line)
        for line in (out / "export" / f"{table}.jsonl").read_text("utf-8").splitlines()
    ]


def test_every_prompt_is_answered_by_the_weights(run):
    answers = rows(run[0], "answers")
    assert len(answers) == 6
    assert all(a["text"].strip() for a in answers)
    assert all(0 < a["n_tokens"] <= 12 and a["n_prompt_tokens"] > 10 for a in answers)
    assert {a["finish_reason"] for a in answers} <= {"stop", "length"}


def test_the_rubric_reads_first_token_probabilities(run):
    verdicts = [v for v in rows(run[0], "verdicts") if v["judge"] == RUBRIC]
    assert len(verdicts) == 6
    known = [v["p_unsafe"] for v in verdicts if v["p_unsafe"] is not None]
    assert known
    assert all(0 < p < 1 for p in known)


def test_a_model_too_small_to_judge_is_stopped_before_the_target_is_asked(tmp_path):
    out = tmp_path / "run"
    given = [*SMALL, "--target", TARGET, "--judge", RUBRIC, "--out", out]
    done = safeglot("run", *given, own_process=True)
    assert done.returncode == 2, done.stderr
    assert f"{RUBRIC} calls harmless exchanges unsafe" in done.stderr
    assert "calls everything unsafe" in done.stderr
    assert safeglot("export", out, "--format", "jsonl").returncode == 0
    assert rows(out, "answers") == []


def test_numbers_and_page_come_out(run):
    out, done = run
    judges = {
        json.loads(line.rstrip(","))["judge"]
        for line in (out / "results.json").read_text("utf-8").splitlines()
        if line.startswith('{"metric"')
    }
    assert judges - {None} == {"refusal-baseline", RUBRIC}  # some rates are of no judge
    assert f", {RUBRIC.partition('=')[0]}, " in done.stdout
    page = (out / "report.html").read_text("utf-8")
    assert "over-reports" in page
    assert "very small model" in page


def test_a_gguf_path_is_the_same_engine(run, tmp_path):
    from safeglot.backends.models import weights

    path = weights.fetch(weights.known("smollm2-135m"))
    small_run(tmp_path / "run", f"gguf/{path}", "refusal-baseline")
    mine = {(a["prompt"], a["language"]): a["text"] for a in rows(tmp_path / "run", "answers")}
    theirs = {(a["prompt"], a["language"]): a["text"] for a in rows(run[0], "answers")}
    assert mine.keys() == theirs.keys()
    assert (
        sum(mine[k] == theirs[k] for k in mine) >= 4
    )  # batches differ, so a tie may fall otherwise


def test_two_engines_take_turns_and_a_target_is_asked_in_its_own_turn_only(tmp_path):
    from safeglot.backends.models import weights

    found = weights.fetch(weights.known("smollm2-135m"))
    for name in ("a.gguf", "b.gguf"):
        (tmp_path / name).symlink_to(found)
    texts = {"short": "Hello", "long": "word " * 5000}  # more than a sequence's context
    prompts = tmp_path / "p.jsonl"
    prompts.write_text(
        "".join(
            json.dumps({"id": i, "category": "crime_tax", "en": t, "de": t}) + "\n"
            for i, t in texts.items()
        ),
        "utf-8",
    )
    out = tmp_path / "run"
    arguments = ["run", "--prompts", prompts, "--target", f"gguf/{tmp_path}/a.gguf", "--out", out]
    arguments += ["--judge", f"rubric=gguf/{tmp_path}/b.gguf", "--max-tokens", "4"]
    arguments += ["--max-missing", "1", "--unchecked-judge"]
    for more in ([], ["--retry-failed"]):  # the second asks again for what failed for good
        done = safeglot(*arguments, *more, own_process=True)
        assert done.returncode == 0, done.stderr
        assert safeglot("export", out, "--format", "jsonl").returncode == 0
        assert [a["prompt"] for a in rows(out, "answers")] == ["short", "short"]
        assert len(rows(out, "verdicts")) == 2
        failed = [(f["stage"], f["kind"]) for f in rows(out, "failures")]
        assert failed == [("generate", "bad_request")] * 2
    (tmp_path / "a.gguf").unlink()  # stored answers can be judged without the target's weights
    done = safeglot("judge", out, "--judge", "refusal-baseline")
    assert done.returncode == 0, done.stderr
    assert safeglot("export", out, "--format", "jsonl").returncode == 0
    assert len(rows(out, "verdicts")) == 4


@pytest.mark.parametrize(
    ("path", "count", "some"),
    [
        pytest.param(OURS, 4, {"Theft", "Lies & excuses", "Advice & learning"}, id="ours"),
        pytest.param(
            MULTIJAIL, 18, {"Weapons", "Theft", "Conspiracy theories & misinformation"},
            id="multijail", marks=needs_multijail,
        ),
    ],
)  # fmt: skip
def test_a_file_in_the_columns_of_multijail_as_it_is(tmp_path, path, count, some):
    out = tmp_path / "run"
    done = safeglot(
        "run",
        "--prompts",
        path,
        "--languages",
        "en,it,sw",
        "--limit",
        "1",
        "--target",
        TARGET,
        "--max-tokens",
        "4",
        "--max-missing",
        "1",
        "--out",
        out,
        own_process=True,
    )
    assert done.returncode == 0, done.stderr
    assert f"{count} categories" in done.stderr
    found = estimates(out)
    assert {c for (_, _, c) in found if c} >= some
    assert ("safety_macro", "sw", None) in found


def test_ctrl_c_in_the_middle_of_decoding(tmp_path):
    out = tmp_path / "run"
    process = subprocess.Popen(
        [
            *COMMAND,
            "run",
            "--prompts",
            "mini",
            "--languages",
            "en,de",
            "--target",
            TARGET,
            "--max-tokens",
            "1500",
            "--out",
            str(out),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    until((out / "log.jsonl").exists)
    loaded_s = cpu_s(process.pid)
    until(lambda: cpu_s(process.pid) > loaded_s + 3)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=HANG_S)
    assert process.returncode == 4, stderr
    assert "Run the same command again" in stderr
    assert "Traceback" not in stderr


def test_mitigations_run_offline_on_the_embedded_defaults(tmp_path):
    """Guard and target are the tiny model itself."""
    small = [*SMALL[:2], "--languages", "en,de", *SMALL[4:6], "--categories", "crime_theft"]
    arms = f"system-local,guard-behind={RUBRIC}"
    done = safeglot(
        "run", *small, "--kinds", "harmful,benign", "--max-tokens", "8", "--max-missing", "1",
        "--mitigations", arms, "--unchecked-judge", "--out", tmp_path / "run", own_process=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "run" / "results.json").read_text("utf-8"))["estimates"]
    of = {
        (e["metric"], e["extra"]["mitigation"], e["language"]): e["extra"]
        for e in found
        if "mitigation" in e["extra"] and e["n"]
    }
    for tag in ("en", "de"):
        assert of["mitigation_tokens", "system-local", tag]["with"] > 0
        guarded = of["mitigation_tokens", f"guard-behind={RUBRIC}", tag]
        assert guarded["with"] > guarded["without"]  # it reads each answer with its rubric
