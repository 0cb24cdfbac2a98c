from __future__ import annotations

from click.testing import CliRunner

from loopback import Loopback
from safeglot.cli.init import init
from safeglot.config.files import configured
from safeglot.errors import UsageError


def test_flags_are_enough_without_a_terminal(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with Loopback() as server:
        done = CliRunner().invoke(init, ["--base-url", server.base_url, "--languages", "en,de"])
        assert done.exit_code == 0, done.output
        assert f"{server.base_url} answers (status 200" in done.output
        assert done.output.rstrip().endswith("safeglot run")
        config = configured(tmp_path / "safeglot.toml", {})
    assert ([m.model for m in config.target], config.languages) == (["vllm/target"], ("en", "de"))


def test_without_a_model_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(init, [])
    assert isinstance(done.exception, UsageError)
    assert list(tmp_path.iterdir()) == []
