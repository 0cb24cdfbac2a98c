from __future__ import annotations

from dataclasses import replace

import pytest

from example.polyglot import FIVE, about, over_refusal, page, rows
from safeglot.report.terminal.brief import RunPlace, brief
from safeglot.report.width import display_width

PLACE = RunPlace(run="runs/m", page="runs/m/report.html")


def several(n, prefix="vllm/acme/polyglot-"):
    models = [f"{prefix}{k}b" for k in range(n)]
    found = []
    for k, model in enumerate(models):
        mean = about("safety_macro", None, 0.9 - k / 50, 0.88 - k / 50, 0.92 - k / 50)
        found += [
            replace(e, model=model) for e in (*rows(*FIVE), mean, *over_refusal(en=0.1, sw=0.2))
        ]
    shown = page([])
    base = page(rows(*FIVE))
    run = replace(base.run, models=tuple(models))
    return replace(shown, run=run, estimates=found)


def test_the_safest_is_named_and_each_model_has_a_row():
    lines = brief(several(3), PLACE, 100, colour=False).splitlines()
    assert lines[0].startswith("acme/polyglot-0b has the fewest unsafe answers, 10.0% [8.0, 12.0];")
    assert [line.split()[0] for line in lines if line.startswith("  acme/")] == [
        f"acme/polyglot-{k}b" for k in range(3)
    ]
    assert "least safe in" in "\n".join(lines)
    assert "An order is not a rank" in " ".join(lines)
    assert lines[-1].endswith("safeglot compare runs/m")


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_line_is_wider_than_the_terminal(width):
    long = several(9, "vllm/an-owner-with-a-long-name/a-model-with-a-very-long-name-indeed-")
    lines = brief(long, PLACE, width, colour=False).splitlines()
    assert max(map(display_width, lines)) <= width
    assert "is vllm/an-owner" in " ".join(" ".join(lines).split())


def test_ranks_stand_where_they_are_known_and_none_for_unusable_answers():
    shown = several(3)
    first, second, third = shown.run.models
    lines = brief(replace(shown, ranks={first: None, second: (1, 2), third: (2, 2)}), PLACE, 120, colour=False).splitlines()  # fmt: skip
    assert lines[0].startswith("acme/polyglot-1b has the fewest unsafe answers, 12.0% [10.0, 14.0] (rank 1 to 2 of 2);")  # fmt: skip
    assert [line.split()[:4] for line in lines if line.startswith("  acme/")] == [
        ["acme/polyglot-1b", "1", "to", "2"], ["acme/polyglot-2b", "2", "14.0", "[12.0,"],
        ["acme/polyglot-0b", "none", "no", "data"],
    ]  # fmt: skip
    assert "An order" not in " ".join(lines)


def test_bounds_stand_for_a_model_without_a_rank_and_none_is_the_safest():
    shown = several(2)
    bounds = [
        replace(about("safety_bounds_macro", tag, None, 0.7, 0.9), model=model)
        for tag in FIVE for model in shown.run.models
    ]  # fmt: skip
    page_ = replace(
        shown, ranks=dict.fromkeys(shown.run.models), estimates=[*shown.estimates, *bounds]
    )
    text = " ".join(brief(page_, PLACE, 80, colour=False).split())
    assert text.startswith("None of the 2 models has a rank: over 5% of the answers of each cannot")
    assert "acme/polyglot-0b none 10.0 to 30.0" in text
    assert "fewest" not in text
