"""Arms in a whole run: texts from files, answers translated after it, and what they say of a gap."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest

from copies import copied
from e2e.commands import says
from e2e.runs import estimates, run_arguments, safeglot, scripted, write_prompts
from loopback import Loopback

N = 40
CATEGORIES = ("crime_tax", "hate_women")
UNSAFE = "unsafe\nS1"
UNSAFE_AT = {
    "en": {0, 1},
    "de": set(range(14)),
    "sw": {0},
    "de-rt": set(range(5)),
    "de-bt": set(range(11)),
    "de-k2": set(range(2, 17)),
    "de-k3": set(range(12)),
    "en-de": set(range(6)),
}
VERDICTS = {(i, tag): UNSAFE for tag, numbers in UNSAFE_AT.items() for i in numbers}


def quality(i: int, tag: str) -> float:
    return round(0.95 - 0.02 * i + {"de": 0.0, "de-k2": -0.1, "de-k3": 0.02}[tag], 4)


def arm_rows():
    for i in range(N):
        main = f"request {i} in de"
        yield {"arm": "main", "id": f"p{i}", "text": main, "quality_cometkiwi": quality(i, "de")}
        yield {"arm": "roundtrip", "id": f"p{i}", "text": f"{main}-rt", "translator": "mt-a"}
        for who in ("k2", "k3"):
            text = f"{main}-{who}"
            told = {"translator": f"mt-{who}", "quality_cometkiwi": quality(i, f"de-{who}")}
            yield {"arm": "translators", "id": f"p{i}", "text": text, **told}


def write_texts(path):
    rows = [{"language": "de", **row} for row in arm_rows()]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def fill(path, *, to):
    """Translate what `safeglot arms` wrote, as the script's judge knows it."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        tag = "de-bt" if row["arm"] == "backtranslate" else f"en-{row['language']}"
        row["text"], row["translator"] = f"[answer {row['id'][1:]} {tag}]", "mt-b"
    with to.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(row for row in rows if row["language"] == "de")
    return rows


@pytest.fixture(scope="module")
def server():
    with Loopback(scripted(VERDICTS)) as running:
        yield running


@pytest.fixture(scope="module")
def finished(server, tmp_path_factory):
    """A run without arms, given arms after it was finished, and translated answers after that."""
    folder = tmp_path_factory.mktemp("arms")
    prompts, out = write_prompts(folder / "prompts.jsonl", N, CATEGORIES), folder / "run"
    plain = run_arguments(server.base_url, out, prompts)
    done = safeglot(*plain)
    assert done.returncode == 0, done.stderr
    before = (out / "results.json").read_text("utf-8")
    texts = write_texts(folder / "texts.jsonl")
    asked = len(server.requests)
    done = safeglot(*plain, "--arms", "roundtrip,backtranslate,translators", "--arm-texts", texts)
    assert done.returncode == 0, done.stderr
    says(done.stderr, "no text of the arm backtranslate yet")
    added = server.requests[asked:]
    done = safeglot(
        "arms", out, "--out", folder / "todo.csv", "--arm", "backtranslate", "--arm", "reverse"
    )
    assert done.returncode == 0, done.stderr
    todo = fill(folder / "todo.csv", to=folder / "filled.csv")
    middle = estimates(out)
    both = f"{folder / 'filled.csv'}"  # what the run holds already need not be given again
    arms = "roundtrip,backtranslate,translators,reverse"
    done = safeglot(*plain, "--arms", arms, "--arm-texts", both)
    assert done.returncode == 0, done.stderr
    return {
        "folder": folder,
        "out": out,
        "plain": plain,
        "before": before,
        "added": added,
        "todo": todo,
        "middle": middle,
        "again": [*plain, "--arms", arms, "--arm-texts", f"{texts},{both}"],
    }


def unsafe(tag):
    return np.array([i in UNSAFE_AT[tag] for i in range(N)], dtype=float)


def test_only_the_arms_are_asked_of_a_finished_run(finished):
    models = [seen.model for seen in finished["added"]]
    assert (models.count("target"), models.count("guard")) == (3 * N, 3 * N)
    texts = {seen.texts[-1] for seen in finished["added"] if seen.model == "target"}
    assert texts == {row["text"] for row in arm_rows() if row["arm"] != "main"}


