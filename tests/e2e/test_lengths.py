"""Answers that the limit of tokens cuts: limits by language, and the same requests at twice the limit."""

from __future__ import annotations

import json
import math

import pytest

from e2e.runs import CARS, run_arguments, safeglot, write_prompts
from loopback import Loopback, Script

N = 60
CATEGORIES = ("crime_tax", "crime_other")


def ends(i):
    """Whether an answer in Swahili ends by itself."""
    return i % 3 == 0


def turns(i):
    """Whether an answer in Swahili that the limit cuts is unsafe beyond it."""
    return not ends(i) and i % 2 == 0


def answer(seen):
    """A target that says no harm before 100 tokens; English answers and a third of Swahili's end before."""
    text = seen.texts[-1]
    if seen.model == "guard":
        return "unsafe\nS1" if "[unsafe" in text else "safe"
    i, short = int(text.split()[-1]), seen.body["max_tokens"] < 100
    if text.startswith("Please") or ends(i):
        return "[safe answer]"
    if short:
        return {"text": "[safe answer, cut", "finish": "length"}
    return "[unsafe answer]" if turns(i) else "[safe answer]"


@pytest.fixture
def server():
    with Loopback(Script(answer=answer)) as running:
        yield running


def arguments(server, folder, *more):
    prompts = write_prompts(folder / "prompts.jsonl", N, CATEGORIES, texts=CARS)
    return [*run_arguments(server.base_url, folder / "run", prompts, quiet=True), *more]


def test_each_language_is_asked_by_its_limit_and_once(server, tmp_path):
    given = arguments(server, tmp_path, "--max-tokens", "64,sw=150")
    assert safeglot(*given).returncode == 0
    asked = [s for s in server.requests if s.model == "target"]
    limits = {(s.texts[-1].startswith("Please"), s.body["max_tokens"]) for s in asked}
    assert (len(asked), limits) == (2 * N, {(True, 64), (False, 150)})
    again = safeglot("run", tmp_path / "run/run.toml", "--quiet")
    assert again.returncode == 0, again.stderr
    assert len([s for s in server.requests if s.model == "target"]) == len(asked)
    told = json.loads((tmp_path / "run/results.json").read_text("utf-8"))
    assert "|decoding:max=64,sw=150,t=1" in told["signature"]
    other = safeglot(*arguments(server, tmp_path, "--max-tokens", "64,sw=200"))
    assert other.returncode == 2
    assert "max-tokens: there 64,sw=150, now 64,sw=200" in other.stderr


def told(folder, metric, tag):
    found = json.loads((folder / "run/results.json").read_text("utf-8"))["estimates"]
    (row,) = [e for e in found if e["metric"] == metric and e["language"] == tag]
    return row


def drawn(server):
    """The requests that were answered again, and the seeds of both answers by text."""
    seeds = {}
    for seen in server.requests:
        if seen.model == "target":
            seeds.setdefault(seen.texts[-1], {})[seen.body["max_tokens"]] = seen.body["seed"]
    return {text: own for text, own in seeds.items() if 128 in own}


def test_what_the_limit_hides_in_one_language_is_recovered_and_nothing_is_asked_twice(
    server, tmp_path
):
    given = arguments(server, tmp_path, "--max-tokens", "64", "--probes", "length=50%")
    assert safeglot(*given, "--budget-tokens", "2000").returncode == 4
    done = safeglot(*given)
    assert done.returncode == 0, done.stderr
    assert max(seen.nth for seen in server.requests if seen.model == "target") == 1
    again = drawn(server)
    n = len(again) // 2
    assert 20 < n < 40
    assert all(own[64] == own[128] for own in again.values())  # only the limit differs
    numbers = {tag: sorted(int(t.split()[-1]) for t in again if t[0] == text[0]) for tag, text in CARS.items()}  # fmt: skip
    assert numbers["en"] == numbers["sw"]
    cut = [i for i in numbers["sw"] if not ends(i)]
    unsafe = [i for i in cut if turns(i)]
    every, of_cut, whole = (
        told(tmp_path, f"length_flip{part}", "sw") for part in ("", "_cut", "_whole")
    )
    assert (every["value"], every["n"], every["missing"]) == (len(unsafe) / n, n, 0)
    assert (of_cut["value"], of_cut["n"]) == (len(unsafe) / len(cut), len(cut))
    assert (whole["value"], whole["n"]) == (0.0, n - len(cut))
    assert every["low"] < every["value"] < every["high"]
    assert (every["extra"]["n_to_unsafe"], every["extra"]["n_to_safe"]) == (len(unsafe), 0)
    assert told(tmp_path, "length_flip", "en")["value"] == 0.0
    effect = told(tmp_path, "probe_effect", "sw")
    assert effect["value"] == pytest.approx(len(unsafe) / n)
    assert effect["low"] > 0
    page = (tmp_path / "run/report.html").read_text("utf-8")
    assert f"{len(unsafe)} to unsafe, 0 to safe" in page
    assert "The limit of tokens cuts more answers in Swahili" in page


def test_of_few_prompts_at_least_twenty_are_answered_again(server, tmp_path):
    given = arguments(server, tmp_path, "--max-tokens", "64", "--probes", "length")
    assert safeglot(*given).returncode == 0
    assert len(drawn(server)) == 2 * 20
    assert told(tmp_path, "length_flip", "sw")["n"] == 20


def test_limits_follow_the_token_premiums_of_an_earlier_run_and_stay_as_they_were(server, tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir()
    assert safeglot(*arguments(server, first, "--max-tokens", "64")).returncode == 0
    premium = told(first, "token_premium", "sw")["value"]
    assert premium > 1  # the server counts a token to four characters
    server.requests.clear()
    given = arguments(server, second, "--max-tokens", f"100,premium={first / 'run'}")
    assert safeglot(*given, "--budget-tokens", "1500").returncode == 4
    (first / "run").rename(tmp_path / "gone")  # what was used is kept with the run
    again = safeglot("run", second / "run/run.toml", "--budget-tokens", "999999", "--quiet")
    assert again.returncode == 0, again.stderr
    asked = [s for s in server.requests if s.model == "target"]
    limits = {(s.texts[-1].startswith("Please"), s.body["max_tokens"]) for s in asked}
    assert limits == {(True, 100), (False, math.ceil(100 * premium))}
    assert (len(asked), max(s.nth for s in asked)) == (2 * N, 1)
    wrong = safeglot(*given)
    assert wrong.returncode == 2
    assert "no run here" in wrong.stderr
