from __future__ import annotations

import dataclasses

import pytest

from example.job import ORIGIN, VLLM, judge, prepared, prompt_set
from safeglot.config.model_strings import ModelConfig
from safeglot.config.settings import Config
from safeglot.errors import InputErrors
from safeglot.flow.run import job as jobs


def test_items_keep_the_languages_of_a_prompt_side_by_side():
    job = prepared(samples=2)
    told = [(i.prompt.id, i.translation.language, i.sample) for i in job.items()]
    assert told == [(p, tag, s) for p in ("p0", "p1") for tag in ("en", "de") for s in (0, 1)]
    assert (job.n_answers, sum(map(job.n_verdicts_of, job.judges))) == (8, 8)


def test_arms_are_planned_beside_the_main_texts_and_are_no_part_of_the_identity(tmp_path):
    path = tmp_path / "texts.csv"
    path.write_text(
        "arm,id,language,text,translator\n"
        "roundtrip,p0,de,back again,mt\ntranslators,p1,de,anders,mt\n",
        "utf-8",
    )
    plain = prepared(samples=2)
    job = prepared(samples=2, arms=("roundtrip", "translators"), arm_texts=(str(path),))
    assert job.identity() == plain.identity()
    assert (job.n_answers, sum(map(job.n_verdicts_of, job.judges))) == (
        plain.n_answers + 4,
        sum(map(plain.n_verdicts_of, plain.judges)) + 4,
    )
    told = [(i.translation.text, i.translation.language, i.sample) for i in job.items()][8:]
    assert told == [
        ("back again", "en", 0), ("back again", "en", 1), ("anders", "de", 0), ("anders", "de", 1),
    ]  # fmt: skip
    assert job.n_answers == 12
    line = jobs.run_signature(job.identity(), {}, 0.95, 0)
    assert "arms" not in line
    with_arms = jobs.run_signature(job.identity(), {}, 0.95, 0, arms="abc")
    assert set(with_arms.split("|")) - set(line.split("|")) == {"arms:abc"}


def test_a_revision_that_nobody_verifies_is_told_as_what_was_said():
    identity = prepared().identity() | {"targets": "vllm/a@r1+gguf/b.gguf@abc+openai/c"}
    line = jobs.run_signature(identity, {}, 0.95, 0)
    assert "|targets:vllm/a@said:r1+gguf/b.gguf@abc+openai/c|" in line


def test_the_identity_has_all_that_must_not_change():
    first = prepared().identity()
    assert prepared().identity() == first
    for change in (
        {"temperature": 0.5}, {"top_p": 0.5}, {"seed": 1}, {"max_tokens": 9}, {"samples": 2}, {"raw": True},
        {"system": "Be kind."}, {"reference": "de"}, {"target": (ModelConfig(model="vllm/b"),)},
        {"target": (dataclasses.replace(VLLM, revision="r1"),)}, {"target": (dataclasses.replace(VLLM, raw=True),)},
    ):  # fmt: skip
        assert prepared(**change).identity() != first, change
    for prompts in (prompt_set(text="other"), prompt_set(n=3), prompt_set(languages=("de", "en"))):
        assert prepared(prompts).identity() != first


def test_the_identity_has_nothing_that_cannot_move_a_number():
    first = prepared().identity()
    for same in (
        {"concurrency": 2}, {"retries": 0}, {"timeout_s": 9.0}, {"budget_tokens": 9}, {"max_missing": 0.5}, {"out": "x"},
        {"level": 0.9}, {"target": (dataclasses.replace(VLLM, base_url="http://h", key_env="HOME", usd_in=1.0),)},
        {"judge": (judge("rubric=vllm/j"),)},
    ):  # fmt: skip
        assert prepared(**same).identity() == first, same


def test_the_signature_carries_identity_judges_and_level():
    job = prepared()
    line = jobs.run_signature(job.identity(), job.judge_ids(), 0.95, 1000)
    assert line == jobs.run_signature(job.identity(), job.judge_ids(), 0.95, 1000)
    others = {
        jobs.run_signature(job.identity() | {"targets": "x"}, job.judge_ids(), 0.95, 1000),
        jobs.run_signature(job.identity(), {"refusal-baseline": "x"}, 0.95, 1000),
        jobs.run_signature(job.identity(), job.judge_ids(), 0.9, 1000),
        jobs.run_signature(job.identity(), job.judge_ids(), 0.95, 0),
    }
    assert len(others) == 4
    assert line not in others


def test_a_judge_that_is_not_shown_the_prompt_has_its_mode_in_its_name():
    both = (judge("rubric=vllm/j"), judge("rubric=vllm/j", mode="answer"))
    job = prepared(judge=both)
    assert list(job.judge_ids()) == ["rubric=vllm/j", "rubric=vllm/j@answer"]
    assert len(set(job.judge_ids().values())) == 2


def test_every_key_and_file_that_is_lacking_is_told(monkeypatch, tmp_path):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("MINE", raising=False)
    targets = (
        ModelConfig(model="openai/a"), ModelConfig(model="openai/b"), ModelConfig(model="vllm/c", key_env="MINE"),
        ModelConfig(model=f"gguf/{tmp_path}/none.gguf"), ModelConfig(model="embedded/smollm"),
        ModelConfig(model="openai/d", base_url="http://127.0.0.1:1/v1"),
    )  # fmt: skip
    with pytest.raises(InputErrors) as caught:
        prepared(target=targets, judge=(judge("rubric=openai/a"),))
    assert len(caught.value.problems) == 5
    assert [p.split(":")[0] for p in caught.value.problems[:3]] == [
        "openai/a",
        "openai/b",
        "vllm/c",
    ]


def test_targets_are_not_needed_where_only_judges_run(monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    config = Config(target=(ModelConfig(model="openai/a"),))
    assert jobs.prepare(config, prompt_set(), ORIGIN, target_ids=["openai/x"]).judges


@pytest.mark.parametrize(
    ("prompts", "target", "out"),
    [
        ("mini", "vllm/owner/name", "runs/mini-name"),
        ("data/my file.csv", "openai/gpt", "runs/my-file-gpt"),
        ("hf:owner/set", "vllm/a", "runs/set-a"),
    ],
)
def test_the_usual_folder(prompts, target, out):
    assert jobs.default_out(Config(prompts=prompts, target=(ModelConfig(model=target),))) == out
