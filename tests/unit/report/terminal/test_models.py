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
