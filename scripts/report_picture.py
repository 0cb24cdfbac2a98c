"""Make the picture in the README: `make picture`.

It is the first screen of the page that `safeglot demo` writes of M-ALERT's published tables.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from safeglot.experiments.category_exclusion import malert_exclusion
from safeglot.report.exclusion.html import render_exclusion

OUT = Path(__file__).resolve().parents[1] / "docs" / "pictures" / "report.png"
WIDTH, HEIGHT, SCALE = 1280, 800, 1.3
MAX_BYTES = 300_000
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]


def picture(browser: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        file = Path(folder) / "report.html"
        file.write_text(render_exclusion(malert_exclusion()), "utf-8")
        opened = playwright.chromium.launch(executable_path=browser, args=FLAGS)
        page = opened.new_page(
            viewport={"width": WIDTH, "height": HEIGHT},
            device_scale_factor=SCALE,
            color_scheme="light",
        )
        page.goto(file.as_uri())
        shot = page.screenshot()
        opened.close()
    return shot


def main() -> None:
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        sys.exit(f"needs one of {', '.join(BROWSERS)} on the PATH")
    shot = picture(browser)
    if len(shot) > MAX_BYTES:
        sys.exit(
            f"the picture has {len(shot):,} bytes; at most {MAX_BYTES:,} go into the repository"
        )
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_bytes(shot)
    print(f"{OUT}: {len(shot):,} bytes, {WIDTH} x {HEIGHT} at scale {SCALE}")


if __name__ == "__main__":
    main()
