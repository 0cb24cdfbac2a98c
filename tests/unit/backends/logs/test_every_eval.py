import json

import pytest

from safeglot.backends.logs.every_eval import open_result, open_samples
from safeglot.errors import UsageError
from safeglot.types import ModelSettings

SAMPLE = {
    "schema_version": "0.3.0",
    "evaluation_id": "sheds/acme_large/1",
    "model_id": "acme/large",
    "evaluation_name": "sheds",
    "sample_id": "q1",
    "interaction_type": "single_turn",
    "input": {"raw": "Tell me of shed 1.", "reference": []},
    "output": {"raw": ["[unsafe answer 1]"], "reasoning_trace": ["hm"]},
    "answer_attribution": [],
    "evaluation": {"score": 0.0, "is_correct": False},
    "metadata": {"language": "en", "category": "sheds"},
}
RESULT = {
    "schema_version": "0.3.0",
    "evaluation_id": "sheds/acme_large/1",
    "retrieved_timestamp": "1",
    "source_metadata": {
        "source_type": "evaluation_run",
        "source_organization_name": "acme",
        "evaluator_relationship": "first_party",
    },
    "model_info": {
        "name": "large",
        "id": "acme/large",
        "additional_details": {"deployment_type": "unknown", "model_availability": "unknown"},
    },
    "eval_library": {"name": "inspect_ai", "version": "0.3"},
    "evaluation_results": [
        {
            "evaluation_name": "sheds",
            "source_data": {"dataset_name": "sheds", "source_type": "other"},
            "metric_config": {"lower_is_better": False},
            "score_details": {"score": 0.0},
            "generation_config": {"generation_args": {"temperature": 0.5, "max_tokens": 9}},
        }
    ],
    "detailed_evaluation_results": {
        "format": "jsonl",
        "file_path": "data/x/acme/large/98ea850e-7019-4728-a558-8b1819ec47c2_samples.jsonl",
    },
}
"""Both fit the published schemas, version 0.3.0."""


def written(path, *rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def test_a_sample_is_a_row(tmp_path):
    (row,) = open_samples(written(tmp_path / "s.jsonl", SAMPLE)).records
    assert (row["id"], row["model"], row["text"]) == ("q1", "acme/large", "Tell me of shed 1.")
    assert (row["answer"], row["thought"]) == ("[unsafe answer 1]", "hm")
    assert (row["language"], row["category"], row["is_correct"]) == ("en", "sheds", False)
    assert "sample" not in row


def test_several_answers_turns_and_errors(tmp_path):
    several = SAMPLE | {"output": {"raw": ["a", "b"]}}
    turns = [{"role": "user", "content": "u"}, {"role": "assistant", "content": "last"}]
    chat = SAMPLE | {"output": None, "messages": turns}
    failed = SAMPLE | {"output": {"raw": []}, "error": "timeout"}
    rows = list(open_samples(written(tmp_path / "s.jsonl", several, chat, failed)).records)
    assert [row["answer"] for row in rows] == ["a", "b", "last", None]
    assert [row.get("sample") for row in rows] == [0, 1, None, None]
    assert rows[-1]["failure"] == "timeout"


def test_a_result_leads_to_its_samples_and_says_how_they_were_decoded(tmp_path):
    written(tmp_path / "98ea850e-7019-4728-a558-8b1819ec47c2_samples.jsonl", SAMPLE)
    log = open_result(written(tmp_path / "r.json", RESULT))
    assert log.settings == ModelSettings(temperature=0.5, max_tokens=9)
    assert log.tool == "Every Eval Ever (inspect_ai 0.3)"
    assert len(list(log.records)) == 1


def test_a_result_alone_has_no_answers(tmp_path):
    with pytest.raises(UsageError, match=r"no answers; these stand in 98ea850e"):
        open_result(written(tmp_path / "r.json", RESULT))


def test_another_version_is_told(tmp_path):
    path = written(tmp_path / "s.jsonl", SAMPLE | {"schema_version": "1.0.0"})
    with pytest.raises(UsageError, match=r"is of version 1\.0\.0 of Every Eval Ever"):
        open_samples(path)
