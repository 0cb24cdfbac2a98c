from __future__ import annotations

import pytest

from example.job import begun
from safeglot.config.files import configured, known
from safeglot.errors import UnnamedEndpoints, UsageError

ELSEWHERE = "http://10.0.0.7/v1"


def test_the_names_that_a_configuration_may_use():
    names = known()
    assert {"openai", "vllm", "gguf"} <= set(names.providers)
    assert names.judges["llama-guard-3"]
    assert not names.judges["refusal-baseline"]


def test_what_is_no_configuration_is_told(tmp_path):
    run_dir, _ = begun(tmp_path / "run")
    with pytest.raises(UsageError, match=r"did you mean --prompts .*\.csv"):
        configured(tmp_path / "p.csv", {})
    with pytest.raises(UsageError, match=r"is no configuration.*such as .*run\.toml"):
        configured(run_dir.path, {})


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
