from __future__ import annotations

from pathlib import Path

import pytest

from safeglot.config import presets
from safeglot.config.checks import read_toml
from safeglot.config.files import configured
from safeglot.config.settings import Config
from safeglot.errors import UsageError


@pytest.mark.parametrize("name", presets.NAMES)
def test_each_preset_is_a_configuration_that_says_what_it_is_for(name):
    text = presets.text_of(name)
    assert text.startswith(f"# {name}: ")
    assert configured(None, {"preset": name}) != Config()
    assert set(read_toml(text, name)).isdisjoint({"target", "judge", "base_url", "key_env", "out"})


def test_the_presets_are_the_files_of_the_folder():
    files = Path(presets.__file__).parent.glob("*.toml")
    assert {path.stem for path in files} == set(presets.NAMES)


def test_another_name_is_told_with_the_nearest():
    with pytest.raises(UsageError, match=r"no preset 'quik'\. Did you mean 'quick'"):
        presets.text_of("quik")
