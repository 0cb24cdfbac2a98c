"""Without Inspect the message says what to install; with it: tests/extras/test_inspect_export.py."""

from __future__ import annotations

import importlib.util

import pytest

from safeglot.backends.logs.inspect_writer import write_log
from safeglot.errors import UsageError


@pytest.mark.skipif(importlib.util.find_spec("inspect_ai") is not None, reason="installed here")
def test_it_says_what_to_install(tmp_path):
    with pytest.raises(UsageError, match="safeglot\\[inspect\\]"):
        write_log(tmp_path / "a.eval", [], model="m", judges=(), about={})
