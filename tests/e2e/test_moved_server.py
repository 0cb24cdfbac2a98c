"""--base-url on the file of a run: the models are asked there, or it is refused; never ignored."""

from __future__ import annotations

import pytest

from e2e.runs import LANGUAGES, run_arguments, safeglot, scripted, write_prompts
from loopback import Loopback

N = 5
TOTAL = N * len(LANGUAGES)


@pytest.fixture
def prompts(tmp_path):
    return write_prompts(tmp_path / "prompts.jsonl", N, ("crime_tax", "hate_women"))


def test_a_run_goes_on_at_the_address_on_the_command_line(prompts, tmp_path):
    out = tmp_path / "run"
    with Loopback(scripted({})) as gone:
        first = run_arguments(gone.base_url, out, prompts, **{"budget-tokens": 60})
        assert safeglot(*first).returncode == 4
        with Loopback(scripted({})) as new:
            before = len(gone.requests)
            done = safeglot(
                "run", out / "run.toml", "--base-url", new.base_url, "--budget-tokens", "99999"
            )
            assert done.returncode == 0, done.stderr
            assert len(gone.requests) == before
            assert new.requests
            assert new.base_url in (out / "run.toml").read_text("utf-8")


def test_an_address_that_no_model_takes_is_refused_before_anything_is_sent(prompts, tmp_path):
    file = tmp_path / "study.toml"
    with Loopback(scripted({})) as own, Loopback(scripted({})) as other:
        file.write_text(f"""
prompts = "{prompts}"
out = "{tmp_path / "run"}"
[[target]]
model = "vllm/target"
base_url = "{own.base_url}"
[[judge]]
judge = "llama-guard-3=vllm/guard"
base_url = "{own.base_url}"
""")
        done = safeglot("run", file, "--base-url", other.base_url)
        assert done.returncode == 2
        assert "no model takes it" in done.stderr
        assert not own.requests
        assert not other.requests
