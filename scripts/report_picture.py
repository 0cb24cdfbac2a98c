"""Make the picture of the report in the README: `make picture`.

The page is tests/example/large.py's with one model: synthetic verdicts, nothing was measured.
What stands between its headline and its heat map is left out of the picture.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from example.large import MODELS, example_page  # noqa: E402  the path comes first
from safeglot.report.html import render_html  # noqa: E402

OUT = ROOT / "docs" / "pictures" / "report.png"
WIDTH, HEIGHT, SCALE = 960, 900, 1.7
MAX_BYTES = 300_000
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]

LEAVE_OUT = """() => {
  const kept = new Set(["top", "categories"]);
  const hide = (node) => node.style.setProperty("display", "none");
  document.querySelectorAll("main > section").forEach((s) => kept.has(s.id) || hide(s));
  const extras = "nav, .brand, .soft, #categories .read, #categories .controls, #categories > .small";
  document.querySelectorAll(extras).forEach(hide);
  document.querySelectorAll("header.top .warn li").forEach((li, i) => i && hide(li));
}"""


def picture(browser: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        file = Path(folder) / "example.html"
        file.write_text(render_html(example_page(models=MODELS[:1])), "utf-8")
        opened = playwright.chromium.launch(executable_path=browser, args=FLAGS)
        page = opened.new_page(
            viewport={"width": WIDTH, "height": HEIGHT},
            device_scale_factor=SCALE,
            color_scheme="light",
        )
        page.goto(file.as_uri())
        page.evaluate(LEAVE_OUT)
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
