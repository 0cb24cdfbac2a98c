"""The demo: M-ALERT's published tables as a page, and a recorded run with invented numbers."""

from __future__ import annotations

from pathlib import Path

from safeglot.backends.files.links import private_folder
from safeglot.backends.files.rundir import RunDir, write_text
from safeglot.backends.files.shipped_run import unpack
from safeglot.experiments.category_exclusion import malert_exclusion
from safeglot.flow.page import page_of
from safeglot.report.exclusion.html import render_exclusion
from safeglot.report.finding import commands
from safeglot.report.terminal.demo import demo_text

PUBLISHED = "demo-m-alert"


def written(folder: Path) -> tuple[Path, RunDir]:
    """Return the page of the published tables and the recorded run, after writing both below a folder."""
    run = unpack(folder)
    page = folder / PUBLISHED / "report.html"
    private_folder(page.parent)
    write_text(page, render_exclusion(malert_exclusion()))
    return page, run


def found(page: Path, run: RunDir, width: int) -> str:
    """Return what both found, for the terminal, and where to go on."""
    ways = (
        f"{page}    {run.report}",
        f"{commands.command('why', str(run.path))}    {commands.command('init')}",
    )
    return demo_text(malert_exclusion(), page_of(run, 0), ways, width)
