from __future__ import annotations

import pytest

from example.job import QUIET, VLLM, answered, begun, judged, prepared, prompt_set
from example.manifest import manifest_with
from example.recorded import recorded
from safeglot import pipeline
from safeglot.backends.files.rundir import RunDir
from safeglot.cli.look import (
    export,
    forecast_text,
    list_text,
    prompts_text,
    show_text,
    taxonomy_text,
)
from safeglot.config.settings import Config
from safeglot.errors import UsageError
from safeglot.flow.prompts import load
from safeglot.report.width import display_width


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return RunDir(recorded(tmp_path_factory.mktemp("look") / "runs"))


def test_prompts_are_counted_by_category_and_kind():
    prompts, _ = load(Config(prompts="mini", languages=("en", "de"), kinds=("harmful", "benign")))
    text = prompts_text(prompts)
    n = len(prompts.prompts)
    assert f"{n} prompts x 2 languages (en, de) = {2 * n} texts" in text
    assert f"taxonomy: ALERT, {len(prompts.categories)} of its 32 categories" in text
    first = prompts.categories[0]
    kinds = [p.kind for p in prompts.prompts if first in p.categories]
    (line,) = (line.split() for line in text.splitlines() if line.startswith(f"{first} "))
    assert line[-2:] == [str(kinds.count("harmful")), str(kinds.count("benign"))]


def test_runs_are_listed_with_their_state(run):
    rows = list_text(run.path.parent, 300).splitlines()
    assert rows[0].split()[:2] == ["run", "begun"]
    assert rows[1].split()[2:] == [
        "9",
        "models",
        "10",
        "languages",
        "88",
        "wildguard",
        "llama-guard-3",
        "scored",
    ]
    assert list_text(run.path / "nothing") == f"{run.path / 'nothing'}: no runs"


def test_a_damaged_run_is_listed_as_such(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "manifest.json").write_text("{")
    assert list_text(tmp_path, 300).splitlines()[-1].endswith("manifest.json is damaged")


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_list_of_runs_is_never_wider_than_the_terminal(tmp_path, width):
    for n in (2, 5, 10, 200):
        tags = ["en", *(f"aa-x-l{k}" for k in range(n - 1))]
        about = {"models": (f"vllm/an-owner/{'long-' * n}model", "hf/語"), "languages": tags}
        (tmp_path / f"run-{n}").mkdir()
        RunDir(tmp_path / f"run-{n}").write({}, manifest_with(judges={"wildguard=vllm/x": "1"}, **about))  # fmt: skip
    lines = list_text(tmp_path, width).splitlines()
    assert max(map(display_width, lines)) <= width
    assert "200 languages" in " ".join(" ".join(lines).split())


def test_a_folder_without_a_run_is_not_exported(tmp_path):
    with pytest.raises(UsageError):
        next(export(RunDir(tmp_path), "jsonl", tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_a_taxonomy_of_ones_own_is_said_with_its_categories():
    assert taxonomy_text(prompt_set()) == "taxonomy: own, 1 categories: c"


def test_a_dry_run_counts_what_would_be_sent(tmp_path):
    text = forecast_text(prepared(target=(VLLM,), out=str(tmp_path / "new"), max_tokens=10))
    pairs = (line.strip().split("  ", 1) for line in text.splitlines() if "  " in line.strip())
    found = {name: value.strip() for name, value in pairs}
    assert found["prompts"] == "2 x 2 languages"
    assert (found["requests to targets"], found["tokens out"]) == ("4", "at most 40")
    assert found["cost"].startswith("unknown; no price for vllm/a: usd_in and usd_out")
    assert found["folder"] == str(tmp_path / "new")


def test_a_dry_run_knows_the_run_that_is_there(tmp_path):
    run_dir, job = answered(tmp_path / "run")
    assert "holds this run: what is stored there is not asked again" in forecast_text(job)
    with pytest.raises(UsageError, match="holds a run of other inputs"):
        forecast_text(prepared(out=str(run_dir.path), seed=9))


def test_a_dry_run_tells_that_a_run_without_answers_gives_way(tmp_path):
    run_dir, _ = begun(tmp_path / "run")
    told = forecast_text(prepared(out=str(run_dir.path), seed=9))
    assert "holds another run without answers, which gives way" in told
    assert run_dir.database.exists(), "nothing was touched"


def test_a_run_without_results_has_nothing_to_show(tmp_path):
    run_dir, _ = judged(tmp_path / "run")
    with pytest.raises(UsageError, match="Run `safeglot score"):
        show_text(run_dir, QUIET)
    pipeline.score(run_dir, QUIET)
    assert "\n  a, refusal-baseline" in show_text(run_dir, QUIET)
    assert "vllm/a: requests not refused" in show_text(run_dir, QUIET, full=True)


def test_records_are_exported_with_and_without_estimates(tmp_path):
    run, _ = judged(tmp_path / "run")
    files = {path.name: rows for path, rows in export(run, "csv", tmp_path)}
    assert (files["answers.csv"], files["verdicts.csv"], files["estimates.csv"]) == (4, 4, 0)
    pipeline.score(run, QUIET)
    more = {path.name: rows for path, rows in export(run, "csv", tmp_path)}
    assert more["estimates.csv"] > 0
