from __future__ import annotations

from pathlib import Path

import pytest

from example.job import begun
from safeglot.config.files import HERE, configured, given_table, known, named
from safeglot.errors import UnnamedEndpoints, UsageError

ELSEWHERE = "http://10.0.0.7/v1"


def test_the_names_that_a_configuration_may_use():
    names = known()
    assert {"openai", "vllm", "gguf"} <= set(names.providers)
    assert names.judges["llama-guard-3"]
    assert not names.judges["refusal-baseline"]


@pytest.mark.parametrize("what", ["mini", "hf:owner/name", "p.csv"])
def test_prompts_are_understood_where_a_configuration_may_stand(tmp_path, monkeypatch, what):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "p.csv").write_text("")
    assert named(what, {}) == (None, {"prompts": what})
    with pytest.raises(
        UsageError, match=f"prompts twice: {what} and --prompts x.csv. Keep one, or"
    ):
        named(what, {"prompts": "x.csv"})


def test_a_file_and_a_run_are_understood(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run_dir, _ = begun(tmp_path / "run")
    assert named("study.toml", {}) == (Path("study.toml"), {})
    assert named("run", {}) == (Path("run/run.toml"), {})
    assert named(str(run_dir.path), {}) == (run_dir.config, {})
    assert named(None, {}) == (None, {})
    (tmp_path / HERE).write_text("")
    assert named(None, {}) == (Path(HERE), {})


@pytest.mark.parametrize(
    ("what", "parts"),
    [
        ("minni", ("no such file or folder", "Did you mean 'mini'?", "safeglot init")),
        ("study.tml", ("Did you mean 'study.toml'?", "a configuration (.toml), a run's folder")),
        ("rin", ("Did you mean 'run'?",)),
        ("empty", ("a folder without a run",)),
    ],
)
def test_what_is_neither_is_told(tmp_path, monkeypatch, what, parts):
    monkeypatch.chdir(tmp_path)
    begun(tmp_path / "run")
    (tmp_path / "study.toml").write_text("")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError) as caught:
        named(what, {})
    assert [part for part in parts if part not in str(caught.value)] == []


def test_a_preset_lies_under_the_file_and_the_flags(tmp_path):
    path = tmp_path / "study.toml"
    path.write_text("samples = 2\n")
    config = configured(path, {"preset": "release", "max_missing": 0.5})
    assert (config.samples, config.max_missing, config.kinds) == (2, 0.5, ("harmful", "benign"))
    run_dir, _ = begun(tmp_path / "run")
    with pytest.raises(UsageError, match="--preset quick: is for a new run"):
        configured(run_dir.config, {"preset": "quick"})


def test_what_was_given_is_printed_as_a_file_that_gives_the_same(tmp_path):
    path = tmp_path / "study.toml"
    path.write_text('samples = 2\n[[target]]\nmodel = "vllm/a"\nusd_in = 1.0\n')
    flags = {"preset": "quick", "judge": ("rubric=vllm/j",), "base_url": (ELSEWHERE,)}
    config = configured(path, flags)
    text = given_table(config, path, flags)
    assert text.startswith("# quick: ")
    assert "level" not in text
    (tmp_path / "again.toml").write_text(text)
    assert configured(tmp_path / "again.toml", {}) == config


def test_a_file_of_ones_own_names_what_it_names(tmp_path):
    path = tmp_path / "study.toml"
    path.write_text(f'[[target]]\nmodel = "vllm/a"\nbase_url = "{ELSEWHERE}"\nkey_env = "MINE"\n')
    (target,) = configured(path, {}).target
    assert (target.base_url, target.key_env) == (ELSEWHERE, "MINE")


def test_the_file_of_a_run_goes_on_with_it_where_it_is_now(tmp_path):
    run_dir, _ = begun(tmp_path / "run")
    run_dir.path.rename(tmp_path / "moved")
    assert configured(tmp_path / "moved" / "run.toml", {}).out == str(tmp_path / "moved")
    assert configured(tmp_path / "moved" / "run.toml", {"out": "x"}).out == "x"


def test_the_file_of_another_users_run_names_nothing(tmp_path, monkeypatch):
    run_dir, _ = begun(tmp_path / "run")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "other"))
    with pytest.raises(UnnamedEndpoints) as caught:
        configured(run_dir.config, {})
    flag, endpoint = caught.value.flags
    assert (flag, endpoint) == ("--allow", "http://localhost:8000/v1=VLLM_API_KEY")
    assert configured(run_dir.config, {}, allow=(endpoint,)).target
    assert configured(run_dir.config, {}, allow=None).target  # where nothing is asked
    assert configured(run_dir.config, {"target": ("vllm/b",)}).target


def test_the_file_of_a_run_starts_no_cluster_and_no_processes(tmp_path):
    run_dir, _ = begun(tmp_path / "run")
    spread = 'replicas = 4096, gpus_per_replica = 8.0, model = "'  # an inline table
    text = run_dir.config.read_text("utf-8").replace('model = "', spread, 1)
    run_dir.config.write_text(f'engine = "ray"\nray_address = "10.0.0.7:6379"\n{text}', "utf-8")
    config = configured(run_dir.config, {}, allow=None)
    assert (config.engine, config.ray_address) == ("local", None)
    (target,) = config.target
    assert (target.replicas, target.gpus_per_replica) == (None, None)
    assert configured(run_dir.config, {"engine": "ray"}, allow=None).engine == "ray"
