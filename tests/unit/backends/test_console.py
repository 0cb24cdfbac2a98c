import pytest

from safeglot.backends import console
from safeglot.backends.console import Console


@pytest.fixture
def shown(capsys, monkeypatch):
    monkeypatch.setattr(console, "PLAIN_EVERY_S", 0.0)
    monkeypatch.setattr(console, "BAR_AFTER_S", 0.0)
    return lambda: capsys.readouterr().err


HOSTILE = "a\x1b[2Jb\x1b]0;title\x07c\u202ed\x9be"


def test_nothing_that_a_terminal_would_obey_is_printed(capsys):
    one = Console()
    one.say(HOSTILE)
    one.say_once(HOSTILE)
    one.say_once(HOSTILE)
    one.show(HOSTILE)
    one.fetching(HOSTILE, 0, 10**6)
    one.show_coloured(f"\x1b[31m{HOSTILE}\x1b[0m")
    said, told = capsys.readouterr()
    assert said == "abcd\n\x1b[31mabcd\x1b[0m\n"
    assert told == "abcd\nabcd\nabcd (1 MB)\n"


def test_json_is_shown_with_escapes(capsys):
    Console().show_json('{"a": "\x9b\u202e"}')
    assert capsys.readouterr().out == '{"a": "\\u009b\\u202e"}\n'


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