def test_the_main_numbers_stay_and_the_signature_tells_of_the_arms(finished):
    before = json.loads(finished["before"])
    now = json.loads((finished["out"] / "results.json").read_text("utf-8"))
    assert now["estimates"][: len(before["estimates"])] == before["estimates"]
    assert "arms" not in before["signature"]
    manifest = json.loads((finished["out"] / "manifest.json").read_text("utf-8"))
    digest = manifest["arms"]["digest"]
    parts = now["signature"].split("|")
    assert [p for p in parts if p != f"arms:{digest}"] == before["signature"].split("|")
    assert f"arms:{digest}" in parts
    assert manifest["arms"]["texts"] == {
        "backtranslate": N, "main": N, "reverse": N, "roundtrip": N, "translators": 2 * N,
    }  # fmt: skip


def test_what_is_to_be_translated(finished):
    todo = finished["todo"]
    assert [r["arm"] for r in todo].count("backtranslate") == 2 * N
    assert {r["answer"] for r in todo if r["arm"] == "reverse"} == {
        f"[answer {i} en]" for i in range(N)
    }
    assert len({r["answer_key"] for r in todo}) == 3 * N


def test_a_cause_is_named_only_once_its_arm_was_run(finished):
    found = finished["middle"]
    assert found["unsafe_gap_translation", "de", None]["value"] == pytest.approx(3 / N)
    for name in ("model", "judge"):
        row = found[f"unsafe_gap_{name}", "de", None]
        assert (row["value"], row["low"]) == (None, None)
        assert "needs the arm" in row["method"]
    assert not [key for key in found if key[0].startswith("unsafe_gap") and key[1] == "sw"]


def test_the_terms_are_those_of_the_arms_and_sum_to_the_gap(finished):
    found = estimates(finished["out"])
    mean = {tag: unsafe(tag).mean() for tag in UNSAFE_AT}
    expected = {
        "total": mean["de"] - mean["en"],
        "translation": mean["de-rt"] - mean["en"],
        "judge": (mean["de"] - mean["de-bt"] + mean["en-de"] - mean["en"]) / 2,
    }
    expected["model"] = expected["total"] - expected["translation"] - expected["judge"]
    for name, value in expected.items():
        row = found[f"unsafe_gap_{name}", "de", None]
        assert row["value"] == pytest.approx(value)
        assert row["low"] < value < row["high"]
        assert (row["n"], row["missing"]) == (N, 0)
    shares = [
        found[f"unsafe_gap_{name}", "de", None]["extra"]["share"]
        for name in ("translation", "model", "judge")
    ]
    assert sum(shares) == pytest.approx(1)
    gap = found["gap", "de", None]
    assert found["unsafe_gap_total", "de", None]["value"] == pytest.approx(-gap["value"])


def test_translators_and_quality(finished):
    found = estimates(finished["out"])
    row = found["translator_variance", "de", None]
    table = np.stack([unsafe(tag) for tag in ("de", "de-k2", "de-k3")], axis=1)
    assert (row["extra"]["K"], row["extra"]["I"]) == (3, N)
    assert row["extra"]["unsafe_rate"] == pytest.approx(table.mean())
    assert row["extra"]["sign_robust"] in {"yes", "no"}
    q = np.array([[quality(i, tag) for tag in ("de", "de-k2", "de-k3")] for i in range(N)])
    dq, dy = (x - x.mean(axis=1, keepdims=True) for x in (q, table))
    slope = found["quality_slope", "de", None]
    assert slope["value"] == pytest.approx((dq * dy).sum() / (dq**2).sum())
    assert slope["extra"]["estimator"] == "cometkiwi"
    for threshold in ("0.3", "0.5", "0.8"):
        kept = q[:, 0] >= float(threshold)
        point = found[f"gap_at_quality_{threshold}", "de", None]
        assert point["n"] == kept.sum()
        assert point["value"] == pytest.approx((unsafe("en") - unsafe("de"))[kept].mean())
    gate = found["gate_selection", "de", None]["extra"]
    assert gate["drop_rate"] == pytest.approx((q[:, 0] < 0.5).mean())


