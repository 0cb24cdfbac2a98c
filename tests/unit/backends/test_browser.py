"""Figures are drawn in a browser of this machine; what is missing for it is named."""

from __future__ import annotations

import pytest

from e2e.commands import in_own_process, without
from example.recorded import recorded


@pytest.mark.parametrize(
    ("prelude", "said"),
    [
        (without("playwright.sync_api"), "pip install 'safeglot[figures]'"),
        (
            "import safeglot.backends.browser as b; b._NAMES = (); b._CHANNELS = ('no-such',)",
            "playwright install chromium",
        ),
    ],
)
def test_what_is_missing_is_named_and_no_file_is_written(tmp_path, prelude, said):
    run, out = recorded(tmp_path), tmp_path / "out"
    arguments = ("export", run, "--format", "figures", "--out", out)
    done = in_own_process(*arguments, prelude=prelude)
    assert done.code == 2
    assert said in done.err
    assert list(out.iterdir()) == []
