from __future__ import annotations

import pytest

from safeglot.config.model_strings import (
    Form,
    JudgeConfig,
    Known,
    ModelConfig,
    NameReader,
    StepConfig,
    and_,
    as_list,
    model_table,
)

FORMS = {
    "ct2": Form(example="ct2/PATH"),
    "llm": Form(example="llm=provider/model"),
    "llm-da": Form(example="llm-da=provider/model"),
    "apertium": Form(example="apertium or apertium/eng-spa"),
}
KNOWN = Known(
    providers=("embedded", "openai", "vllm"), judges={"refusal-baseline": False, "rubric": True}
)


@pytest.fixture
def reader():
    return NameReader(KNOWN, [])


def test_a_model_is_a_provider_and_its_own_name_of_it(reader):
    model = reader.target("vllm/owner/name", "target", ("http://host/v1",))
    assert (model.provider, model.path) == ("vllm", "owner/name")
    assert model.base_url == "http://host/v1"
    assert reader.target("embedded/m", "target", ("http://host/v1",)).base_url is None
    assert reader.problems == []


def test_a_table_s_own_address_goes_before_that_of_all(reader):
    table = {"model": "vllm/m", "base_url": "http://own/v1", "usd_in": 1}
    model = reader.target(table, "target", ("http://host/v1",))
    assert (model.base_url, model.usd_in) == ("http://own/v1", 1.0)


def test_several_addresses_are_replicas_and_are_written_back_as_a_list(reader):
    at = ["http://a/v1", "http://b/v1"]
    own = reader.target({"model": "vllm/m", "base_url": [*at, at[0]]}, "target", ())
    given = reader.target("vllm/m", "target", at)
    assert own == given
    assert own.addresses == tuple(at)
    assert model_table(own)["base_url"] == at
    assert model_table(own.at(at[:1]))["base_url"] == at[0]
    assert ModelConfig(model="vllm/m").addresses == ()


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("gpt-5-nano", "a model is provider/model"),
        ("vllm/ ", "a model is provider/model"),
        ("openay/m", "Did you mean 'openai'?"),
        (7, 'allowed is "provider/model" or a table'),
        ({"model": "vllm/m", "base_ur": "x"}, "no such key. Did you mean 'base_url'?"),
        ({"model": "vllm/m", "usd_in": -1}, "allowed is at least 0"),
        ({"model": "vllm/m", "base_url": "ftp://h"}, "an address begins with http"),
        ({"model": "vllm/m", "base_url": ["http://h/v1", "h"]}, "got 'h'; an address begins with"),
        ({"model": "vllm/m", "base_url": []}, "empty; leave it out"),
        ({"model": "vllm/m", "base_url": [7]}, "allowed is a string or a list of strings"),
        ({"model": "vllm/m", "replicas": ["http://h/v1"]}, "allowed is a whole number"),
        ({"model": "vllm/m", "replicas": 0}, "at least 1"),
        ({"model": "vllm/m", "gpus_per_replica": 65}, "at most 64"),
    ],
)
def test_what_is_wrong_with_a_model_is_told(reader, given, why):
    reader.target(given, "target", ())
    (problem,) = reader.problems
    assert problem.startswith("target: ")
    assert why in problem


def test_a_judge_has_a_family_and_a_model_where_it_needs_one(reader):
    judge = reader.judge({"judge": "rubric=openai/m", "mode": "answer"}, "judge", None)
    assert judge == JudgeConfig(
        judge="rubric=openai/m", family="rubric", model=ModelConfig(model="openai/m"), mode="answer"
    )
    assert reader.judge("refusal-baseline", "judge", None).model is None
    assert reader.problems == []


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("rubik=openai/m", "unknown judge 'rubik'. Did you mean 'rubric'?"),
        ("rubric", "rubric needs a model, as in rubric=vllm/owner/name"),
        ("refusal-baseline=openai/m", "needs no model, got 'refusal-baseline=openai/m'"),
        ({"judge": "rubric=openai/m", "mode": "both"}, "got 'both', allowed are prompt+answer"),
    ],
)
def test_what_is_wrong_with_a_judge_is_told(reader, given, why):
    reader.judge(given, "judge", None)
    assert len(reader.problems) == 1
    assert why in reader.problems[0]


def test_a_step_is_taken_apart_by_the_longest_kind_that_fits(reader):
    assert reader.step("apertium", "with", FORMS, None) == StepConfig(
        name="apertium", kind="apertium"
    )
    assert reader.step("ct2/a/b", "with", FORMS, None).path == "a/b"
    step = reader.step("llm-da=openai/m", "with", FORMS, None)
    assert (step.kind, step.model.model) == ("llm-da", "openai/m")
    assert reader.problems == []


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("ct2", "it is written ct2/PATH"),
        ("ct2=a", "it is written ct2/PATH"),
        ("apertium/", "it is written apertium or apertium/eng-spa"),
        ("apertum", "Did you mean 'apertium'?"),
        ({"name": "apertium", "base_url": "http://h"}, "takes no base_url"),
        (None, "or a table with name"),
    ],
)
def test_what_is_wrong_with_a_step_is_told(reader, given, why):
    reader.step(given, "--with", FORMS, None)
    (problem,) = reader.problems
    assert problem.startswith("--with: ")
    assert why in problem


def test_a_name_that_is_there_twice_is_told_once(reader):
    reader.once(["a", "b", "a", "a"], "judge")
    assert len(reader.problems) == 1
    assert "judge: a is there twice" in reader.problems[0]


def test_small_parts():
    assert and_(("a", "b", "c")) == "a, b and c"
    assert as_list("a") == ["a"]
    assert as_list(("a", "b")) == ("a", "b")
    model = ModelConfig(model="vllm/m", usd_in=0.0)
    assert model_table(model) == {"model": "vllm/m", "usd_in": 0.0}
    assert model_table(model, skip="model") == {"usd_in": 0.0}
