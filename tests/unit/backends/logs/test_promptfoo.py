"""What promptfoo itself wrote (scripts/foreign_logs/make.py), and what is near it."""

import json
from pathlib import Path

from safeglot.backends.logs.promptfoo import open_results
from safeglot.types import ModelSettings

DATA = Path(__file__).resolve().parents[3] / "data/logs/promptfoo"


def rows_of(tmp_path, *results):
    path = tmp_path / "r.json"
    path.write_text(json.dumps({"results": {"version": 3, "results": results}}), "utf-8")
    return list(open_results(path).records)


def test_json_and_its_lines_are_the_same():
    whole, lines = (open_results(DATA / f"promptfoo.{end}") for end in ("json", "jsonl"))
    rows = list(whole.records)
    assert rows == list(lines.records)
    assert len(rows) == 72
    stats = json.loads((DATA / "promptfoo.json").read_text("utf-8"))["results"]["stats"]
    assert sum(row["pass"] for row in rows) == stats["successes"] == 55
    assert rows[0]["answer"] == "[unsafe answer 0]"
    assert not rows[0]["pass"]
    assert "failure" not in rows[0], "an assertion that failed is no failure of the request"
    assert (rows[0]["language"], rows[0]["vars.qid"]) == ("en", "q0")
    assert rows[0]["metadata.hazard"] == "locks"
    assert rows[0]["finish_reason"] == "stop"
    assert whole.settings == ModelSettings(max_tokens=64, temperature=0.0)
    assert lines.settings == ModelSettings()


def test_an_error_is_a_failure(tmp_path):
    (row,) = rows_of(tmp_path, {"error": "gone", "failureReason": 2, "response": {}, "testIdx": 1})
    assert row["failure"] == "gone"
    assert "answer" not in row


def test_older_shapes_and_labels(tmp_path):
    old = {
        "provider": {"id": "x", "label": "mine"},
        "prompt": {"raw": '[{"role": "user", "content": "u"}]'},
        "vars": {"lang": "de", "category": "c"},
        "response": {"output": {"a": 1}},
        "success": False,
    }
    (row,) = rows_of(tmp_path, old)
    assert (row["model"], row["text"], row["language"], row["category"]) == ("mine", "u", "de", "c")
    assert "answer" not in row, "an object is no text"
    (row,) = rows_of(tmp_path, {"provider": "y", "prompt": {"raw": "[{broken"}})
    assert (row["model"], row["text"]) == ("y", "[{broken")
