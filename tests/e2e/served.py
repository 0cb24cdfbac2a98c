"""The local app in a process of its own, as `safeglot view` starts it."""

from __future__ import annotations

import subprocess
import urllib.error
import urllib.request
from contextlib import contextmanager

from e2e.pages import fits
from e2e.runs import COMMAND, environment
from waiting import HANG_S


class Served:
    """A running app: its process and its address."""

    def __init__(self, *arguments):
        self.process = subprocess.Popen(
            [*COMMAND, *map(str, arguments)],
            env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8",
        )  # fmt: skip
        self.address = self.process.stdout.readline().strip()
        assert self.address.startswith("http://127.0.0.1:"), self.process.stderr.read()
        self.base = self.address.rpartition("/")[0] + "/"

    def kill(self):
        self.process.kill()
        self.process.communicate(timeout=HANG_S)

    def end(self):
        """The exit code after Ctrl+C, and what it said on stderr."""
        self.process.send_signal(2)
        _, said = self.process.communicate(timeout=HANG_S)
        return self.process.returncode, said


@contextmanager
def served(*arguments):
    app = Served(*arguments)
    try:
        yield app
    finally:
        if app.process.poll() is None:
            app.kill()


def asked(url, data=None, **headers):
    """(status, headers, text) of a call that no browser makes."""
    request = urllib.request.Request(url, data=data, headers=headers)
    try:
        with urllib.request.build_opener(_Stay).open(request, timeout=HANG_S) as reply:
            return reply.status, reply.headers, reply.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read().decode()


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


@contextmanager
def page_of(browser, url, width=1280, scheme="light", *, complaints=None, **options):
    """A page of the app: it may complain of nothing, and ask nobody else.

    Given a list, what it complains of goes there, and nothing fails for it.
    """
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, **options
    )
    context.set_default_timeout(1000 * HANG_S)
    page, told = context.new_page(), [] if complaints is None else complaints
    page.on("console", lambda message: told.append(message.text))
    page.on("pageerror", lambda error: told.append(str(error)))
    origin = url[: url.index("/", 8) + 1]
    page.on("request", lambda r: r.url.startswith(origin) or told.append(r.url))
    page.goto(url)
    yield page
    context.close()
    assert complaints is not None or told == []


def violations(page):
    """What axe finds, all rules, one line each."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [f"{v['id']}: {v['nodes'][0]['html'][:200]}" for v in found]


__all__ = ["Served", "asked", "fits", "page_of", "served", "violations"]
