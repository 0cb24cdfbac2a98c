from __future__ import annotations

import dataclasses

import pytest

from example.job import ORIGIN, QUIET, answered, judge, prompt_set
from loopback import Loopback, Script, check_answer
from safeglot.backends.files.rundir import RunDir
from safeglot.config.model_strings import ModelConfig
from safeglot.config.settings import Config
from safeglot.errors import UsageError
from safeglot.flow.collection import Work
from safeglot.flow.judging.beforehand import FirstCheck
from safeglot.flow.run import job as jobs
from safeglot.flow.run import session

PROMPTS = prompt_set()


@pytest.fixture
def server():
    script = Script(answer=lambda seen: check_answer(seen.body) or "?", checks=True)
    with Loopback(script) as running:
        yield running


def config(server, out):
    rubric = judge("rubric=vllm/j")
    model = ModelConfig(model="vllm/j", base_url=server.base_url)
    return Config(
        target=(ModelConfig(model="vllm/a"),),
        judge=(dataclasses.replace(rubric, model=model),),
        out=str(out),
    )


def begun(first, config):
    job = jobs.prepare(config, PROMPTS, ORIGIN)
    run_dir = RunDir(job.path)
    with session.begun(run_dir, job, QUIET) as store:
        first.on_beginning(Work(job=job, run_dir=run_dir, store=store, console=QUIET))
        assert len(store.keys("replies")) == 4
    return run_dir.read_manifest().checks


def test_what_is_said_before_a_run_begins_is_not_asked_again(server, tmp_path):
    first, asked = FirstCheck(QUIET), config(server, tmp_path / "run")
    first.before(asked, PROMPTS, ORIGIN)
    first.before(asked, PROMPTS, ORIGIN)  # estimators come after the translators
    assert not (tmp_path / "run").exists()
    assert list(begun(first, asked)) == ["rubric=vllm/j"]
    assert len(server.requests) == 4
    again = FirstCheck(QUIET)  # cut off before an answer was there: it is known
    again.before(asked, PROMPTS, ORIGIN)
    assert len(server.requests) == 4


def test_where_nothing_is_bought_before_it_is_asked_once_the_run_has_begun(server, tmp_path):
    assert begun(FirstCheck(QUIET), config(server, tmp_path / "run"))
    assert len(server.requests) == 4


def test_one_that_fails_leaves_no_folder(server, tmp_path):
    server.script = Script(answer=lambda _: "A", checks=True)
    with pytest.raises(UsageError, match="calls harmless exchanges unsafe"):
        FirstCheck(QUIET).before(config(server, tmp_path / "run"), PROMPTS, ORIGIN)
    assert list(tmp_path.iterdir()) == []


def test_a_run_with_answers_is_not_checked_before_it(server, tmp_path):
    answered(tmp_path / "run")
    FirstCheck(QUIET).before(config(server, tmp_path / "run"), PROMPTS, ORIGIN)
    assert server.requests == []
