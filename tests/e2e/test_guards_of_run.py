"""Guards tested on the labels of a run: its own verdicts count, what was drawn by verdict is weighted."""

from __future__ import annotations

import json
import random
import re
from collections import Counter

import pytest

from copies import copied
from e2e.commands import exit_code, read_rows, write_rows
from e2e.runs import LANGUAGES, run_arguments, safeglot, scripted, write_prompts
from loopback import Fault, Loopback, Script

N = 150
OWN, OTHER = "llama-guard-3=vllm/guard", "qwen3guard=vllm/qwen"
_RNG = random.Random(8)
TRUE = {(i, tag): _RNG.random() < 0.25 for tag in LANGUAGES for i in range(N)}
JUDGED = {key: _RNG.random() < (0.8 if unsafe else 0.06) for key, unsafe in TRUE.items()}
SAID = {key: _RNG.random() < (0.7 if unsafe else 0.1) for key, unsafe in TRUE.items()}
"""By the second guard."""


def place_of(text):
    _, i, tag = re.search(r"\[(\w+) (\d+) (\w+)\]", text).groups()
    return int(i), tag


def label(call_dir, run, design, labels=90):
    assert exit_code(["annotate", "sample", run, "--labels", labels, "--overlap", 0, "--design", design]) == 0  # fmt: skip
    rows = read_rows(run / "to-label.csv")
    done = [row | {"label": "unsafe" if TRUE[place_of(row["answer"])] else "safe"} for row in rows]
    done[0]["label"] = "unsure"
    assert exit_code(["annotate", "add", run, write_rows(call_dir / "done.csv", done)]) == 0
    return done


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    folder = tmp_path_factory.mktemp("judged")
    prompts = write_prompts(folder / "prompts.jsonl", N, ("crime_tax", "hate_women"))
    verdicts = {key: "unsafe\nS2" for key, unsafe in JUDGED.items() if unsafe}
    with Loopback(scripted(verdicts)) as server:
        safeglot(*run_arguments(server.base_url, folder / "run", prompts, bootstrap=0))
    return folder / "run"


@pytest.fixture(scope="module")
def labelled(judged, tmp_path_factory):
    """A run whose answers were drawn by verdict and labelled, and the rows of the labels."""
    folder = tmp_path_factory.mktemp("labelled")
    copied(judged, folder / "run")
    return folder / "run", label(folder, folder / "run", "two-phase")


def second_guard():
    def answer(seen):
        flagged = SAID[place_of("".join(seen.texts))]
        return f"Safety: {'Unsafe' if flagged else 'Safe'}\nCategories: {'Violent' if flagged else 'None'}\nRefusal: No"

    return Script(answer=answer, fault=lambda _seen: Fault())


def estimates(run):
    rows = json.loads((run / "results.json").read_text("utf-8"))["estimates"]
    return {(e["metric"], e["judge"], e["language"]): e for e in rows if e["category"] is None}


def weighted(rows, said, of, language):
    """The rate by hand: each label counts as many answers as its stratum has for each of its labels."""
    found = []
    for tag in LANGUAGES if language is None else (language,):
        here = [place_of(row["answer"]) for row in rows if row["language"] == tag and row["label"] != "unsure"]  # fmt: skip
        answers = Counter(JUDGED[i, tag] for i in range(N))
        labels = Counter(JUDGED[place] for place in here)
        found += [(place, answers[JUDGED[place]] / labels[JUDGED[place]]) for place in here]
    own = [(said[place], w) for place, w in found if TRUE[place] == of]
    return sum(w for flagged, w in own if flagged) / sum(w for _, w in own)


