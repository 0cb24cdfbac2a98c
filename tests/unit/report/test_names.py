from __future__ import annotations

from safeglot.report.names import cut_names, key_of, short_judge, short_model, short_names
from safeglot.report.width import display_width


def test_names_are_short():
    assert short_judge("llama-guard-3=vllm/meta-llama/Llama-Guard-3-8B") == "llama-guard-3"
    assert short_judge("refusal-baseline") == "refusal-baseline"
    assert short_model("vllm/acme/polyglot-8b") == "acme/polyglot-8b"
    assert short_model("openai/gpt-5-nano") == "gpt-5-nano"
    assert short_model("embedded/smollm2-135m") == "embedded/smollm2-135m"


def test_names_are_short_where_that_tells_them_apart():
    names = (
        "llama-guard-3=vllm/meta/Guard",
        "vllm/acme/x-1",
        "hf/acme/x-1",
        "vllm/a/b=c",
        "wildguard",
    )
    assert [*short_names(names).values()] == ["llama-guard-3", *names[1:3], "a/b=c", "wildguard"]


def test_cut_names_are_never_alike_and_have_a_key():
    names = ["vllm/a/x", "openai/a/x", "hf/" + "y" * 50, "hf/" + "y" * 24 + "z" + "y" * 25, "hf/\x1b[31mé\n"]  # fmt: skip
    cut = cut_names(names, 20)
    assert len(set(cut.values())) == 5
    assert all(display_width(name) <= 20 for name in cut.values())
    assert cut[names[4]] == "é"
    assert key_of(cut) == [f"{cut[name]} is {name}" for name in names[2:4]]