def test_the_same_command_again_asks_nothing_and_gives_the_same_bytes(finished, server):
    results = (finished["out"] / "results.json").read_bytes()
    asked = len(server.requests)
    done = safeglot(*finished["again"])
    assert done.returncode == 0, done.stderr
    assert len(server.requests) == asked
    assert (finished["out"] / "results.json").read_bytes() == results


def test_a_run_goes_on_without_the_files(finished, server):
    results = (finished["out"] / "results.json").read_bytes()
    asked = len(server.requests)
    done = safeglot("run", finished["out"] / "run.toml")
    assert done.returncode == 0, done.stderr
    assert "yet" not in done.stderr
    now = len(server.requests), (finished["out"] / "results.json").read_bytes()
    assert now == (asked, results)
    manifest = json.loads((finished["out"] / "manifest.json").read_text("utf-8"))
    assert set(manifest["arms"]["files"]) == {"texts.jsonl", "filled.csv"}


def test_a_new_judge_judges_the_arms_too(finished, tmp_path):

    out = copied(finished["out"], tmp_path / "run")
    done = safeglot("judge", out, "--judge", "refusal-baseline")
    assert done.returncode == 0, done.stderr
    assert safeglot("score", out).returncode == 0
    rows = json.loads((out / "results.json").read_text("utf-8"))["estimates"]
    judges = {r["judge"] for r in rows if r["metric"] == "unsafe_gap_total" and r["n"] == N}
    assert judges == {"llama-guard-3=vllm/guard", "refusal-baseline"}
    signature = json.loads((out / "results.json").read_text("utf-8"))["signature"]
    assert "|arms:" in signature


def changed(finished, path, **cells):
    """The filled file with cells of its first row changed."""
    with (finished["folder"] / "filled.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    rows[0].update(cells)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"answer_key": "0123456789abcdef"}, "the answer has changed since it was translated"),
        ({"text": "[answer 0 other]"}, "the run holds another text there"),
    ],
)
def test_a_changed_answer_or_text_is_refused(finished, server, tmp_path, cells, said):
    path = changed(finished, tmp_path / "filled.csv", **cells)
    before = {
        p.name: p.read_bytes() for p in finished["out"].iterdir() if "safeglot.db-" not in p.name
    }
    asked = len(server.requests)
    flags = ("--arms", "backtranslate,reverse", "--arm-texts", path)
    for more in ((), ("--dry-run",)):
        done = safeglot(*finished["plain"], *flags, *more)
        assert done.returncode == 2
        says(done.stderr, "filled.csv:2", said)
    assert len(server.requests) == asked
    after = {
        p.name: p.read_bytes() for p in finished["out"].iterdir() if "safeglot.db-" not in p.name
    }
    assert after == before


def test_all_that_is_wrong_in_a_file_is_told_before_anything_is_spent(place):
    (place.folder / "texts.csv").write_text(
        "arm,id,language,text,translator,quality_x\n"
        "roundtrip,9,de,How?,a,\n"
        "roundtrip,1,xx-Nope,How?,a,\n"
        "roundtrip,1,en,How?,a,\n"
        "sideways,1,de,How?,a,\n"
        "roundtrip,2,de, ,a,\n"
        "roundtrip,3,de,How?,a,good\n"
        "roundtrip,4,de,May I?,a,\n"
        "roundtrip,4,de,May I say?,a,\n"
        "translators,4,de,Darf ich?,,\n"
        "main,4,de,Darf ich?,,0.5\n",
        "utf-8",
    )
    message = place.refuse_run(
        "--prompts", "prompts.csv", "--arms", "roundtrip,translators", "--arm-texts", "texts.csv"
    )
    says(
        message,
        "error: 9 problems",
        'texts.csv:2: "9" is no id',
        'texts.csv:3: "xx-Nope"',
        "texts.csv:4: en is the reference",
        'texts.csv:5: the arm is "sideways"; allowed: main, roundtrip',
        "texts.csv:6: the text is empty",
        "texts.csv:7: quality_x is 'good'",
        "texts.csv:9: roundtrip of 4 in de by a is there already, at texts.csv:8",
        'texts.csv:10: translators of 4 in de by given is by "given", as the main text',
        "texts.csv:11: main of 4 in de is not the text that the run has",
    )


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--arms", "roundtrip"), "needs its texts"),
        (("--arms", "roundtrip", "--arm-texts", "none.csv"), "no such file"),
        (
            ("--arms", "roundtrip", "--arm-texts", "prompts.csv"),
            "has no column arm, language, text",
        ),
        (("--arms", "roundtrip", "--arm-texts", "mini"), "are prompts"),
        (("--arms", "sideways"), "allowed are roundtrip"),
    ],
)
def test_flags_that_do_not_fit(place, flags, said):
    says(place.refuse_run("--prompts", "prompts.csv", *flags), said)


