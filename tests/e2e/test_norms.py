"""One set of answers in several locales under several norms: what counts differs, the model does not."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter

import pytest

from copies import copied
from e2e.runs import GUARD, run_arguments, safeglot, scripted, write_prompts
from e2e.served import asked, served
from loopback import Loopback, Script
from safeglot.keys import of_norms

N = 120
KINDS, LOCALES = ("crime_theft", "hate_other"), ("en", "de-AT", "es-MX")


def verdict(i, tag):
    """In every language 1 answer in 4 is unsafe: thefts in English and Austria, half of them hate in Mexico."""
    unsafe = {
        0: "unsafe\nS2",
        1 if tag == "es-MX" else 2: "unsafe\nS10" if tag == "es-MX" else "unsafe\nS2",
    }
    return unsafe.get(i % 8, "safe")


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    """A run, judged under two norms whose verdicts follow from the guard's; what was asked for them."""
    folder = tmp_path_factory.mktemp("norms")
    prompts = write_prompts(folder / "p.jsonl", N, KINDS, LOCALES)
    (folder / "norms").mkdir()
    (folder / "norms" / "A.toml").write_text('counts = ["crime"]\n', "utf-8")
    (folder / "norms" / "B.toml").write_text('counts = ["crime", "hate"]\n', "utf-8")
    out = folder / "run"
    told = {(i, tag): verdict(i, tag) for i in range(N) for tag in LOCALES}
    with Loopback(scripted(told)) as server:
        done = safeglot(*run_arguments(server.base_url, out, prompts))
        assert done.returncode == 0, done.stderr
        asked = len(server.requests)
        done = safeglot("judge", out, "--norms", folder / "norms")
        assert done.returncode == 0, done.stderr
        assert len(server.requests) == asked  # they follow from what the guard said
        for stage in ("score", "report"):
            done = safeglot(stage, out)
            assert done.returncode == 0, done.stderr
    return out


def found(out, metric):
    rows = json.loads((out / "results.json").read_text("utf-8"))["estimates"]
    return {
        (
            r["judge"].partition("@norms-")[2],
            r["extra"]["other"].partition("@norms-")[2],
            r["language"],
        ): r
        for r in rows
        if r["metric"] == metric
    }


def test_who_calls_what_unsafe(judged):
    apart = found(judged, "norms_apart")
    assert apart["B", "A", "es-MX"]["value"] == pytest.approx(1 / 8)
    assert apart["B", "A", "en"]["value"] == apart["A", "B", "es-MX"]["value"] == 0
    assert apart["B", "", "es-MX"]["value"] == apart["", "B", "es-MX"]["value"] == 0
    assert apart["B", "A", None]["value"] == pytest.approx(1 / 24)


def test_the_part_of_a_gap_that_is_the_norms(judged):
    gap = found(judged, "norms_gap")
    own = gap["A", "B", "es-MX"]
    assert own["value"] == pytest.approx(
        1 / 8
    )  # safer by 12.5 points under A, as hate does not count
    assert own["low"] > 0
    assert own["extra"]["p_holm"] < 0.001
    assert (own["extra"]["gap"], own["extra"]["gap_other"]) == (pytest.approx(1 / 8), 0)
    assert gap["A", "B", "de-AT"]["value"] == 0
    assert gap["", "B", "es-MX"]["value"] == 0
    assert (own["n"], own["missing"]) == (N, 0)


def test_all_that_a_judge_has_is_there_under_norms(judged):
    rows = json.loads((judged / "results.json").read_text("utf-8"))["estimates"]
    rates = {
        r["judge"]: r["value"]
        for r in rows
        if (r["metric"], r["language"]) == ("safety_micro", "es-MX")
    }
    assert rates == {GUARD: 0.75, f"{GUARD}@norms-A": 0.875, f"{GUARD}@norms-B": 0.75}


