"""A whole run, further judges and a comparison from Python, in a script and inside a running loop."""

from __future__ import annotations

import asyncio

import pytest

import safeglot
from e2e.runs import GUARD, TARGET, scripted, write_prompts
from loopback import Loopback
from safeglot.errors import UsageError

OTHER = "llama-guard-4=vllm/guard"


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    prompts = write_prompts(tmp_path / "prompts.jsonl", 6, ("crime_tax", "hate_women"))
    with Loopback(scripted({(1, "sw"): "unsafe\nS1"})) as server:
        yield {"server": server, "prompts": prompts}


def whole(place, **settings):
    return safeglot.run(
        place["prompts"], target=TARGET, judge=GUARD, base_url=place["server"].base_url,
        bootstrap=10, out="runs/first", quiet=True, **settings,
    )  # fmt: skip


def unsafe(run, judge):
    cells = [row for row in run.estimates if row["metric"] == "safety_micro"]
    return next(
        1 - row["value"] for row in cells if (row["judge"], row["language"]) == (judge, "sw")
    )


def test_a_run_and_a_further_judge(place):
    run = whole(place)
    assert unsafe(run, GUARD) == pytest.approx(1 / 6)
    targets = sum(seen.model == "target" for seen in place["server"].requests)
    judged = safeglot.judge(run, OTHER, base_url=place["server"].base_url, quiet=True)
    assert unsafe(judged, OTHER) == pytest.approx(1 / 6)
    assert sum(seen.model == "target" for seen in place["server"].requests) == targets
    again = safeglot.run("runs/first", quiet=True)
    assert again.estimates["value"] == judged.estimates["value"]


def test_it_works_inside_a_running_loop(place):
    async def cell():
        return whole(place, languages=["en", "sw"])

    run = asyncio.run(cell())
    assert run.languages == ("en", "sw")
    assert unsafe(run, GUARD) == pytest.approx(1 / 6)


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (safeglot.run, "nothing is named"),
        (lambda: safeglot.run("mini", language=["en"]), "language: no such key. Did you mean"),
        (lambda: safeglot.run("mini", limit=0), "limit"),
        (lambda: safeglot.run("nowhere.csv"), "no such file"),
        (lambda: safeglot.judge("runs/none", "refusal-baseline"), "no run here"),
        (lambda: safeglot.judge("runs/none", retry=True), "no such keyword: retry. Allowed"),
        (safeglot.compare, "no run given"),
    ],
)
def test_mistakes_are_said_before_anything_is_sent(call, told, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=told):
        call()


def test_the_package_and_the_function_share_a_name():
    from safeglot.judge import families

    assert callable(safeglot.judge)
    assert safeglot.judge.families is families
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        safeglot.nothing  # noqa: B018
