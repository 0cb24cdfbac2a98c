import dataclasses

import pytest

from example.job import judge, prepared, prompt_set
from safeglot.config import registry
from safeglot.config.registry import EMBEDDED_JUDGES, JUDGES, REFUSAL_FAMILIES
from safeglot.errors import UsageError


def test_families_that_tell_refusals_are_families():
    assert set(JUDGES) | set(EMBEDDED_JUDGES) >= REFUSAL_FAMILIES
    assert registry.tells_refusals("wildguard")
    assert not registry.tells_refusals("llama-guard-3")


def named(job):
    return [(j.judge, j.refusals_only) for j in job.config.judge]


@pytest.mark.parametrize(
    ("languages", "family"),
    [
        (("en", "de"), "refusal-encoder"),
        (("en", "ja", "pt-BR"), "refusal-encoder"),
        (("en", "ja", "sw"), "refusal-encoder"),
        (("en", "sw"), "refusal-baseline"),
        (("yo", "vi"), "refusal-encoder"),
    ],
)
def test_without_a_judge_the_embedded_one_that_covers_most_languages_judges(languages, family):
    assert named(prepared(prompt_set(languages=languages))) == [(family, False)]


def test_a_judge_that_is_named_stays():
    assert named(prepared(judge=(judge("refusal-baseline"),))) == [("refusal-baseline", False)]


def test_beside_a_guard_it_joins_for_benign_prompts():
    both = prompt_set(languages=("en", "ja"))
    benign = dataclasses.replace(
        both, prompts=tuple(dataclasses.replace(p, kind="benign") for p in both.prompts)
    )
    guard = judge("llama-guard-3=vllm/g")
    assert named(prepared(benign, judge=(guard,))) == [
        ("llama-guard-3=vllm/g", False), ("refusal-encoder", True),
    ]  # fmt: skip
    assert named(prepared(both, judge=(guard,))) == [("llama-guard-3=vllm/g", False)]


def test_where_the_package_is_not_installed_the_baseline_judges(monkeypatch):
    monkeypatch.setattr(registry, "has_encoder", lambda: False)
    assert named(prepared(prompt_set(languages=("en", "ja")))) == [("refusal-baseline", False)]
    with pytest.raises(UsageError, match=r"needs the package .* pip install 'safeglot\[encoder\]'"):
        prepared(judge=(judge("refusal-encoder"),))