def test_the_people_of_a_locale_rate_its_answers_and_say_which_norms_they_share(judged, tmp_path):
    out = tmp_path / "run"
    copied(judged, out)
    file, done = tmp_path / "to-label.csv", tmp_path / "labelled.csv"
    sampled = safeglot("annotate", "sample", out, "--labels", "40", "--design", "simple", "--overlap", "0", "--out", file)  # fmt: skip
    assert sampled.returncode == 0, sampled.stderr
    with served("label", out) as app:
        for tag in LOCALES:
            status, _, page = asked(f"{app.base}label?language={tag}")
            assert (status, re.findall(r"\[answer \d+ ([\w-]+)\]", page)) == (200, [tag])
    with file.open(encoding="utf-8-sig", newline="") as given:
        rows = list(csv.DictReader(given))
    assert Counter(row["language"] for row in rows) == dict.fromkeys(LOCALES, 40)
    for row in rows:  # in Mexico people find nothing wrong with what the norms A let pass
        said = verdict(int(row["answer"].split()[1]), row["language"])
        counts = said == "unsafe\nS2" or (said != "safe" and row["language"] != "es-MX")
        row["label"] = "unsafe" if counts else "safe"
    with done.open("w", encoding="utf-8", newline="") as labelled:
        writer = csv.DictWriter(labelled, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    for command in (("annotate", "add", out, done), ("score", out)):
        told = safeglot(*command)
        assert told.returncode == 0, told.stderr
    estimates = json.loads((out / "results.json").read_text("utf-8"))["estimates"]
    kappa = {
        (of_norms(r["judge"])[1], r["language"]): r["value"]
        for r in estimates
        if r["metric"] == "judge_kappa"
    }
    assert kappa["A", "es-MX"] == kappa["A", "de-AT"] == kappa["B", "de-AT"] == 1
    assert kappa["B", "es-MX"] < 0.8


RUBRIC = "rubric=vllm/guard"
TEXT = "Whatever speaks ill of a dish."


def test_a_judge_that_takes_a_text_reads_the_answers_again_and_once(tmp_path):
    prompts = write_prompts(tmp_path / "p.jsonl", 8, KINDS)
    norms, out = tmp_path / "C.toml", tmp_path / "run"
    norms.write_text(f'text = "{TEXT}"\n', "utf-8")

    def answer(seen):
        if seen.model != "guard":
            return "[answer]"
        return "A" if "a dish" in seen.texts[-1] else "B"

    with Loopback(Script(answer=answer)) as server:
        done = safeglot(*run_arguments(server.base_url, out, prompts, judge=RUBRIC))
        assert done.returncode == 0, done.stderr

        def requests(*arguments):
            before = len(server.requests)
            done = safeglot(*arguments)
            assert done.returncode == 0, done.stderr
            return server.requests[before:]

        again = requests("judge", out, "--norms", norms)
        # equal answers to a prompt are asked about once
        assert {TEXT in seen.texts[-1] for seen in again} == {True}
        assert len(again) == 24
        assert requests("judge", out, "--norms", norms) == []
        assert requests("run", out) == []
        norms.write_text(f'text = "{TEXT} Or of a dish that is liked."\n', "utf-8")
        assert len(requests("judge", out, "--norms", norms)) == 24
    assert safeglot("score", out).returncode == 0
    assert found(out, "norms_apart")["C", "", None]["value"] == 1


@pytest.mark.parametrize(
    ("judge", "text", "says"),
    [
        (
            "wildguard=vllm/guard",
            'counts = ["crime"]',
            "the verdicts of wildguard name no category",
        ),
        (GUARD, 'text = "No rudeness."', "llama-guard-3 takes no text of norms"),
        (GUARD, 'counts = ["crimes"]', "Did you mean 'crime'?"),
        (GUARD, "counts = crime", "not valid TOML"),
    ],
)
def test_norms_that_nothing_can_be_told_under_are_refused_and_nothing_is_asked(
    judged, tmp_path, judge, text, says
):
    norms = tmp_path / "D.toml"
    norms.write_text(text, "utf-8")
    before = (judged / "run.toml").read_bytes()
    url = "http://127.0.0.1:1/v1"
    done = safeglot("judge", judged, "--judge", judge, "--judge-base-url", url, "--norms", norms)
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert (judged / "run.toml").read_bytes() == before
