"""Servers that refuse settings: a target, a judge or a translator is asked without, and the record says so."""

from __future__ import annotations

import json
import tomllib

import pytest

from e2e.runs import LANGUAGES, estimates, run_arguments, safeglot, write_prompts
from loopback import Fault, Loopback, Script

N = 6
TOTAL = N * len(LANGUAGES)
CATEGORIES = ("crime_tax", "hate_women")


@pytest.fixture
def prompts(tmp_path):
    return write_prompts(tmp_path / "prompts.jsonl", N, CATEGORIES)


def answer(seen):
    if seen.model == "guard":
        safe = [[("B", -0.01), ("A", -5.0)]]
        return {"text": "B", "logprobs": safe} if "logprobs" in seen.body else "B"
    return "[refusal]"


def refusing(model, *names, body):
    """A model that refuses some fields; a temperature or top_p of 1 it takes."""

    def fault(seen):
        sent = [n for n in names if n in seen.body]
        sent = [n for n in sent if n not in ("temperature", "top_p") or seen.body[n] != 1]
        if seen.model != model or not sent:
            return None
        return Fault(status=400, body=body(sent[0]))

    return Script(answer=answer, fault=fault)


def openai(name):
    text = f"Unsupported value: '{name}'"
    return {"error": {"message": text, "param": name, "code": "unsupported_value"}}


def chinese(name):
    return {"error": {"message": f"模型不支持参数 {name}。", "code": "1210"}}


def vllm(name):
    return {"object": "error", "message": f"[{{'loc': ('body', '{name}'), 'msg': 'no'}}]"}


RUBRIC = {"judge": "rubric=vllm/guard", "bootstrap": 0, "answers": 0}


def manifest(out):
    return json.loads((out / "manifest.json").read_text("utf-8"))


def signature(out):
    return json.loads((out / "results.json").read_text("utf-8"))["signature"]


@pytest.mark.parametrize("body", [openai, chinese, vllm], ids=lambda body: body.__name__)
def test_a_judge_that_takes_no_temperature_and_no_logprobs_judges(prompts, tmp_path, body):
    out = tmp_path / "run"
    with Loopback(refusing("guard", "temperature", "logprobs", body=body)) as server:
        done = safeglot(*run_arguments(server.base_url, out, prompts, **RUBRIC))
    assert done.returncode == 0, done.stderr
    assert estimates(out)["safety_micro", "sw", None]["value"] == 1.0
    assert done.stderr.count("its server refuses temperature") == 1
    assert done.stderr.count("its server refuses logprobs") == 1
    assert "have no p_unsafe" in done.stderr
    assert manifest(out)["adapted"] == {"vllm/guard": ["logprobs=none", "temperature=none"]}
    assert "|adapted:vllm/guard(logprobs=none,temperature=none)" in signature(out)
    assert signature(out).startswith(manifest(out)["signature"])
    assert "no p_unsafe" in manifest(out)["judge_notes"]["rubric=vllm/guard"][-1]
    assert "settings that servers refused" in (out / "report.html").read_text("utf-8")


@pytest.mark.parametrize(
    ("model", "name", "flags"),
    [
        ("target", "top_p", {"top-p": 0.9}),
        ("target", "seed", {}),
        ("target", "max_tokens", {}),
        ("target", "temperature", {"temperature": 0}),
        ("guard", "logprobs", {}),
        ("guard", "max_tokens", {}),
        ("guard", "temperature", {}),
    ],
)
def test_each_setting_of_each_model_can_be_refused(prompts, tmp_path, model, name, flags):
    out = tmp_path / "run"
    with Loopback(refusing(model, name, body=openai)) as server:
        done = safeglot(*run_arguments(server.base_url, out, prompts, **RUBRIC, **flags))
    assert done.returncode == 0, done.stderr
    sent = "max_completion_tokens" if name == "max_tokens" else "none"
    assert manifest(out)["adapted"] == {f"vllm/{model}": [f"{name}={sent}"]}
    assert f"note: vllm/{model}: its server refuses {name}" in done.stderr


def test_on_resuming_the_refused_setting_is_not_sent_again(prompts, tmp_path):
    out = tmp_path / "run"
    script = refusing("target", "seed", body=openai)
    with Loopback(script) as server:
        # the first check of the judge takes some 2,800 of them
        first = run_arguments(server.base_url, out, prompts, **RUBRIC, **{"budget-tokens": 3400})
        assert safeglot(*first).returncode == 4
        before = len(server.requests)
        done = safeglot(*run_arguments(server.base_url, out, prompts, **RUBRIC))
        later = server.requests[before:]
    assert done.returncode == 0, done.stderr
    assert not any("seed" in seen.body for seen in later if seen.model == "target")
    assert "refuses" not in done.stderr
    assert "|adapted:vllm/target(seed=none)" in signature(out)


