"""Pages in a real browser: headless Chromium opens a file as a reader would."""

from __future__ import annotations

import shutil
from contextlib import contextmanager

import pytest

from waiting import HANG_S

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
LOOKS = [(1280, "light"), (1280, "dark"), (400, "light"), (400, "dark")]
CONTRAST = """() => {
  const numbers = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = (rgb) => {
    const [r, g, b] = rgb.map((c) => c / 255)
      .map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (node) => {
    for (; node; node = node.parentElement) {
      const [r, g, b, a = 1] = numbers(getComputedStyle(node).backgroundColor);
      if (a > 0) return [r, g, b];
    }
    return [255, 255, 255];
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || !node.checkVisibility()) continue;
    if (["SCRIPT", "OPTION", "STYLE"].includes(node.tagName)) continue;
    const style = getComputedStyle(node);
    const ink = numbers(node instanceof SVGElement ? style.fill : style.color).slice(0, 3);
    const [a, b] = [light(ink), light(behind(node))].sort((x, y) => y - x);
    found.push([(a + 0.05) / (b + 0.05), walker.currentNode.textContent.trim().slice(0, 40)]);
  }
  return found.sort((x, y) => x[0] - y[0]);
}"""

CLIPPED = """() => {
  const out = [];
  for (const node of document.querySelectorAll("main *, header *")) {
    if (!node.checkVisibility() || node.closest(".scroll, .hm, svg, .segments input, .sr")) continue;
    const box = node.getBoundingClientRect();
    if (box.right > innerWidth + 1 || box.left < -1) out.push(node.tagName + " " + node.className);
  }
  return out;
}"""


def chromium():
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    pytest.fail(
        "no chromium, chromium-browser or google-chrome on the PATH: `make test` installs it"
    )


@contextmanager
def opened(browser, path, width=1280, scheme="light", *, beside=None, complaints=None, **options):
    """Open a page, and fail for any complaint in the console and any request but the file.

    Of a folder `beside` it, files may be asked for that are not there. Given a list, what is
    complained of goes there, and nothing fails for it.
    """
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, **options
    )
    context.set_default_timeout(1000 * HANG_S)
    page, told = context.new_page(), [] if complaints is None else complaints
    ours = (f"{path.parent.as_uri()}/{beside}/",) if beside else ()
    page.on("console", lambda message: _is_absent(message, ours) or told.append(message.text))
    page.on("pageerror", lambda error: told.append(str(error)))
    page.on(
        "request",
        lambda request: (
            request.url == path.as_uri() or request.url.startswith(ours) or told.append(request.url)
        ),
    )
    page.goto(path.as_uri())
    yield page
    context.close()
    assert complaints is not None or told == []


def _is_absent(message, ours):
    return "ERR_FILE_NOT_FOUND" in message.text and message.location["url"].startswith(ours)


def fits(page):
    assert page.evaluate(
        "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    )
    assert page.evaluate(CLIPPED) == []
