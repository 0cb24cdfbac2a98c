from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from safeglot.cli import help as layout
from safeglot.cli.help import GroupedCommand, SectionedGroup, grouped
from safeglot.errors import UsageError


@click.group(cls=SectionedGroup)
def tool():
    """A tool."""


for name in ("report", "run", "odd"):
    tool.add_command(click.Command(name, help=f"What {name} does,\n    in a line.\n\n    More."))


@tool.command(cls=GroupedCommand)
@click.option("--languages", help="which")
@grouped("Answers", "--seed", type=int, help="a seed")
@grouped("Answers", "--raw", is_flag=True, help="bare")
@click.argument("what", metavar="[CONFIG]", required=False)
def generate(**_given):
    """Ask."""


def shown(*arguments):
    done = CliRunner().invoke(tool, arguments)
    assert done.exit_code == 0, done.output
    return done.output


def test_commands_stand_in_their_sections_in_order_and_only_those_that_are_there():
    text = shown("--help")
    at = [text.index(part) for part in ("Commands:", "  run ", "Stages", "  generate", "  report")]
    assert at == sorted(at)
    assert "What run does, in a line.\n" in text
    assert "More." not in text
    assert "  demo" not in text, "not there"


def test_the_first_flags_are_shown_and_the_others_are_counted():
    text = shown("generate", "--help")
    assert "--languages" in text
    assert "--seed" not in text
    assert "2 further flags: safeglot generate --help-all" in text


def test_all_flags_are_shown_in_their_groups():
    text = shown("generate", "--help-all")
    assert text.index("--languages") < text.index("Answers:") < text.index("--seed")
    assert "further flags" not in text
    assert [title for title in layout.GROUPS if f"{title}:" in text] == ["Answers"]


def test_a_misspelt_command_gets_the_nearest():
    context = click.Context(tool)
    with pytest.raises(UsageError, match=r"no such command 'raport'\. Did you mean 'report'"):
        tool.resolve_command(context, ["raport"])
