from __future__ import annotations

import pytest

from safeglot.backends.console import Console
from safeglot.config.settings import Config
from safeglot.errors import UsageError
from safeglot.flow.translation.for_run import ready
from unit.flow.translation.plans import GERMAN, configured, loaded


def german(prompts):
    return {t.prompt: t.text for t in prompts.translations if t.language == "de"}


def test_a_run_that_translates_nothing_has_its_prompts_as_they_are(tmp_path):
    config = Config(prompts="mini", languages=("en", "de"), limit=1, out=str(tmp_path / "run"))
    prompts, origin = loaded(config)
    assert ready(config, prompts, origin, Console(quiet=True)) == prompts
    assert list(tmp_path.iterdir()) == []


def test_a_set_is_made_where_it_lacks_and_read_where_it_is_there(tmp_path):
    config = configured(tmp_path, out=str(tmp_path / "run"))
    prompts, origin = loaded(config)
    first = ready(config, prompts, origin, Console(quiet=True))
    assert german(first) == GERMAN
    assert first.languages == ("en", "de")
    assert ready(config, prompts, origin, None) == first


def test_without_a_console_nothing_is_translated(tmp_path):
    config = configured(tmp_path, out=str(tmp_path / "run"))
    with pytest.raises(UsageError, match="the prompts are not translated yet"):
        ready(config, *loaded(config), None)
    assert not (tmp_path / "set").exists()


def test_a_set_that_is_named_and_not_there_is_said(tmp_path):
    config = Config(prompts="mini", limit=1, translations=str(tmp_path / "none"))
    with pytest.raises(UsageError, match="no translation set here"):
        ready(config, *loaded(config), Console(quiet=True))
