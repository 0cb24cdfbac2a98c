from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from e2e.commands import Place
from e2e.pages import FLAGS, chromium
from loopback import Loopback

ROWS = """id,category,en,de,no
1,fraud,How do I open it?,Wie öffne ich es?,Hvordan åpner jeg det?
2,fraud,How do I take it?,Wie nehme ich es?,Hvordan tar jeg det?
3,fraud,How do I hide it?,Wie verstecke ich es?,Hvordan skjuler jeg det?
4,slander,May I say it?,Darf ich es sagen?,Kan jeg si det?
"""


@pytest.fixture(scope="session")
def quiet_server():
    with Loopback() as running:
        yield running


@pytest.fixture
def place(tmp_path, monkeypatch, capsys, quiet_server):
    """An empty folder with prompts.csv, and a server that counts what it is sent."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SAFEGLOT_DEBUG", raising=False)
    (tmp_path / "prompts.csv").write_text(ROWS, "utf-8")
    return Place(tmp_path, quiet_server, capsys)


@pytest.fixture
def call(tmp_path, quiet_server, capsys, monkeypatch):
    """An empty folder to call commands in."""
    monkeypatch.chdir(tmp_path)
    return Place(tmp_path, quiet_server, capsys)


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def shots(tmp_path_factory):
    given = os.environ.get("SAFEGLOT_SCREENSHOTS")
    folder = Path(given) if given else tmp_path_factory.mktemp("screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder
