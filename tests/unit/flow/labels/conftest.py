from __future__ import annotations

import pytest

from example.job import judged, prompt_set


@pytest.fixture
def run(tmp_path):
    """80 answers in two languages, a quarter of them judged unsafe."""
    run_dir, _ = judged(
        tmp_path / "run", lambda item: int(item.prompt.id[1:]) % 4 == 0, prompt_set(n=40)
    )
    return run_dir
