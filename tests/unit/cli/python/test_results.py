"""A run that is loaded has its estimates, records and finding."""

from __future__ import annotations

import json

import pytest

import safeglot
from e2e.runs import safeglot as command
from example.recorded import recorded
from safeglot.errors import SafeglotError, UsageError


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return safeglot.load(recorded(tmp_path_factory.mktemp("api"), "recorded"))


def test_estimates_are_those_of_results_json(run):
    stored = json.loads((run.folder / "results.json").read_text("utf-8"))["estimates"]
    assert run.estimates["value"] == [row["value"] for row in stored]
    assert run.records[0].metric == stored[0]["metric"]


def test_records_are_those_of_the_export(run, tmp_path):
    command("export", run.folder, "--format", "jsonl", "--out", tmp_path / "out")
    for name in ("answers", "verdicts", "prompts", "labels"):
        lines = (tmp_path / "out" / f"{name}.jsonl").read_text("utf-8").splitlines()
        assert list(run.table(name)) == [json.loads(line) for line in lines]
    assert len(run.answers) == len(run.table("answers")) > 1000
    assert None in run.verdicts["unsafe"]


def test_it_says_what_it_is_and_what_it_found(run):
    assert run.languages[0] == "en"
    assert len(run.models) == 9
    assert len(run.judges) == 2
    assert "vllm/family-a-1b" in repr(run)
    assert "has the fewest unsafe answers" in str(run)
    html = run._repr_html_()
    assert html.count("<details>") == html.count("</details>") == 18
    assert '<th scope="row">Yoruba</th>' in html


def test_an_unknown_table_names_those_that_are_there(run):
    with pytest.raises(UsageError, match="replies: no such table; allowed are prompts, "):
        run.table("replies")


def test_a_folder_without_a_run_is_refused_in_one_line(tmp_path):
    with pytest.raises(UsageError, match="no run here") as raised:
        safeglot.load(tmp_path)
    assert raised.value._render_traceback_() == [f"UsageError: {raised.value}"]
    assert isinstance(raised.value, SafeglotError)
