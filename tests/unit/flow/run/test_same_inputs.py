"""A run goes on without reading its prompt file, where nothing that is asked has changed."""

from __future__ import annotations

import dataclasses
import json
import sqlite3

import pytest

from example.job import BASELINE, VLLM, judge
from safeglot import pipeline
from safeglot.backends.console import Console
from safeglot.backends.files.rundir import RunDir
from safeglot.config.model_strings import ModelConfig
from safeglot.config.settings import Config
from safeglot.flow.run import session
from safeglot.flow.run.same_inputs import held_job


def write(path, n=4):
    rows = [
        {"id": str(i), "category": "crime_tax", "language": tag, "text": f"How is {i} made? {tag}"}
        for i in range(n)
        for tag in ("en", "sw")
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")


@pytest.fixture
def config(tmp_path):
    """The configuration of a run that has begun."""
    write(tmp_path / "prompts.jsonl")
    config = Config(
        prompts=str(tmp_path / "prompts.jsonl"),
        target=(VLLM,),
        judge=(judge(BASELINE),),
        out=str(tmp_path / "run"),
    )
    with session.begun(RunDir(tmp_path / "run"), pipeline.plan(config), Console(quiet=True)):
        pass
    return config


def test_the_job_is_that_of_a_reading_but_for_the_prompts(config):
    job, read = held_job(config), pipeline.plan(config)
    assert job is not None
    assert job.held
    assert (job.targets, job.judges, job.path) == (read.targets, read.judges, read.path)
    assert (len(job.prompts.prompts), job.prompts.languages) == (0, read.prompts.languages)
    assert job.prompts.taxonomy.categories == read.prompts.taxonomy.categories


def test_going_on_leaves_the_manifest_and_takes_over_limits(config, tmp_path):
    run_dir = RunDir(tmp_path / "run")
    about, texts = run_dir.read_manifest(), counts(run_dir)
    wider = dataclasses.replace(config, concurrency=256, retries=1)
    with session.begun(run_dir, held_job(wider), Console(quiet=True)):
        pass
    assert run_dir.read_manifest() == about
    assert counts(run_dir) == texts == (4, 8)
    assert session.stored_config(run_dir).concurrency == 256


def counts(run_dir):
    with sqlite3.connect(run_dir.database) as db:
        return tuple(
            db.execute(f"SELECT COUNT(*) FROM {name}").fetchone()[0]
            for name in ("prompts", "translations")
        )


@pytest.mark.parametrize(
    "change",
    [
        {"limit": 1},
        {"languages": ("en",)},
        {"samples": 2},
        {"seed": 1},
        {"level": 0.9},
        {"bootstrap": 10},
        {"target": (VLLM, ModelConfig(model="vllm/b"))},
        {"judge": (judge(BASELINE), judge("rubric=vllm/j"))},
        {"shard": "1/2"},
        {"probes": ("framing=story",)},
        {"to": ("yo",)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_whatever_else_is_asked_for_the_prompts_are_read(config, change):
    assert held_job(dataclasses.replace(config, **change)) is None


def test_another_file_is_read(config, tmp_path):
    write(tmp_path / "prompts.jsonl", n=5)
    assert held_job(config) is None


def test_another_address_of_a_model_is_the_same_run(config, monkeypatch):
    monkeypatch.setenv("OTHER", "key")
    moved = dataclasses.replace(VLLM, base_url="http://127.0.0.1:9/v1", key_env="OTHER")
    job = held_job(dataclasses.replace(config, target=(moved,)))
    assert job is not None
    assert job.config.target == (moved,)


def test_no_run_or_a_part_of_one_is_read(config, tmp_path):
    with sqlite3.connect(tmp_path / "run" / "safeglot.db") as db:
        db.execute("DELETE FROM prompts WHERE id = '1'")
    assert held_job(config) is None
    (tmp_path / "run" / "safeglot.db").write_bytes(b"no database at all, but some text")
    assert held_job(config) is None
    (tmp_path / "run" / "manifest.json").write_text("{}", "utf-8")
    assert held_job(config) is None
    assert held_job(dataclasses.replace(config, out=str(tmp_path / "other"))) is None