def test_its_own_judge_needs_no_server_and_is_weighted(labelled, tmp_path, capsys):
    run, rows = labelled
    assert exit_code(["guards", run, "--out", tmp_path / "test"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "llama-guard-3" in told
    found = estimates(tmp_path / "test")
    for metric, of in (("guard_recall", True), ("guard_fpr", False)):
        for language in (*LANGUAGES, None):
            e = found[metric, OWN, language]
            assert e["value"] == pytest.approx(weighted(rows, JUDGED, of, language), abs=1e-12)
            assert e["low"] < e["value"] < e["high"]
            assert e["method"].startswith("weighted by draw")
    assert ("guard_match", OWN, "de") not in found
    assert found["guard_recall_gap", OWN, "de"]["method"].startswith("difference of two rates")
    assert exit_code(["guards", run, "--out", tmp_path / "test"]) == 0


def test_another_guard_is_asked_of_the_labelled_answers_alone(labelled, tmp_path, capsys):
    run, rows = labelled
    n = sum(row["label"] != "unsure" for row in rows)
    with Loopback(second_guard()) as server:
        call = ["guards", run, "--judge", OTHER, "--judge", OWN, "--judge-base-url", server.base_url, "--out", tmp_path / "test"]  # fmt: skip
        assert exit_code([*call, "--dry-run"]) == 0
        assert f"{n} answers" in capsys.readouterr().out
        assert exit_code([*call, "--unchecked-judge"]) == 0
        models = Counter(seen.model for seen in server.requests)
    assert models["guard"] == 0  # what is stored is not asked again
    assert n <= models["qwen"] <= n + 8
    found = estimates(tmp_path / "test")
    for language in (*LANGUAGES, None):
        e = found["guard_recall", OTHER, language]
        assert e["value"] == pytest.approx(weighted(rows, SAID, True, language), abs=1e-12)
    both = [found["guard_recall", judge, "de"]["value"] for judge in (OTHER, OWN)]
    difference = found["guard_recall_difference", OTHER, "de"]
    assert difference["value"] == pytest.approx(both[0] - both[1], abs=1e-12)
    assert exit_code(["show", tmp_path / "test", "--full"]) == 0
    assert "Of labels of each language, not the same texts" in " ".join(capsys.readouterr().out.split())  # fmt: skip


def test_a_simple_sample_stands_for_itself(judged, tmp_path):
    copied(judged, tmp_path / "run")
    rows = label(tmp_path, tmp_path / "run", "simple")
    assert exit_code(["guards", tmp_path / "run", "--out", tmp_path / "test"]) == 0
    e = estimates(tmp_path / "test")["guard_recall", OWN, "de"]
    bad = [place_of(r["answer"]) for r in rows if r["language"] == "de" and r["label"] == "unsafe"]
    assert (e["n"], e["value"]) == (len(bad), pytest.approx(sum(JUDGED[p] for p in bad) / len(bad)))
    assert e["method"].startswith("Wilson")


def test_languages_without_a_label_are_not_evaluated(labelled, tmp_path, capsys):
    call = ["guards", labelled[0], "--languages", "en,sw,yo", "--out", tmp_path / "test"]
    assert exit_code(call) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "Not evaluated: Yoruba (no text)." in told
    assert "German" not in told


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (["--columns", "label=x"], "--columns: goes with a file"),
        (["--side", "prompts"], "--side: goes with a file"),
        (["--probes", "translit"], "--probes: goes with a file"),
    ],
)
def test_what_only_files_have_is_refused(labelled, capsys, more, says):
    assert exit_code(["guards", labelled[0], *more]) == 2
    assert says in capsys.readouterr().err


def test_a_run_without_draw_or_labels_says_what_to_paste(judged, tmp_path, capsys):
    assert exit_code(["guards", judged]) == 2
    assert f"safeglot annotate sample {judged} --design simple" in capsys.readouterr().err
    copied(judged, tmp_path / "run")
    assert exit_code(["annotate", "sample", tmp_path / "run"]) == 0
    assert exit_code(["guards", tmp_path / "run"]) == 2
    assert f"safeglot label {tmp_path / 'run'}" in capsys.readouterr().err


def test_verdicts_that_changed_since_the_draw_are_refused(labelled, tmp_path, capsys):
    import sqlite3

    copied(labelled[0], tmp_path / "run")
    with sqlite3.connect(tmp_path / "run" / "safeglot.db") as db:
        db.execute("UPDATE verdicts SET unsafe = 1 - unsafe WHERE response IN (SELECT response FROM draws LIMIT 9)")  # fmt: skip
    db.close()
    assert exit_code(["guards", tmp_path / "run"]) == 2
    told = capsys.readouterr().err
    assert "nobody knows of how many they were drawn" in told
    assert f"safeglot annotate sample {tmp_path / 'run'} --again" in told


def test_the_test_itself_is_no_run_of_labels(labelled, tmp_path, capsys):
    assert exit_code(["guards", labelled[0], "--out", tmp_path / "test"]) == 0
    assert exit_code(["guards", tmp_path / "test"]) == 2
    assert "is a test of guards itself" in capsys.readouterr().err


def test_a_page_of_several_answers_under_one_id_and_no_use_as_a_run_of_models(
    labelled, tmp_path, capsys
):
    test = tmp_path / "test"
    assert exit_code(["guards", labelled[0], "--out", test]) == 0
    assert exit_code(["report", test]) == 0
    capsys.readouterr()
    for asked in (
        ["compare", test],
        ["experiment", "category-exclusion", test],
        ["annotate", "plan", test],
        ["annotate", "sample", test, "--again"],
        ["export", test, "--format", "latex", "--out", tmp_path / "tables"],
        ["merge", test, labelled[0], "--out", tmp_path / "both"],
    ):
        assert exit_code(asked) == 2, asked
        said = capsys.readouterr().err
        assert f"{test}: is a test of guards" in said
        assert said.rstrip().endswith(f"safeglot show {test} --full")
        assert "Traceback" not in said
    assert not (tmp_path / "tables").exists()
