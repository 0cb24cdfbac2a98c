from __future__ import annotations

import datetime as dt
import tomllib

import pytest
import tomli_w

from safeglot.config import model_settings
from safeglot.config.files import known
from safeglot.config.settings import build, to_table
from safeglot.errors import InputErrors
from safeglot.types import ModelSettings

TOML = """
[[target]]
model = "vllm/a"
max_tokens = "2000,sw=4000"
temperature = 0
top_p = "none"
logprobs = 3
seed = "none"
system_as_user = true
extra = { top_k = 40, chat_template_kwargs = { enable_thinking = false, more = ["a", 1.5] } }

[[judge]]
judge = "rubric=openai/j"
max_tokens = 64
temperature = "none"
logprobs = "none"
seed = 7
system_as_user = false

[[translator]]
name = "llm=openai/t"
temperature = 0.3

[[quality]]
name = "llm-da=openai/q"
extra = { reasoning_effort = "low" }
"""


def test_settings_of_models_come_back_from_run_toml_as_they_were_given():
    config = build(tomllib.loads(TOML), known=known())
    target, judge = config.target[0].settings, config.judge[0].model.settings
    assert (target.max_tokens, target.temperature, target.top_p) == ("2000,sw=4000", 0.0, "none")
    assert target.extra["chat_template_kwargs"] == {"enable_thinking": False, "more": ["a", 1.5]}
    assert (judge.temperature, judge.logprobs, judge.system_as_user) == ("none", "none", False)
    assert config.translator[0].model.settings == ModelSettings(temperature=0.3)
    assert config.quality[0].model.settings.extra == {"reasoning_effort": "low"}
    written = tomli_w.dumps(to_table(config))
    assert build(tomllib.loads(written), known=known()) == config


@pytest.mark.parametrize(
    ("key", "value", "why"),
    [
        ("max_tokens", 0, "allowed is at least 1"),
        ("max_tokens", "none", "allowed is a whole number"),
        ("max_tokens", "512,q=9", "unknown language tag 'q'"),
        ("temperature", 6, 'at most 5, or "none" to send nothing'),
        ("temperature", "None", 'allowed is a number, or "none"'),
        ("temperature", True, "allowed is a number"),
        ("temperature", float("nan"), "a finite number"),
        ("top_p", 0, "at least 1e-06"),
        ("logprobs", 21, "at most 20"),
        ("logprobs", 1.5, "a whole number"),
        ("seed", -1, "at least 0"),
        ("system_as_user", "yes", "true or false"),
        ("extra", "top_k=4", "allowed is a table"),
        ("extra", {"x": float("inf")}, "JSON has no form for"),
        ("extra", {"x": [{"y": dt.date(2026, 1, 1)}]}, "JSON has no form for"),
        ("extra", {"x": "\0"}, "JSON has no form for"),
    ],
)
def test_what_is_wrong_with_a_setting_is_told(key, value, why):
    with pytest.raises(InputErrors) as caught:
        build({"target": [{"model": "vllm/a", key: value}]}, known=known())
    (problem,) = caught.value.problems
    assert problem.startswith(f"safeglot.toml: target: {key} of vllm/a: ")
    assert why in problem


@pytest.mark.parametrize("name", ["model", "messages", "prompt", "n", "stream", "Stream", " n"])
@pytest.mark.parametrize("table", ["target", "judge", "translator", "quality"])
def test_extra_does_not_say_what_is_asked(name, table):
    names = {
        "target": {"model": "vllm/a"},
        "judge": {"judge": "rubric=vllm/a"},
        "translator": {"name": "llm=vllm/a"},
        "quality": {"name": "llm-da=vllm/a"},
    }
    with pytest.raises(InputErrors) as caught:
        build({table: [{**names[table], "extra": {name: 1}}]}, known=known())
    (problem,) = caught.value.problems
    assert f"got {name!r}, which extra must not set" in problem
    assert "Take it out" in problem


def test_a_setting_with_a_key_of_its_own_does_not_stand_in_extra():
    (fault,) = model_settings.extra_faults({"max_completion_tokens": 5})
    assert "max_tokens is the key" in fault


def test_settings_on_one_line():
    settings = ModelSettings(max_tokens=5, temperature=0.5, top_p="none", extra={"a": {"b": True}})
    shown = "max_tokens=5, temperature=0.5, top_p=none, extra={a={b=true}}"
    assert model_settings.line_of(settings) == shown
    assert model_settings.line_of(ModelSettings()) == ""


def test_an_unknown_key_is_told_with_the_nearest_setting():
    with pytest.raises(InputErrors, match="Did you mean 'temperature'"):
        build({"target": [{"model": "vllm/a", "temperatur": 1}]}, known=known())
