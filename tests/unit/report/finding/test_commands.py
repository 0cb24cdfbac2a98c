from __future__ import annotations

import shlex

import pytest

from safeglot.report.finding.commands import command, pasted
from safeglot.report.width import display_width

LONG = ",".join(f"l{i}" for i in range(60))
COMMANDS = (
    command("run", "runs/x", "--languages", LONG, "--arms", "roundtrip"),
    command("why", f"/tmp/a b/it's {'a long way ' * 12}é {'語' * 40}"),
    command("show", "runs/x", "--full"),
)


@pytest.mark.parametrize("text", COMMANDS)
@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_command_in_several_lines_is_one_to_a_shell(text, width):
    lines = pasted(text, width, "   ")
    assert max(map(display_width, lines)) <= width
    assert shlex.split("\n".join(lines).replace("\\\n", "")) == shlex.split(text)
    assert all(line.endswith("\\") for line in lines[:-1])


def test_what_fits_stays_in_one_line():
    assert pasted("safeglot view 'a  b'", 60, "  ") == ["  safeglot view 'a  b'"]


@pytest.mark.parametrize("width", [30, 60, 200])
def test_of_two_commands_each_is_one(width):
    both = f"{COMMANDS[2]} && {COMMANDS[0]}"
    whole = "\n".join(pasted(both, width)).replace("\\\n", "")
    words = list(shlex.shlex(whole, posix=True, punctuation_chars=True))
    assert words.count("&&") == 1
    assert "'&&'" not in whole