def test_where_asking_in_another_way_does_not_help_the_run_stops_and_names_the_key(
    prompts, tmp_path
):
    def fault(seen):
        return Fault(status=400, body=openai("temperature")) if seen.model == "guard" else None

    out = tmp_path / "run"
    with Loopback(Script(answer=answer, fault=fault)) as server:
        done = safeglot(*run_arguments(server.base_url, out, prompts, **RUBRIC))
    assert done.returncode in (2, 4)
    assert "set temperature in the table of vllm/guard in the TOML" in done.stderr
    assert 'temperature = "none"' in done.stderr


def test_settings_of_models_are_sent_and_part_of_the_run(prompts, tmp_path):
    out, file = tmp_path / "run", tmp_path / "study.toml"
    with Loopback(Script(answer=answer)) as server:
        file.write_text(f"""
prompts = "{prompts}"
out = "{out}"
base_url = "{server.base_url}"
bootstrap = 0
system = "Be brief."

[[target]]
model = "vllm/target"
max_tokens = 33
temperature = "none"
seed = "none"
system_as_user = true
extra = {{ chat_template_kwargs = {{ enable_thinking = false }} }}

[[judge]]
judge = "rubric=vllm/guard"
max_tokens = 2
logprobs = "none"
seed = 5
""")
        done = safeglot("run", file)
        assert done.returncode == 0, done.stderr
        again = safeglot("run", out / "run.toml")
        assert again.returncode == 0, again.stderr
        other = file.read_text().replace("max_tokens = 33", "max_tokens = 34")
        file.write_text(other)
        changed = safeglot("run", file)
        file.write_text(other.replace("34", "33").replace("seed = 5", "seed = 6"))
        judged = safeglot("run", file)
    asked = [seen.body for seen in server.requests if seen.model == "target"]
    assert len(asked) == TOTAL
    for body in asked:
        assert body["max_tokens"] == 33
        assert body["chat_template_kwargs"] == {"enable_thinking": False}
        assert body["messages"][0]["content"].startswith("Be brief.\n\nrequest")
        assert "seed" not in body
        assert "temperature" not in body
    bodies = [seen.body for seen in server.requests if seen.model == "guard"]
    assert all(body["seed"] == 5 and "logprobs" not in body for body in bodies)
    assert "max_tokens = 2 is less than the 4 that rubric asks for" in done.stderr
    assert "verdicts have no p_unsafe" in done.stderr
    target = tomllib.loads((out / "run.toml").read_text("utf-8"))["target"][0]
    assert target["extra"] == {"chat_template_kwargs": {"enable_thinking": False}}
    assert "vllm/target(max_tokens=33, temperature=none, seed=none" in signature(out)
    assert changed.returncode == judged.returncode == 2
    assert "max_tokens=33" in changed.stderr
    assert "seed=6" in judged.stderr


def test_a_translator_is_asked_without_what_it_refuses(tmp_path):
    prompts = write_prompts(tmp_path / "p.jsonl", 3, CATEGORIES, ("en",))

    def said(seen):
        tag = seen.texts[-1].split("<text ")[1].split(">")[0]
        text = seen.texts[-1].split(f"<text {tag}>\n")[1].split("\n</text")[0]
        return f"<translation {tag}>ombi {text.split()[1]} kwa Kiswahili</translation {tag}>"

    def fault(seen):
        refused = [n for n in ("temperature", "max_tokens", "seed") if n in seen.body]
        return Fault(status=422, body=vllm(refused[0])) if refused else None

    folder = tmp_path / "set"
    with Loopback(Script(answer=said, fault=fault)) as server:
        done = safeglot(
            "translate", prompts, "--to", "sw", "--with", "llm=vllm/chat", "--gate",
            "none", "--base-url", server.base_url, "--max-missing", "1", "--out", folder,
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("its server refuses") == 3
    assert json.loads((folder / "manifest.json").read_text())["adapted"] == {
        "vllm/chat": ["max_tokens=max_completion_tokens", "seed=none", "temperature=none"]
    }


def test_a_name_that_the_server_does_not_have_is_told_with_those_it_has(prompts, tmp_path):
    def fault(seen):
        known = seen.model in ("target", "guard")
        return (
            None
            if known
            else Fault(status=404, message=f"The model `{seen.model}` does not exist.")
        )

    with Loopback(Script(answer=answer, fault=fault)) as server:
        wrong = {**RUBRIC, "target": "vllm/targt"}
        done = safeglot(*run_arguments(server.base_url, tmp_path / "run", prompts, **wrong))
    assert done.returncode == 4
    assert "The server has: vllm/target. Name one of these." in done.stderr
