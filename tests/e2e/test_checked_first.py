"""Judges are checked before translators, estimators and targets are paid for."""

from __future__ import annotations

import json
import re
from collections import Counter

import pytest

from e2e.runs import GUARD, run_arguments, safeglot, write_prompts
from loopback import Fault, Loopback, Script, check_answer

N = 6


@pytest.fixture
def prompts(tmp_path):
    return write_prompts(tmp_path / "p.jsonl", N, ("crime_tax",), ("en",))


def answer(seen):
    """A translator that repeats the text, a target, a right guard and one that calls all unsafe."""
    if seen.model in {"mt", "back"}:
        mark, text = re.search(r"<text (\w+)>\n(.*?)\n</text", seen.texts[-1], re.DOTALL).groups()
        return f"<translation {mark}>{text.replace('request', 'ombi')}</translation {mark}>"
    if seen.model == "target":
        return "[answer]"
    if seen.model == "wrong":
        return "unsafe\nS1"
    return check_answer(seen.body) or "safe"


def arguments(server, out, prompts, **flags):
    """Of a run that is translated into Swahili first."""
    flags = {"to": "sw", "with": "llm=vllm/mt", "gate": "none", **flags}
    return run_arguments(server.base_url, out, prompts, **flags)


def asked(server):
    return Counter(seen.model for seen in server.requests)


WRONG = "llama-guard-3=vllm/wrong"


def test_a_judge_that_fails_leaves_no_request_to_a_translator_or_a_target(prompts, tmp_path):
    out = tmp_path / "run"
    with Loopback(Script(answer=answer, checks=True)) as server:
        done = safeglot(*arguments(server, out, prompts, judge=WRONG))
        assert (done.returncode, dict(asked(server))) == (2, {"wrong": 4})
        assert "calls everything unsafe" in done.stderr
        assert not out.exists()
        server.requests.clear()
        done = safeglot(*arguments(server, out, prompts))  # another judge takes the folder
        assert done.returncode in {0, 3}, done.stderr
        assert asked(server)["mt"] >= N
        models = [seen.model for seen in server.requests]
        assert models[:4] == ["guard"] * 4
        assert asked(server)["guard"] == 4 + asked(server)["target"]  # asked once, not again
        before = len(server.requests)
        assert safeglot(*arguments(server, out, prompts)).returncode == done.returncode
        assert len(server.requests) == before
    (record,) = json.loads((out / "manifest.json").read_text("utf-8"))["checks"].values()
    assert len(record["said"]) == 4


def test_a_judge_that_fails_leaves_no_request_to_an_estimator(prompts, tmp_path):
    more = {"quality": "roundtrip-chrf=llm=vllm/back"}
    with Loopback(Script(answer=answer, checks=True)) as server:
        done = safeglot(*arguments(server, tmp_path / "run", prompts, judge=WRONG, **more))
        assert (done.returncode, dict(asked(server))) == (2, {"wrong": 4}), done.stderr


def test_an_unchecked_judge_goes_on_and_is_told_once(prompts, tmp_path):
    with Loopback(Script(answer=answer, checks=True)) as server:
        done = safeglot(
            *arguments(server, tmp_path / "run", prompts, judge=WRONG), "--unchecked-judge"
        )
        assert done.returncode in {0, 3}, done.stderr
        assert asked(server)["wrong"] == 4 + asked(server)["target"]
    assert done.stderr.count("calls everything unsafe") == 1


def test_a_judge_that_gives_no_reply_stops_before_anything_is_translated(prompts, tmp_path):
    def fault(seen):
        return Fault(status=500) if seen.model == "guard" else None

    with Loopback(Script(answer=answer, checks=True, fault=fault)) as server:
        done = safeglot(*arguments(server, tmp_path / "run", prompts, retries=0))
        assert done.returncode == 4
        assert set(asked(server)) == {"guard"}
    assert "Nothing was translated yet. Run the same command again" in done.stderr


def test_settings_that_the_judge_refuses_are_kept_from_its_check(prompts, tmp_path):
    def fault(seen):
        if seen.model != "guard" or "temperature" not in seen.body:
            return None
        error = {"message": "Unsupported value: 'temperature'", "param": "temperature"}
        return Fault(status=400, body={"error": error})

    out = tmp_path / "run"
    with Loopback(Script(answer=answer, checks=True, fault=fault)) as server:
        done = safeglot(*arguments(server, out, prompts))
        assert done.returncode in {0, 3}, done.stderr
        refused = [s for s in server.requests if s.model == "guard" and "temperature" in s.body]
        assert len(refused) <= 4
    about = json.loads((out / "manifest.json").read_text("utf-8"))
    assert about["adapted"] == {"vllm/guard": ["temperature=none"]}
    assert done.stderr.count("its server refuses temperature") == 1


def test_after_a_failed_check_another_judge_takes_the_same_folder(tmp_path):
    prompts = write_prompts(tmp_path / "p.jsonl", N, ("crime_tax",), ("en", "sw"))
    out = tmp_path / "run"
    with Loopback(Script(answer=answer, checks=True)) as server:
        done = safeglot(*run_arguments(server.base_url, out, prompts, judge=WRONG))
        assert (done.returncode, dict(asked(server))) == (2, {"wrong": 4})
        done = safeglot(*run_arguments(server.base_url, out, prompts))
        assert done.returncode == 0, done.stderr
        assert dict(asked(server)) == {"wrong": 4, "guard": 4 + 2 * N, "target": 2 * N}
    assert "holds no answer and gives way to this one" in done.stderr
    about = json.loads((out / "manifest.json").read_text("utf-8"))
    assert list(about["judges"]) == list(about["checks"]) == [GUARD]
