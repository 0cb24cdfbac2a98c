"""Facts of models: from a file, guessed for M-ALERT's models, or refused by name."""

import pytest

from safeglot.errors import InputErrors, UsageError
from safeglot.experiments.model_facts import Fact, facts_of, pairs_of


def file(tmp_path, text):
    path = tmp_path / "models.csv"
    path.write_text(text, "utf-8")
    return path


def test_models_of_m_alert_are_known_by_the_last_part_of_their_name():
    found = facts_of(
        ["vllm/google/gemma-2-9b-it", "Qwen2.5-72B", "hf/x/LLAMA-3.1-8B (second)"], None
    )
    assert found["vllm/google/gemma-2-9b-it"] == Fact(
        family="Gemma 2", params_b=9, instruct=True, base="gemma-2-9b"
    )
    assert found["Qwen2.5-72B"].params_b == 72
    assert not found["hf/x/LLAMA-3.1-8B (second)"].instruct


def test_the_file_goes_before_the_table_and_models_without_facts_are_named(tmp_path):
    path = file(tmp_path, "model,family,params_b,instruct\ngemma-2-9b-it,Mine,9.2,no\n")
    assert facts_of(["vllm/gemma-2-9b-it"], path)["vllm/gemma-2-9b-it"] == Fact(
        family="Mine", params_b=9.2, instruct=False
    )
    with pytest.raises(UsageError) as caught:
        facts_of(["vllm/gemma-2-9b-it", "vllm/own-1", "vllm/own-2"], path)
    assert "vllm/own-1, vllm/own-2" in str(caught.value)
    assert "model,family,params_b,instruct" in str(caught.value)


def test_all_faults_of_the_file_are_told_at_once(tmp_path):
    path = file(
        tmp_path,
        "model,family,params_b,instruct\na,F,big,true\nb,,7,maybe\nc,F,-1,false\nd,F,1,1\nd,F,2,0\n",
    )
    with pytest.raises(InputErrors) as caught:
        facts_of(["a"], path)
    problems = caught.value.problems
    assert [int(p.split(":")[2]) for p in problems] == [2, 3, 3, 4, 6]
    for part, problem in zip(
        ("'big'", "'maybe'", "family", "'-1'", "twice"), problems, strict=True
    ):
        assert part in problem


def fact(family="F", size=7.0, *, instruct=True, base=None):
    return Fact(family=family, params_b=size, instruct=instruct, base=base)


def test_pairs_by_the_named_base_else_by_family_and_size():
    facts = {
        "vllm/a": fact(instruct=False),
        "vllm/a-chat": fact(base="a"),
        "b": fact(size=3, instruct=False),
        "b-chat": fact(size=3),
        "c-chat": fact(size=99),
        "d-chat": fact(base="not-here"),
    }
    assert pairs_of(facts) == [("vllm/a-chat", "vllm/a"), ("b-chat", "b")]


def test_two_bases_of_one_size_need_a_name():
    facts = {"a": fact(instruct=False), "b": fact(instruct=False), "chat": fact()}
    with pytest.raises(UsageError, match="a and b"):
        pairs_of(facts)
    assert pairs_of(facts | {"chat": fact(base="b")}) == [("chat", "b")]
