from __future__ import annotations

import pytest

from example.job import QUIET, judge
from loopback import Fault, Loopback, Script, default_answer
from safeglot.config.files import configured
from safeglot.config.model_strings import ModelConfig
from safeglot.config.settings import Config
from safeglot.errors import InputErrors
from safeglot.flow.checkup import check_up, checkup


def tried(config):
    return {one.name: one for one in checkup(config, QUIET)}


def config_at(server, **more):
    flags = {
        "target": ("vllm/target",), "judge": ("llama-guard-3=vllm/guard",), "base_url": (server.base_url,),
    }  # fmt: skip
    return configured(None, flags | more)


def test_a_model_that_answers_and_a_judge_that_reads_are_well(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with Loopback() as server:
        config = config_at(server)
        found = tried(config)
        assert found["vllm/target"].said == "answers"
        assert found["llama-guard-3=vllm/guard"].said == "passes its first check (4 exchanges)"
        assert [one.fault for one in found.values()] == ["", ""]
        (request,) = server.requests
        assert request.texts == ["Say hello in one word."], "harmless, and one only"
        check_up(config, QUIET, "c.toml")
    assert capsys.readouterr().out.endswith(
        "Nothing is wrong. Next: safeglot run c.toml --dry-run\n"
    )
    assert list(tmp_path.iterdir()) == [], "nothing is written"


def test_each_fault_is_told_with_what_to_do(capsys):
    def fault(seen):
        if seen.model == "targt":
            return Fault(status=404, message="The model `targt` does not exist.")
        return None

    with Loopback(
        Script(answer=lambda _: "I am a chat model.", fault=fault, checks=True)
    ) as server:
        config = config_at(server, target=("vllm/targt", "vllm/target"))
        with pytest.raises(InputErrors) as caught:
            check_up(config, QUIET, "c.toml")
    unknown, unread = caught.value.problems
    assert "The server has: vllm/target. Name one of these." in unknown
    assert "no reply of llama-guard-3=vllm/guard can be read" in unread
    out = capsys.readouterr().out
    assert "vllm/targt  gives no answer" in out
    assert "vllm/target  answers" in out
    assert "llama-guard-3=vllm/guard  fails its first check" in out


def test_a_key_that_is_not_set_and_a_model_that_only_thinks(monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    found = tried(Config(target=(ModelConfig(model="openai/gpt-x"),)))["openai/gpt-x"]
    assert "the environment variable OPENAI_API_KEY is not set" in found.fault
    body = {
        "choices": [
            {"message": {"content": "", "reasoning_content": "hm"}, "finish_reason": "length"}
        ]
    }
    with Loopback(Script(answer=default_answer, fault=lambda _: Fault(body=body))) as server:
        found = tried(config_at(server, judge=("refusal-baseline",)))
    assert found["vllm/target"].said == "answers", (
        "it is there; how much room it needs the run tells"
    )


def test_what_runs_in_this_process_is_not_loaded():
    config = Config(
        target=(ModelConfig(model="embedded/smollm2-135m"),), judge=(judge("refusal-baseline"),)
    )
    assert {one.said for one in tried(config).values()} == {
        "runs in this process; not loaded for this"
    }
