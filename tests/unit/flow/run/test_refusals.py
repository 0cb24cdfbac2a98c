import dataclasses

import pytest

from example.job import judge, prepared, prompt_set
from safeglot.config import registry
from safeglot.config.files import known
from safeglot.config.registry import EMBEDDED_JUDGES, JUDGES, REFUSAL_FAMILIES
from safeglot.config.settings import build, to_table
from safeglot.errors import InputErrors, UsageError
from safeglot.flow.run.refusals import refusal_notes


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


def benign(languages=("en", "ja")):
    both = prompt_set(languages=languages)
    prompts = (dataclasses.replace(p, kind="benign") for p in both.prompts)
    return dataclasses.replace(both, prompts=tuple(prompts))


GUARD, WILD = "llama-guard-3=vllm/g", "wildguard=vllm/w"


@pytest.mark.parametrize("first", [GUARD, WILD, "refusal-baseline"])
def test_beside_judges_it_joins_for_benign_prompts(first):
    job = prepared(benign(), judge=(judge(first),))
    assert named(job) == [(first, False), ("refusal-encoder", True)]
    (note,) = refusal_notes(job.config, job.prompts.languages)
    assert note == (
        "refusal-encoder joins for over-refusal on the benign prompts; it asks no model and gives "
        "no safety rates. --no-refusal-judge leaves it out"
    )
    assert named(prepared(judge=(judge(first),))) == [(first, False)]
    assert named(prepared(benign(), judge=(judge(first),), refusal_judge=False)) == [(first, False)]


def test_in_languages_that_it_does_not_cover_it_has_nothing_to_say():
    some = prepared(benign(("en", "sw", "vi")), judge=(judge(WILD),))
    assert named(some)[1:] == [("refusal-encoder", True)]
    assert "prompts (not in sw, vi); it" in next(refusal_notes(some.config, some.prompts.languages))
    assert named(prepared(benign(("sw", "vi")), judge=(judge(WILD),))) == [(WILD, False)]
    assert named(prepared(benign(("yo", "vi")), judge=(judge(GUARD),))) == [(GUARD, False)]
    covers_more = prepared(benign(("en", "sw")), judge=(judge(GUARD),))
    assert named(covers_more)[1:] == [("refusal-baseline", True)]


def test_who_named_no_judge_or_this_one_gets_no_second():
    assert named(prepared(benign())) == [("refusal-encoder", False)]
    own = (judge("refusal-encoder"), judge(WILD))
    assert [joins for _, joins in named(prepared(benign(), judge=own))] == [False, False]


def test_a_stored_configuration_says_which_judge_joined():
    config = prepared(benign(), judge=(judge(WILD),)).config
    again = build(to_table(config), known=known())
    assert [j.refusals_only for j in again.judge] == [False, True]
    assert named(prepared(benign(), judge=again.judge, refusal_judge=False)) == [(WILD, False)]
    with pytest.raises(InputErrors, match="name another judge beside it"):
        build(to_table(dataclasses.replace(config, judge=config.judge[1:])), known=known())
    for table, told in (
        ({"judge": WILD, "refusals_only": True}, "refusals_only"),
        ({"judge": "refusal-encoder", "refusals_only": "no"}, "got 'no', allowed are true and"),
    ):
        with pytest.raises(InputErrors, match=told):
            build({"judge": [WILD, table]}, known=known())


def test_where_the_package_is_not_installed_the_baseline_judges(monkeypatch):
    monkeypatch.setattr(registry, "has_encoder", lambda: False)
    assert named(prepared(prompt_set(languages=("en", "ja")))) == [("refusal-baseline", False)]
    assert named(prepared(benign(), judge=(judge(WILD),))) == [(WILD, False)]
    assert named(prepared(benign(), judge=(judge(GUARD),)))[1:] == [("refusal-baseline", True)]
    with pytest.raises(UsageError, match=r"needs the package .* pip install 'safeglot\[encoder\]'"):
        prepared(judge=(judge("refusal-encoder"),))
