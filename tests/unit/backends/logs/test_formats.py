import json
from pathlib import Path

import pytest

from safeglot.backends.logs.formats import logs_of
from safeglot.errors import UsageError

DATA = Path(__file__).resolve().parents[3] / "data/logs"


def test_a_file_is_known_by_its_keys():
    tools = [
        [log.tool.partition(" ")[0] for log in logs_of(str(DATA / name))]
        for name in ("lm-eval", "promptfoo/promptfoo.json", "promptfoo/promptfoo.jsonl")
    ]
    assert tools == [["lm-evaluation-harness"] * 6, ["promptfoo"], ["promptfoo"]]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", "id,answer\n"),
        ("a.jsonl", '{"id": 1, "answer": "x"}\n'),
        ("a.jsonl", "no json\n"),
        ("a.jsonl", ""),
        ("a.json", '[{"id": 1}]'),
        ("a.json", '{"results": [1]}'),
        ("a.json", '{"a": '),
        ("a.jsonl", "[1]\n"),
    ],
)
def test_what_is_no_log_is_a_table(tmp_path, name, text):
    (tmp_path / name).write_text(text, "utf-8")
    assert logs_of(str(tmp_path / name)) is None


def test_what_is_not_there_or_no_text_is_left_to_the_reader_of_tables(tmp_path):
    assert logs_of(str(tmp_path / "a.csv")) is None
    assert logs_of(str(tmp_path)) is None
    (tmp_path / "a.jsonl").write_bytes(b'{"a": "\xff"}\n')
    assert logs_of(str(tmp_path / "a.jsonl")) is None


def test_a_result_of_every_eval_ever_is_known(tmp_path):
    result = {
        "schema_version": "0.3.0",
        "evaluation_id": "x",
        "model_info": {},
        "evaluation_results": [],
    }
    (tmp_path / "r.json").write_text(json.dumps(result), "utf-8")
    with pytest.raises(UsageError, match="no answers"):
        logs_of(str(tmp_path / "r.json"))
