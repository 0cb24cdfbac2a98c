"""Measure how a report of 75,000 answers opens in a browser: main thread, memory, list, cell, flips, search.

    python benchmarks/report_page.py [--samples 75000]

A run is made as in memory.py, scored, and its report written. Headless Chromium opens it; what its
main thread was busy with comes from the browser itself, memory is that of the page's process. Exits
with 1 where opening takes 1 s of the main thread or more, the page 3 MB, or its process 300 MB.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from memory import measured, write_prompts

MAX_OPEN_S, MAX_PAGE_MB, MAX_MEMORY_MB = 1.0, 3.0, 300.0
FLAGS = ["--no-sandbox", "--disable-gpu", "--enable-precise-memory-info"]
ACTIONS = {
    "the list": "document.querySelector('#answers-fold > summary').click()",
    "a cell and its answers": "document.querySelector('table.heat button').click()",
    "the flips": "document.querySelector('#flips-fold > summary').click()",
    "a search through all": "(() => { const box = document.getElementById('filter-text');"
    " box.value = 'answer 74'; box.dispatchEvent(new Event('input', { bubbles: true })); })()",
}
SHOWN = {
    "the list": "document.querySelectorAll('#answer-list li').length > 0",
    "a cell and its answers": "document.querySelectorAll('.cell-answers li').length > 0",
    "the flips": "document.querySelectorAll('.flip-card').length > 0",
    "a search through all": "/^(\\d|No)/.test(document.getElementById('answer-count').textContent)",
}


class Meter:
    """What the page's main thread was busy with, and the memory of the page's process."""

    def __init__(self, page: Any) -> None:
        self._session = page.context.new_cdp_session(page)
        self._session.send("Performance.enable")
        self._browser = page.context.browser.new_browser_cdp_session()

    def busy_s(self) -> float:
        found = self._session.send("Performance.getMetrics")["metrics"]
        return next(one["value"] for one in found if one["name"] == "TaskDuration")

    def memory_mb(self) -> float:
        """Return the private memory of the largest renderer."""
        found = self._browser.send("SystemInfo.getProcessInfo")["processInfo"]
        renderers = [one["id"] for one in found if one["type"] == "renderer"]
        return max(map(_private_mb, renderers))


def _private_mb(process: int) -> float:
    lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    return sum(int(x.split()[1]) for x in lines if x.startswith("Private_")) / 1000


def opened(report: Path, runs: int = 3) -> int:
    """Print what the report takes in a browser; return how many limits it does not meet."""
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        opening, least = [], 0.0
        for _ in range(runs):
            page = browser.new_page()
            meter = Meter(page)
            least = meter.memory_mb()
            before = meter.busy_s()
            page.goto(report.as_uri())
            page.wait_for_load_state("load")
            opening.append(meter.busy_s() - before)
            if len(opening) < runs:
                page.close()
        memory = meter.memory_mb()
        print(
            f"open: main thread {min(opening):.2f} to {max(opening):.2f} s, memory {memory:.0f} MB (an empty page {least:.0f})"
        )
        for name, action in ACTIONS.items():
            before, start = meter.busy_s(), time.perf_counter()
            page.evaluate(action)
            while not page.evaluate(SHOWN[name]):  # wait_for_function would break the page's policy
                time.sleep(0.02)
            memory = max(memory, meter.memory_mb())
            print(
                f"{name}: {time.perf_counter() - start:.2f} s, main thread {meter.busy_s() - before:.2f} s,"
                f" memory {meter.memory_mb():.0f} MB"
            )
        browser.close()
    size = report.stat().st_size / 1e6
    print(f"page {size:.2f} MB")
    return (max(opening) >= MAX_OPEN_S) + (memory >= MAX_MEMORY_MB) + (size >= MAX_PAGE_MB)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--samples", type=int, default=75_000)
    parser.add_argument("--report", type=Path, help="measure this one and make none")
    given = parser.parse_args()
    if given.report:
        return int(opened(given.report.resolve()) > 0)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_prompts(folder / "prompts.jsonl", given.samples)
        for stage in ("begin", "fill", "score", "report"):
            cpu_s, peak = measured(stage, folder)
            print(f"{stage:8} {peak:6.0f} MB {cpu_s:7.1f} s CPU", flush=True)
        return int(opened(folder / "run" / "report.html") > 0)


if __name__ == "__main__":
    sys.exit(main())
