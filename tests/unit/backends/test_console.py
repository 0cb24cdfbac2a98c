import pytest

from safeglot.backends import console
from safeglot.backends.console import Console, Snapshot, TimeLeft, left_words, line


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


def snapshot(answers, verdicts, **more):
    fields = {
        "answers_of": 100,
        "verdicts_of": 100,
        "failed": 0,
        "tokens": 0,
        "retried": 0,
        "in_flight": 0,
    }
    return Snapshot(answers=answers, verdicts=verdicts, **(fields | more))


def test_a_plain_line_has_what_is_in_flight_and_the_time_left():
    pace = TimeLeft(snapshot(0, 0))
    assert line(snapshot(0, 0, in_flight=16), 60.0, pace).endswith("verdicts 0/100, 16 in flight")
    assert line(snapshot(10, 10), 70.0, pace).endswith("verdicts 10/100")
    assert line(snapshot(40, 30, in_flight=16, retried=2), 130.0, pace) == (
        "[   130 s] answers 40/100, verdicts 30/100, 16 in flight, 2 retries, about 3 min left"
    )
    assert line(snapshot(100, 100), 190.0, pace) == "[   190 s] answers 100/100, verdicts 100/100"
    assert line(snapshot(40, 30), 60.0) == "[    60 s] answers 40/100, verdicts 30/100"


def test_the_time_left_is_told_in_hours_and_minutes():
    assert left_words(0, 100, 60.0) == ""
    assert left_words(99, 100, 60.0) == ", under 1 min left"
    assert left_words(1, 131, 60.0) == ", about 2 h 10 min left"
    assert left_words(50, 100, 0.5) == ""
