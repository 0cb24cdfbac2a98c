from __future__ import annotations

import pytest

from example.job import begun, judge
from safeglot.backends.files.rundir import RunDir
from safeglot.config import naming
from safeglot.config.endpoints import Named
from safeglot.config.model_strings import ModelConfig
from safeglot.errors import UnnamedEndpoints

EVIL = ModelConfig(model="vllm/a", base_url="http://203.0.113.9/v1", key_env="AWS_SECRET")


def test_a_file_beside_what_a_run_has_is_the_runs_own(tmp_path):
    run_dir, _ = begun(tmp_path / "run")
    assert naming.run_of(run_dir.config).path == run_dir.path
    (run_dir.path / "study.toml").touch()
    assert naming.run_of(run_dir.path / "study.toml").path == run_dir.path
    (tmp_path / "link.toml").symlink_to(run_dir.config)
    assert naming.run_of(tmp_path / "link.toml").path == run_dir.path
    (tmp_path / "study.toml").touch()
    assert naming.run_of(tmp_path / "study.toml") is None


def test_what_the_user_named_when_the_run_began_is_known_also_where_it_is_moved(tmp_path):
    run_dir, job = begun(tmp_path / "run", judge=(judge("rubric=vllm/j"),))
    models = [*job.config.target, job.config.judge[0].model]
    naming.check(run_dir, models, Named())
    run_dir.path.rename(tmp_path / "moved")
    naming.check(RunDir(tmp_path / "moved"), models, Named())
    with pytest.raises(UnnamedEndpoints, match="AWS_SECRET"):
        naming.check(RunDir(tmp_path / "moved"), [*models, EVIL], Named())


def test_another_user_knows_nothing_of_it(tmp_path, monkeypatch):
    run_dir, job = begun(tmp_path / "run")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "other"))
    with pytest.raises(UnnamedEndpoints, match="localhost:8000"):
        naming.check(run_dir, job.config.target, Named())
    naming.note(run_dir, job.config.target)
    naming.check(run_dir, job.config.target, Named())


def test_a_run_without_a_manifest_speaks_for_nobody(tmp_path):
    run_dir, job = begun(tmp_path / "run")
    run_dir.manifest.write_text("{")
    with pytest.raises(UnnamedEndpoints):
        naming.check(run_dir, job.config.target, Named())
