"""Limits of tokens by the premiums of an earlier run."""

from __future__ import annotations

from dataclasses import replace

import pytest

from example.job import VLLM
from example.manifest import manifest_with
from safeglot.backends.files.rundir import RunDir
from safeglot.config.model_strings import ModelConfig
from safeglot.config.premiums import MOST, with_premiums
from safeglot.config.settings import Config
from safeglot.errors import UsageError
from safeglot.report.results_json import to_json
from safeglot.types import Estimate, ModelSettings


@pytest.fixture
def run(tmp_path):
    folder = RunDir(tmp_path / "run")
    folder.create()
    folder.write(
        {}, manifest_with(models=("vllm/a",), languages=("en", "sw", "hi", "de"), reference="en")
    )
    values = {"sw": 1.401, "hi": 99.0, "de": 0.8}
    rows = [
        Estimate(metric="token_premium", model="vllm/a", language=tag, value=value)
        for tag, value in values.items()
    ]
    folder.results.write_text(to_json(rows, "s"), "utf-8")
    return folder.path


def limits(config):
    return [(m.model, m.settings.max_tokens) for m in with_premiums(config).target]


def test_a_limit_is_the_base_times_the_premium_within_bounds(run):
    config = Config(target=(VLLM,), max_tokens=f"100,premium={run}")
    assert limits(config) == [("vllm/a", f"100,de=100,hi={100 * MOST},sw=141")]
    assert with_premiums(config).max_tokens == 100
    assert limits(replace(config, languages=("en", "sw"))) == [("vllm/a", "100,sw=141")]
    assert with_premiums(with_premiums(config)) == with_premiums(config)


def test_what_is_given_for_a_language_goes_before_and_a_target_may_have_its_own(run):
    own = replace(VLLM, settings=ModelSettings(max_tokens=f"50,premium={run},sw=7"))
    config = Config(target=(own,), max_tokens=200, languages=("en", "sw", "de"))
    assert limits(config) == [("vllm/a", "50,de=50,sw=7")]
    assert with_premiums(config).max_tokens == 200


def test_what_lacks_is_told_with_the_explicit_form(run):
    config = Config(target=(VLLM,), max_tokens=f"100,premium={run}", languages=("en", "yo"))
    with_yo = replace(config, max_tokens=f"100,premium={run},yo=300")
    assert limits(with_yo) == [("vllm/a", "100,yo=300")]
    with pytest.raises(
        UsageError, match=r"no token premium of vllm/a in yo.*--max-tokens 100,sw=1100"
    ):
        with_premiums(config)
    with pytest.raises(UsageError, match="of vllm/b in any language"):
        with_premiums(replace(config, target=(ModelConfig(model="vllm/b"),), languages=()))
    with pytest.raises(UsageError, match="another reference language; give a run that has sw"):
        with_premiums(replace(config, reference="sw"))


def test_without_one_nothing_changes():
    config = Config(max_tokens="100,sw=300")
    assert with_premiums(config) is config
