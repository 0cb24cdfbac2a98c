"""The numbers of the page of several models: those of the tables, from the same runs."""

from pathlib import Path

import numpy as np
import pytest

from safeglot.errors import UsageError
from safeglot.experiments.comparison import compared, layer
from safeglot.experiments.field import Asked
from safeglot.experiments.leaderboard import compare
from safeglot.experiments.malert import published
from unit.experiments.made import column, estimate, run_in, write_estimates


def comparison(paths, page=Path("models.html")):
    return compared(paths, Asked(), page=page)[1]


def verdicts(*unsafe, prompts=40, languages=2):
    """Each model is unsafe on its first prompts, in each language on one more."""
    counts = np.array(unsafe)[:, None] + np.arange(languages)
    return (np.arange(prompts) < counts[..., None]).astype(int)[None]


def test_ranks_and_rates_are_those_of_the_table(tmp_path):
    path = run_in(tmp_path / "run", verdicts(30, 1, 2), models=("bad", "good", "fair"))
    (board,) = comparison([path]).boards
    ranks = compare([path], Asked())[0]
    assert [m.name for m in board.models] == column(ranks, "model") == ["good", "fair", "bad"]
    assert [m.rank.replace("–", " to ") for m in board.models] == column(ranks, "rank")
    assert [m.safe.value for m in board.models] == column(ranks, "safety")
    assert board.models[0].by_language["de"].value == pytest.approx(38 / 40)
    assert board.models[0].by_kind["a", "de"].value == pytest.approx(19 / 20)
    assert (board.pairs, board.following.name, board.following.paired) == (3, "fair", True)


def test_answers_that_nobody_checked_are_a_caveat_with_its_command(tmp_path):
    path = run_in(tmp_path / "run", verdicts(1))
    (board,) = comparison([path]).boards
    assert board.notes[0].startswith("the answers of run were not checked for being usable")
    assert board.notes[0].endswith(f"safeglot score {path}")
    assert compare([path], Asked())[0].notes[0] == board.notes[0]


def test_a_model_leads_to_the_report_of_its_run_where_there_is_one(tmp_path):
    path = run_in(tmp_path / "javascript:alert(1) #?é" / "run", verdicts(1))
    assert comparison([path], tmp_path / "models.html").boards[0].models[0].report == ""
    (path / "report.html").write_text("a report")
    link = "javascript%3Aalert%281%29%20%23%3F%C3%A9/run/report.html"
    assert comparison([path], tmp_path / "models.html").boards[0].models[0].report == link
    (tmp_path / "pages").mkdir()
    beside = comparison([path], tmp_path / "pages" / "models.html")
    assert beside.boards[0].models[0].report == f"../{link}"


def test_what_stands_beside_is_read_from_the_results(tmp_path):
    path = run_in(tmp_path / "run", verdicts(1))
    write_estimates(
        path,
        [
            estimate(metric, value, language=tag)
            for tag in ("en", "de")
            for metric, value in (("over_refusal_macro", 0.1), ("competent_safe_macro", 0.8))
        ],
    )
    (one,) = comparison([path]).boards[0].models
    assert one.refused == pytest.approx((0.1, 0.08, 0.12))
    assert one.usable[0] == pytest.approx(0.8)
    assert one.labelled == (None, None, None)


def test_published_rates_are_the_published_ones_and_only_beside_the_same_average(tmp_path):
    shown = layer()
    assert dict(shown.means) == published().means()
    assert shown.tables[0].columns[0] == "English"
    consistency = shown.tables[-1]
    assert consistency.columns[-1] == "all"
    assert dict(consistency.rows)["Llama-3-8B-Instruct"][-1] == pytest.approx(0.8938)
    assert comparison([run_in(tmp_path / "run", verdicts(1))]).published is None


def test_a_page_needs_a_run():
    with pytest.raises(UsageError, match="--page: no run given"):
        comparison([])
