"""The same prompts go through DeepL, Google Translate and a chat model in one command."""

from __future__ import annotations

import json

from e2e.runs import safeglot, write_prompts
from loopback import Loopback, Script
from services import KEYS, Services


def chat(seen):
    mark = seen.texts[-1].rpartition("</text ")[2].partition(">")[0]
    return f"<translation {mark}>Anfrage eins auf Deutsch</translation {mark}>"


def command(prompts, out, server, model):
    return (
        "translate", prompts, "--to", "de", "--with", "deepl",
        "--with", "google-translate", "--with", "llm=vllm/chat", "--base-url", model.base_url,
        "--gate", "none", "--out", out,
    )  # fmt: skip


def test_three_translators_in_one_command(tmp_path):
    prompts = write_prompts(tmp_path / "prompts.jsonl", 2, ("crime_tax",), languages=("en",))
    out = tmp_path / "set"
    with Services() as server, Loopback(Script(answer=chat)) as model:
        done = safeglot(*command(prompts, out, server, model), **server.environment())
        assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in (out / "candidates.jsonl").read_text("utf-8").splitlines()]
    names = ["deepl", "google-translate", "llm=vllm/chat"]
    assert sorted(row["translator"] for row in rows) == sorted(2 * names)
    assert {"[DE] request 0 in en", "[de] request 0 in en"} < {row["text"] for row in rows}
    written = "".join(p.read_text("utf-8", "replace") for p in out.iterdir() if p.is_file())
    assert not any(key in written + done.stderr + done.stdout for key in KEYS.values())


def test_a_quota_that_is_used_up_stops_with_the_services_words(tmp_path):
    prompts = write_prompts(tmp_path / "prompts.jsonl", 2, ("crime_tax",), languages=("en",))
    with Services(*[(456, {"message": "Quota exceeded"})] * 9) as server:
        done = safeglot(
            "translate", prompts, "--to", "de", "--with", "deepl",
            "--gate", "none", "--out", tmp_path / "set", **server.environment(),
        )  # fmt: skip
    assert done.returncode == 4
    assert "Quota exceeded" in done.stderr
