"""In a notebook progress is a bar that moves in the cell's output, in a script lines."""

from __future__ import annotations

import asyncio

import pytest

from safeglot.backends.console import Console, Snapshot
from safeglot.cli.python.notebook import NotebookConsole, console_here
from waiting import HANG_S


def snapshot(done):
    return Snapshot(
        answers=done, answers_of=4, verdicts=0, verdicts_of=4,
        failed=0, tokens=0, retried=0, in_flight=1,
    )  # fmt: skip


def test_without_a_notebook_it_is_the_console_of_a_terminal():
    assert type(console_here(quiet=False)) is Console
    assert console_here(quiet=True).quiet


@pytest.mark.parametrize("done", [1, 4])
def test_the_bar_is_shown_once_and_then_moves(done):
    shown, replaced, seen = [], [], asyncio.Event()

    def display(html):
        shown.append(html)
        seen.set()
        return replaced.append

    async def work():
        now = [0]
        async with NotebookConsole(display).watching(lambda: snapshot(now[0])):
            await asyncio.wait_for(seen.wait(), HANG_S)
            now[0] = done

    asyncio.run(work())
    assert 'max="4" value="0"' in shown[0]
    assert len(shown) == 1
    assert f'max="4" value="{done}"' in replaced[-1]
    assert f"answers {done}/4" in replaced[-1]


def test_the_finding_is_not_printed_twice(capsys):
    NotebookConsole(lambda _: print).show_coloured("the finding")
    assert capsys.readouterr().out == ""
