"""Two guards on labelled prompts in three languages, some of whose verdicts nobody can read."""

from __future__ import annotations

import csv
import json

import pytest

from e2e.commands import exit_code
from example import guarded
from loopback import Loopback

JUDGES = ("--judge", "llama-guard-3=vllm/guard-a", "--judge", "qwen3guard=vllm/qwen-b")
A, B = "llama-guard-3=vllm/guard-a@prompt", "qwen3guard=vllm/qwen-b@prompt"
N = 120


def counted(guard, language, label):
    """Flagged and read texts, by what the server was told to say."""
    texts = [
        row["prompt"]
        for row in guarded.rows(N)
        if (row["language"], row["label"]) == (language, label)
    ]
    said = [guarded.is_flagged(guard, text) for text in texts]
    return sum(one is True for one in said), sum(one is not None for one in said), len(said)


@pytest.fixture(scope="module")
def tested(tmp_path_factory):
    """The command as it is run first, and once more; its folder and what it said."""
    folder = tmp_path_factory.mktemp("guards")
    file = guarded.write(folder / "labelled.csv", guarded.rows(N))
    with Loopback(guarded.script()) as server:
        call = [
            "guards", file, *JUDGES, "--judge-base-url", server.base_url,
            "--languages", "en,de,sw,yo", "--out", folder / "run",
        ]  # fmt: skip
        codes = [exit_code(call)]
        asked = len(server.requests)
        codes.append(exit_code(call))
        again = len(server.requests) - asked
    return folder / "run", codes, asked, again


def results(run):
    return json.loads((run / "results.json").read_text("utf-8"))["estimates"]


def test_every_text_is_asked_of_every_guard_once(tested):
    _, codes, asked, again = tested
    assert codes == [0, 0]
    assert asked == 2 * 3 * N
    assert again == 0


@pytest.mark.parametrize("language", guarded.LANGUAGES)
@pytest.mark.parametrize(("name", "judge"), [("a", A), ("b", B)])
def test_recall_and_false_alarms_are_those_that_were_scripted(tested, name, judge, language):
    rows = {
        e["metric"]: e
        for e in results(tested[0])
        if (e["judge"], e["language"]) == (judge, language)
    }
    for metric, label in (("guard_recall", "unsafe"), ("guard_fpr", "safe")):
        flagged, read, planned = counted(name, language, label)
        e = rows[metric]
        assert (e["n"], e["missing"]) == (read, planned - read)
        assert e["value"] == pytest.approx(flagged / read, abs=1e-12)


def test_what_is_unread_is_bounded_and_never_safe(tested):
    e = next(
        e
        for e in results(tested[0])
        if (e["metric"], e["judge"], e["language"]) == ("guard_recall", B, "de")
    )
    flagged, read, planned = counted("b", "de", "unsafe")
    assert 0 < read < planned
    assert e["extra"]["low_bound"] == pytest.approx(flagged / planned)
    assert e["extra"]["high_bound"] == pytest.approx((flagged + planned - read) / planned)


def test_the_loss_is_found_and_the_languages_are_accounted_for(tested, capsys):
    capsys.readouterr()
    assert exit_code(["show", tested[0]]) == 0
    out = capsys.readouterr().out
    assert out.startswith("llama-guard-3 finds less in Swahili")
    flat = " ".join(out.split())
    assert f"English (n = {N}), German (n = {N}) and Swahili (n = {N})" in flat
    assert "Not evaluated: Yoruba (no text)" in flat
    page = (tested[0] / "report.html").read_text("utf-8")
    assert "llama-guard-3 finds less in Swahili" in page


def test_other_texts_are_refused_there(tested, tmp_path, capsys):
    rows = guarded.rows(N)
    other = guarded.write(tmp_path / "other.csv", [{**rows[0], "label": "unsafe"}, *rows[1:]])
    call = [
        "guards",
        other,
        *JUDGES,
        "--judge-base-url",
        "http://127.0.0.1:9/v1",
        "--out",
        tested[0],
    ]
    assert exit_code(call) == 2
    assert "holds a test on other texts" in capsys.readouterr().err


def test_its_estimates_are_exported(tested, tmp_path):
    assert exit_code(["export", tested[0], "--out", tmp_path / "out", "--format", "csv"]) == 0
    with (tmp_path / "out" / "estimates.csv").open(encoding="utf-8") as file:
        assert {row["metric"] for row in csv.DictReader(file)} >= {"guard_recall", "guard_texts"}
