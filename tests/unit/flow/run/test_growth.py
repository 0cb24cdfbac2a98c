from __future__ import annotations

import dataclasses

import pytest

from example.job import VLLM, begun, judge, prepared, prompt_set
from safeglot.config.model_strings import ModelConfig
from safeglot.flow.run import growth, session
from safeglot.types import ModelSettings

SECOND = ModelConfig(model="vllm/b")
BASE, RUBRIC = judge("refusal-baseline"), judge("rubric=vllm/j")


@pytest.fixture
def run_dir(tmp_path):
    return begun(tmp_path / "run", prompt_set(4))[0]


def plan(prompts=None, **settings):
    settings.setdefault("judge", (BASE,))
    return prepared(prompts or prompt_set(4), **settings)


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({}, ""),
        ({"prompts": prompt_set(6)}, "2 prompts"),
        ({"prompts": prompt_set(4, ("sw", "de", "en"))}, "languages sw"),
        ({"target": (SECOND, VLLM)}, "targets vllm/b"),
        ({"judge": (RUBRIC, BASE)}, "judges rubric=vllm/j"),
        ({"samples": 3}, "2 more answers to each prompt"),
        ({"judge": (), "samples": 2}, "1 more answers to each prompt"),
        (
            {"prompts": prompt_set(5, ("en", "de", "sw")), "target": (VLLM, SECOND)},
            "languages sw; targets vllm/b; 1 prompts",
        ),
    ],
)
def test_whatever_is_more_joins_and_is_told(run_dir, more, told):
    job = plan(**more)
    assert session.difference(run_dir, job) is None
    assert growth.gains(run_dir.read_manifest(), job) == told


@pytest.mark.parametrize(
    ("less", "told"),
    [
        ({"prompts": prompt_set(2)}, "prompts: there 4, now 2, without p2, p3."),
        ({"prompts": prompt_set(4, ("en",))}, "languages: there en,de, now en."),
        (
            {"target": (SECOND,)},
            "targets: there vllm/a, now vllm/b.",
        ),
    ],
)
def test_less_is_another_run_and_each_thing_that_is_gone_is_told(run_dir, less, told):
    other = session.difference(run_dir, plan(**less))
    assert other.kind == "a run of other inputs."
    assert other.what == told
    assert "its run.toml does" in other.do


def test_fewer_samples_are_less(tmp_path):
    run_dir, _ = begun(tmp_path / "run", samples=3)
    other = session.difference(run_dir, plan(prompt_set(), samples=2))
    assert other.what == "samples: there 3, now 2."


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"seed": 5}, "seed: there 0, now 5."),
        ({"reference": "de"}, "reference: there en, now de."),
        ({"target": (dataclasses.replace(VLLM, revision="r"), SECOND)}, "targets: there vllm/a, now vllm/a@r."),
        (
            {"target": (dataclasses.replace(VLLM, settings=ModelSettings(max_tokens=9)), SECOND)},
            "samples=1, now max=200,t=1,p=1,seed=0,samples=1,vllm/a(max_tokens=9).",
        ),
    ],
)  # fmt: skip
def test_what_a_run_holds_must_be_as_it_was_however_much_joins(run_dir, change, told):
    other = session.difference(run_dir, plan(prompt_set(6), limit=6, **change))
    assert other.kind == "a run of other inputs."
    assert other.what.endswith(told)
    assert "limit" not in other.what


def test_other_texts_are_named(run_dir):
    whole = prompt_set(6)
    texts = [
        dataclasses.replace(t, text="other") if t.prompt != "p0" else t for t in whole.translations
    ]
    other = session.difference(run_dir, plan(dataclasses.replace(whole, translations=tuple(texts))))
    assert other.what.endswith("other texts of p1 (en), p1 (de), p2 (en), ….")


def test_a_judge_of_one_name_that_is_another_is_told(tmp_path):
    first = dataclasses.replace(RUBRIC.model, settings=ModelSettings(max_tokens=9))
    run_dir, _ = begun(tmp_path / "run", judge=(dataclasses.replace(RUBRIC, model=first),))
    other = session.difference(run_dir, plan(prompt_set(), judge=(RUBRIC,)))
    assert other.kind.startswith("this run with other judges (settings of single models: there rub")
    assert other.what == "judges: there rubric=vllm/j, now rubric=vllm/j."


def test_a_selection_that_takes_less_and_a_setting_are_both_told(run_dir):
    other = session.difference(run_dir, plan(prompt_set(2), limit=2, top_p=0.5))
    assert other.what == "limit: there not given, now 2; top-p: there 1, now 0.5."


def test_a_judge_that_was_added_for_refusals_may_go(tmp_path):
    added = dataclasses.replace(BASE, refusals_only=True)
    run_dir, _ = begun(tmp_path / "run", judge=(RUBRIC, added))
    assert session.difference(run_dir, plan(prompt_set(), judge=(RUBRIC,))) is None
    run_dir, _ = begun(tmp_path / "named", judge=(RUBRIC, BASE))
    other = session.difference(run_dir, plan(prompt_set(), judge=(RUBRIC,)))
    assert other.kind == "this run with other judges."


def test_a_shard_grows_into_the_whole(tmp_path):
    whole = prompt_set(6)
    run_dir, _ = begun(tmp_path / "run", whole.keep((0, 3)), shard="1/3")
    assert session.difference(run_dir, plan(whole)) is None
    begun(tmp_path / "run", whole)
    assert "shard" not in run_dir.read_manifest().identity
    assert session.difference(run_dir, plan(whole.keep((0, 3)), shard="1/3")).what == (
        "shard: there not given, now 1/3."
    )


def test_the_part_that_a_run_holds_stands_in_its_order(run_dir):
    job = plan(prompt_set(6, ("sw", "de", "en")), target=(SECOND, VLLM), samples=2)
    part = growth.held_part(job, run_dir.read_manifest(), ["p0", "p1", "p2", "p3"])
    assert part.identity() == run_dir.read_manifest().identity
    assert [t.name for t in part.targets] == ["vllm/a"]


def test_a_run_takes_over_the_order_of_the_plan_that_it_grows_by(run_dir):
    job = plan(prompt_set(6, ("sw", "de", "en")), target=(SECOND, VLLM), out=str(run_dir.path))
    before = run_dir.read_manifest()
    begun(run_dir.path, prompt_set(6, ("sw", "de", "en")), target=(SECOND, VLLM))
    after = run_dir.read_manifest()
    assert (after.languages, after.models) == (("sw", "de", "en"), ("vllm/b", "vllm/a"))
    assert (after.identity, after.created) == (job.identity(), before.created)
    with session.opened(run_dir) as store:
        assert [p.id for p in store.prompts()] == [f"p{i}" for i in range(6)]
