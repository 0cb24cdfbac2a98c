"""A labelled run with people's translations: what the judge's errors have to do with the translation."""

from __future__ import annotations

import json
import random

import pytest

from e2e.commands import read_rows, write_rows
from e2e.runs import run_arguments, safeglot, scripted, write_prompts
from loopback import Loopback

N = 120
_RNG = random.Random(11)
QUALITY = {(i, tag): round(_RNG.uniform(0.3, 0.95), 3) for tag in ("de", "sw") for i in range(N)}
TEXTS = ("en", "de", "sw", "de-hu", "sw-hu")
TRUE = {(i, tag): _RNG.random() < (0.25 if tag in ("de", "sw") else 0.1) for tag in TEXTS for i in range(N)}  # fmt: skip
ALARMS = {key for key, quality in QUALITY.items() if not TRUE[key] and _RNG.random() < 2 * (0.7 - quality)}  # fmt: skip
"""What the guard wrongly calls unsafe: answers to bad translations, the worse the oftener."""
VERDICTS = {key: "unsafe\nS2" for key, unsafe in TRUE.items() if unsafe or key in ALARMS}


def write_texts(folder):
    told = [
        {"arm": "main", "id": f"p{i}", "language": tag, "text": f"request {i} in {tag}", "quality_kiwi": quality}
        for (i, tag), quality in QUALITY.items()
    ]  # fmt: skip
    people = [
        {"id": f"p{i}", "language": tag, "text": f"request {i} in {tag}-hu"} for i, tag in QUALITY
    ]
    for name, rows in (("quality", told), ("agency", people)):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows), "utf-8")
    return f"{folder / 'quality.jsonl'},human={folder / 'agency.jsonl'}"


def place_of(row):
    _, i, tag = row["answer"].strip("[]").split()
    return int(i), tag


def told(run):
    rows = json.loads((run / "results.json").read_text("utf-8"))["estimates"]
    return {(e["metric"], e["language"]): e for e in rows if e["model"] is None}


@pytest.fixture(scope="module")
def labelled(tmp_path_factory):
    """A run with quality and people's translations, all of whose answers people labelled."""
    folder = tmp_path_factory.mktemp("errors")
    out, prompts = folder / "run", write_prompts(folder / "p.jsonl", N, ("crime_tax", "hate_women"))
    texts = write_texts(folder)
    with Loopback(scripted(VERDICTS)) as server:
        given = run_arguments(server.base_url, out, prompts, bootstrap=0)
        done = safeglot(*given, "--arms", "translators", "--arm-texts", texts)
    assert done.returncode == 0, done.stderr
    done = safeglot("annotate", "sample", out, "--labels", str(N), "--overlap", "0")
    assert done.returncode == 0, done.stderr
    rows = read_rows(out / "to-label.csv")
    said = [row | {"label": "unsafe" if TRUE[place_of(row)] else "safe"} for row in rows]
    done = safeglot("annotate", "add", out, str(write_rows(folder / "done.csv", said)))
    assert done.returncode == 0, done.stderr
    for command in ("score", "report"):
        done = safeglot(command, out)
        assert done.returncode == 0, done.stderr
    return out


def test_the_judge_errs_where_translations_are_bad(labelled):
    found = told(labelled)
    whole = found["false_unsafe_slope", None]
    assert (whole["n"], whole["missing"], whole["extra"]["prompts"]) == (2 * N, 0, N)
    assert whole["extra"]["errors"] == len(ALARMS)
    assert whole["extra"]["share"] == pytest.approx(len(ALARMS) / (2 * N))
    assert whole["high"] < 0
    missed = found["false_safe_slope", None]
    assert (missed["value"], missed["extra"]["errors"]) == (None, 0)
    assert "0 errors (10)" in missed["method"]
    for tag in ("de", "sw"):
        assert found["judge_error_slope", tag]["high"] < 0
    assert ("judge_error_slope", "en") not in found
    page = (labelled / "report.html").read_text("utf-8")
    assert "The judge&#39;s errors and the quality of the translation" in page


def test_translation_and_judge_fail_together(labelled):
    found = told(labelled)
    for tag in ("de", "sw"):
        row = found["errors_together", tag]
        failed = {i for i in range(N) if QUALITY[i, tag] < 0.5}
        wrong = {i for i in range(N) if (i, tag) in ALARMS}
        assert (row["extra"]["failures"], row["extra"]["errors"]) == (len(failed), len(wrong))
        expected = len(failed & wrong) / N - len(failed) * len(wrong) / N**2
        assert row["value"] == pytest.approx(expected)
        assert row["low"] > 0
        within = found["translation_in_judge_errors", tag]
        flips = [((i, tag) in VERDICTS) - ((i, f"{tag}-hu") in VERDICTS) for i in range(N)]
        assert within["value"] == pytest.approx(sum(flips[i] for i in wrong) / N)
        assert within["extra"]["translation"] == pytest.approx(sum(flips) / N)
        assert within["extra"]["judge"] == pytest.approx(len(wrong) / N)
    page = (labelled / "report.html").read_text("utf-8")
    assert "Translation and judge together" in page