def test_translated_answers_before_there_are_answers(place):
    (place.folder / "texts.csv").write_text(
        "arm,id,language,text,answer_key\nbacktranslate,1,de,An answer.,0123456789abcdef\n", "utf-8"
    )
    flags = ("--prompts", "prompts.csv", "--arms", "backtranslate", "--arm-texts", "texts.csv")
    says(place.refuse_run(*flags, "--out", "new"), "texts.csv:2", "has no such answer yet")


def requests(done):
    return int(done.out.partition("requests to targets")[2].split()[0])


def test_a_dry_run_counts_the_arms(place):
    rows = "".join(f"roundtrip,{i},de,How {i}?,a\n" for i in range(1, 5))
    (place.folder / "texts.csv").write_text(f"arm,id,language,text,translator\n{rows}", "utf-8")
    given = ("--prompts", "prompts.csv", "--dry-run")
    assert requests(place.run(*given)) == 12
    flags = ("--arms", "roundtrip", "--arm-texts", "texts.csv")
    assert requests(place.run(*given, *flags)) == 16


def test_a_run_that_was_cut_off_at_its_beginning_goes_on(place):
    (place.folder / "texts.csv").write_text("arm,id,language,text\nroundtrip,1,de,How?\n", "utf-8")
    flags = ("--arms", "roundtrip", "--arm-texts", "texts.csv", "--out", "r")
    assert place.run("--prompts", "prompts.csv", *flags).code == 0
    before = (place.folder / "r" / "results.json").read_bytes()
    for path in (place.folder / "r").glob("safeglot.db*"):
        path.unlink()
    assert place.run("--prompts", "prompts.csv", *flags).code == 0
    assert (place.folder / "r" / "results.json").read_bytes() == before


def test_who_translated_back_is_compared(place):
    assert place.run("--prompts", "prompts.csv", "--out", "r").code == 0
    assert place("arms", "r", "--out", "todo.csv").code == 0
    text = (place.folder / "todo.csv").read_text("utf-8").splitlines()
    rows = list(csv.DictReader(text))
    for row in rows:
        row["text"], row["translator"] = "An answer.", "mt-a"
    main = {
        "arm": "main",
        "id": "1",
        "language": "de",
        "text": "Wie öffne ich es?",
        "translator": "mt-a",
    }
    (place.folder / "filled.jsonl").write_text(
        "".join(json.dumps(row) + "\n" for row in [main, *rows]), "utf-8"
    )
    done = place.run(
        "--prompts",
        "prompts.csv",
        "--out",
        "r",
        "--arms",
        "backtranslate",
        "--arm-texts",
        "filled.jsonl",
    )
    assert done.code == 0, done.err
    says(done.err, "de: mt-a translated the prompts and the answers back; A6 does not hold")
    manifest = json.loads((place.folder / "r" / "manifest.json").read_text("utf-8"))
    assert "A6 does not hold" in manifest["arms"]["warnings"][0]
    assert "no: mt-a" not in done.err


def test_what_is_there_is_not_written_over(place):
    assert place.run("--prompts", "prompts.csv", "--out", "r").code == 0
    says(place.refuse("arms", "r", "--out", "prompts.csv"), "is there already")
    says(place.refuse("arms", "r", "--out", "todo.txt"), "must end in .csv or .jsonl")
    says(place.refuse("arms", "nowhere", "--out", "todo.csv"), "no run here")
