from __future__ import annotations

import dataclasses
import sqlite3

import pytest

from example.job import QUIET, answered, begun, judge, judged, prepared, prompt_set
from safeglot.backends.console import Console
from safeglot.backends.files.rundir import RunDir
from safeglot.errors import TooMuchMissing, UsageError
from safeglot.flow.run import session


def test_a_run_that_is_begun_holds_its_inputs(tmp_path):
    run_dir, job = begun(tmp_path / "run")
    assert session.stored_config(run_dir) == dataclasses.replace(job.config, out=str(run_dir.path))
    with session.opened(run_dir) as store:
        found = session.stored_prompts(store, run_dir.read_manifest())
    assert found.prompts == job.prompts.prompts
    assert found.translations == job.prompts.translations
    assert (found.taxonomy, found.languages, found.source) == (
        job.prompts.taxonomy,
        ("en", "de"),
        "p.csv",
    )


def test_a_text_that_is_lacking_is_stored_with_its_reason_and_not_replaced(tmp_path):
    whole = prompt_set()
    run_dir, _ = begun(
        tmp_path / "run", dataclasses.replace(whole, translations=whole.translations[:3])
    )
    with session.opened(run_dir) as store:
        found = session.stored_prompts(store, run_dir.read_manifest())
    assert found.translations == whole.translations[:3]


def test_resuming_takes_over_limits_and_the_level(tmp_path):
    run_dir, _ = begun(tmp_path / "run", level=0.95, retries=1)
    before = run_dir.read_manifest()
    begun(tmp_path / "run", level=0.9, retries=7)
    config, after = session.stored_config(run_dir), run_dir.read_manifest()
    assert (config.level, config.retries) == (0.9, 7)
    assert (after.level, after.created, after.identity) == (0.9, before.created, before.identity)


def test_a_judge_joins_a_run_that_has_none(tmp_path):
    run_dir, _ = begun(tmp_path / "run", judge=())
    with pytest.raises(
        UsageError, match=r"has answers and no judge yet.*--judge family=provider/model"
    ):
        session.judged_config(run_dir)
    _, job = begun(tmp_path / "run")
    assert run_dir.read_manifest().judges == job.judge_ids()
    assert session.judged_config(run_dir).judge == job.config.judge


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"seed": 5}, "seed: there 0, now 5"),
        ({"prompts": prompt_set(text="other")}, "the content of the prompts"),
        ({"judge": (judge("rubric=vllm/j"),)}, "now rubric=vllm/j"),
    ],
)
def test_a_run_without_an_answer_gives_way(tmp_path, capsys, change, told):
    run_dir, _ = begun(tmp_path / "run")
    run_dir.results.write_text("{}", "utf-8")
    prompts = change.get("prompts")
    more = {k: v for k, v in change.items() if k != "prompts"}
    job = prepared(
        prompts, out=str(run_dir.path), **{"judge": (judge("refusal-baseline"),), **more}
    )
    with session.begun(run_dir, job, Console()) as store:
        assert len(store.prompts()) == len(job.prompts.prompts)
    said = capsys.readouterr().err
    assert "holds no answer and gives way to this one" in said
    assert told in said
    assert run_dir.read_manifest().identity == job.identity()
    assert run_dir.read_manifest().judges == job.judge_ids()
    assert not run_dir.results.exists()


@pytest.mark.parametrize("kind", ["blocked", "thought_only"])
def test_a_run_of_blocks_alone_is_no_empty_one(tmp_path, kind):
    run_dir, _ = begun(tmp_path / "run")
    assert session.holds_nothing(run_dir)
    with session.opened(run_dir) as store:
        store.write("failures", [("generate", "k", "p", "m", 0, kind, "", 1, 0, "", "", None)])
    assert not session.holds_nothing(run_dir)


