import pytest

from safeglot.backends import console
from safeglot.backends.console import Console


@pytest.fixture
def shown(capsys, monkeypatch):
    monkeypatch.setattr(console, "PLAIN_EVERY_S", 0.0)
    monkeypatch.setattr(console, "BAR_AFTER_S", 0.0)
    return lambda: capsys.readouterr().err


def count(one):
    with one.counting("answers checked", 30) as tell:
        for done in (10, 20, 30):
            tell(done)


def test_plain_lines(shown):
    count(Console())
    lines = shown().splitlines()
    assert lines == [f"[     0 s] answers checked {n}/30" for n in (10, 20, 30, 30)]


def test_nothing_when_quiet(shown):
    count(Console(quiet=True))
    assert shown() == ""


def test_nothing_for_what_takes_a_moment(capsys):
    count(Console())
    assert capsys.readouterr().err == ""


def test_a_bar_on_a_terminal(shown):
    one = Console()
    one.terminal = True
    count(one)
    text = shown()
    assert "answers checked" in text
    assert "30/30" in text


def stopped(one):
    with one.counting("answers checked", 30) as tell:
        tell(7)
        raise KeyboardInterrupt


def test_the_last_number_is_shown_however_it_ends(shown):
    with pytest.raises(KeyboardInterrupt):
        stopped(Console())
    assert shown().splitlines() == ["[     0 s] answers checked 7/30"] * 2
