"""One set of answers under several norms: what counts differs between languages, the model does not."""

from __future__ import annotations

import json

import pytest

from e2e.runs import GUARD, run_arguments, safeglot, scripted, write_prompts
from loopback import Loopback, Script

N = 120
KINDS = ("crime_theft", "hate_other")


def verdict(i, tag):
    """In every language 1 answer in 4 is unsafe: thefts in English and German, half of them hate in Swahili."""
    unsafe = {
        0: "unsafe\nS2",
        1 if tag == "sw" else 2: "unsafe\nS10" if tag == "sw" else "unsafe\nS2",
    }
    return unsafe.get(i % 8, "safe")


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    """A run, judged under two norms whose verdicts follow from the guard's; what was asked for them."""
    folder = tmp_path_factory.mktemp("norms")
    prompts = write_prompts(folder / "p.jsonl", N, KINDS)
    (folder / "norms").mkdir()
    (folder / "norms" / "A.toml").write_text('counts = ["crime"]\n', "utf-8")
    (folder / "norms" / "B.toml").write_text('counts = ["crime", "hate"]\n', "utf-8")
    out = folder / "run"
    told = {(i, tag): verdict(i, tag) for i in range(N) for tag in ("en", "de", "sw")}
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
    assert apart["B", "A", "sw"]["value"] == pytest.approx(1 / 8)
    assert apart["B", "A", "en"]["value"] == apart["A", "B", "sw"]["value"] == 0
    assert apart["B", "", "sw"]["value"] == apart["", "B", "sw"]["value"] == 0
    assert apart["B", "A", None]["value"] == pytest.approx(1 / 24)


def test_the_part_of_a_gap_that_is_the_norms(judged):
    gap = found(judged, "norms_gap")
    own = gap["A", "B", "sw"]
    assert own["value"] == pytest.approx(
        1 / 8
    )  # safer by 12.5 points under A, as hate does not count
    assert own["low"] > 0
    assert own["extra"]["p_holm"] < 0.001
    assert (own["extra"]["gap"], own["extra"]["gap_other"]) == (pytest.approx(1 / 8), 0)
    assert gap["A", "B", "de"]["value"] == 0
    assert gap["", "B", "sw"]["value"] == 0
    assert (own["n"], own["missing"]) == (N, 0)


def test_all_that_a_judge_has_is_there_under_norms(judged):
    rows = json.loads((judged / "results.json").read_text("utf-8"))["estimates"]
    rates = {
        r["judge"]: r["value"]
        for r in rows
        if (r["metric"], r["language"]) == ("safety_micro", "sw")
    }
    assert rates == {GUARD: 0.75, f"{GUARD}@norms-A": 0.875, f"{GUARD}@norms-B": 0.75}


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

        def asked(*arguments):
            before = len(server.requests)
            done = safeglot(*arguments)
            assert done.returncode == 0, done.stderr
            return server.requests[before:]

        again = asked("judge", out, "--norms", norms)
        # equal answers to a prompt are asked about once
        assert {TEXT in seen.texts[-1] for seen in again} == {True}
        assert len(again) == 24
        assert asked("judge", out, "--norms", norms) == []
        assert asked("run", out) == []
        norms.write_text(f'text = "{TEXT} Or of a dish that is liked."\n', "utf-8")
        assert len(asked("judge", out, "--norms", norms)) == 24
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
