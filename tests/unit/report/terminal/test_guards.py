import pytest

from safeglot.report.terminal.brief import RunPlace, brief
from safeglot.report.terminal.guards import guards_brief
from safeglot.report.width import display_width
from unit.report.guards.pages import losing, page_of, probed


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_conclusion_comes_first_and_no_line_is_wider(width):
    text = brief(
        page_of(losing(unread=5)), RunPlace(run="runs/g", page="r.html"), width, colour=False
    )
    lines = text.splitlines()
    assert lines[0].startswith("llama-guard-3 finds less in Swahili")
    assert max(map(display_width, lines)) <= width
    assert len(lines) <= (14 if width >= 80 else 20)
    assert "safeglot show runs/g --full" in text


def test_a_guard_that_finds_less_is_marked_beside_what_it_finds():
    text = brief(page_of(losing()), RunPlace(run="r"), 100, colour=False)
    (row,) = [line for line in text.splitlines() if line.strip().startswith("Swahili")]
    assert "60.0 [50.2, 69.1] less" in row
    assert row.count("less") == 1


def test_a_loss_under_a_probe_stands_in_the_conclusion():
    lines = brief(page_of(probed()), RunPlace(run="r"), 100, colour=False).splitlines()
    (at,) = [i for i, line in enumerate(lines) if "Under translit=latin llama-guard-3" in line]
    assert at < 4
    assert len(lines) <= 14


def test_guards_that_do_not_fit_are_counted():
    names = ("a=vllm/x", "b=vllm/x")
    page = page_of(losing(guards=names))
    assert "1 more guards" in brief(page, RunPlace(run="r"), 60, colour=False) or (
        "b" in brief(page, RunPlace(run="r"), 60, colour=False)
    )


def test_bounds_stand_in_the_place_of_a_rate_with_too_much_unread():
    lines = guards_brief(page_of(losing(lost=0, unread=12)), 100)
    assert any("? [88.0, 100.0]" in line for line in lines)