def test_of_a_database_that_cannot_be_read_nobody_knows(tmp_path):
    run_dir, _ = begun(tmp_path / "run")
    run_dir.database.write_bytes(b"no database" * 99)
    assert not session.holds_nothing(run_dir)
    run_dir.database.unlink()
    assert session.holds_nothing(run_dir)


def test_a_run_of_other_inputs_is_refused_with_each_change(tmp_path):
    run_dir, _ = begun(tmp_path / "run")
    with pytest.raises(
        UsageError, match=r"holds a run of other inputs\. seed: there 0, now 5\. Give another --out"
    ):
        session.check_same(run_dir, prepared(seed=5))
    with pytest.raises(
        UsageError, match=r"other judges\. judges: there refusal-baseline, now rubric=vllm/j"
    ):
        session.check_same(run_dir, prepared(judge=(judge("rubric=vllm/j"),)))
    session.check_same(run_dir, prepared(judge=(judge("refusal-baseline"),)))


def test_a_correction_is_noted_and_a_word_that_is_none_refused(tmp_path):
    run_dir, _ = answered(tmp_path / "run")
    session.choose_correction(run_dir, "ppi")
    assert run_dir.read_manifest().correction == "ppi"
    with pytest.raises(UsageError, match=r"--correction: got 'pii', allowed are two-phase, ppi"):
        session.choose_correction(run_dir, "pii")
    with session.opened(run_dir) as store:
        store.write("draws", [(1, "j", "en", "judged safe", 1, "two-phase")])
    with pytest.raises(UsageError, match="needs labels of a simple random sample"):
        session.choose_correction(run_dir, "rogan-gladen")


def test_a_store_that_is_not_there_empty_or_damaged_is_told(tmp_path):
    run_dir, _ = begun(tmp_path / "run")
    run_dir.database.unlink()
    with pytest.raises(UsageError, match=r"safeglot\.db: not there"), session.opened(run_dir):
        pass
    with session.opened(run_dir, create=True):
        pass
    with pytest.raises(UsageError, match="cut off at its very beginning"), session.opened(run_dir):
        pass
    with (
        pytest.raises(UsageError, match=r"is damaged \(broken\)"),
        session.opened(run_dir, create=True),
    ):
        raise sqlite3.DatabaseError("broken")


def test_a_folder_without_a_run_is_told(tmp_path):
    with pytest.raises(UsageError, match="no run here"), session.opened(RunDir(tmp_path)):
        pass


def test_what_is_resumed_is_said(tmp_path, capsys):
    run_dir, job = begun(tmp_path / "run")
    session.begin(run_dir, job, QUIET)
    assert capsys.readouterr().err == ""
    session.begin(run_dir, job, Console())
    assert f"resuming {run_dir.path}" in capsys.readouterr().err


def test_too_much_missing_is_told_with_both_shares(tmp_path):
    run = RunDir(tmp_path)
    session.check_missing(run, 0.05, 0.05)
    with pytest.raises(TooMuchMissing, match=r"6\.0% of the planned verdicts .* allowed are 5\.0%"):
        session.check_missing(run, 0.06, 0.05)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("database is locked", "another program holds it"),
        ("database or disk is full", "Make room"),
        ("interrupted", "a query does not end"),
        ("disk I/O error", "check the permissions"),
    ],
)
def test_a_fault_of_the_database_says_what_it_is(tmp_path, said, told):
    error = session.operational(tmp_path / "safeglot.db", sqlite3.OperationalError(said))
    assert told in str(error)
    assert error.exit_code == (2 if said == "interrupted" else 4)


def test_a_run_on_a_medium_that_cannot_be_written_can_be_looked_at(tmp_path, monkeypatch):
    run_dir, _ = judged(tmp_path / "run")
    before = sorted(p.name for p in run_dir.path.iterdir())
    monkeypatch.setattr(session.os, "access", lambda *_: False)
    with session.opened(run_dir) as store:
        assert len(store.prompts()) == 2
    assert sorted(p.name for p in run_dir.path.iterdir()) == before
