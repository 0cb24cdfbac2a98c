"""The command init: four questions, and the configuration that they make."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from safeglot.cli.help import GroupedCommand, grouped
from safeglot.cli.options import PATH


@click.command(cls=GroupedCommand)
@click.option("--target", default="", help="the model, provider/model")
@click.option("--base-url", default="", help="address of its server")
@click.option("--languages", default="", metavar="TAGS", help="BCP-47 tags, e.g. en,de,sw")
@click.option("--judge", default="", help="family=provider/model; the embedded one by default")
@click.option("--preset", default="", metavar="NAME", help="how much: quick, m-alert, release")
@click.option(
    "--out", type=PATH, default=Path("safeglot.toml"), show_default=True,
    help="the file to write",
)  # fmt: skip
@grouped(
    "Servers and limits", "--key-env", default="", metavar="VAR", help="variable of the model's key"
)
@grouped("Servers and limits", "--judge-base-url", default="", help="address of the judge's server")
@grouped(
    "Servers and limits",
    "--judge-key-env",
    default="",
    metavar="VAR",
    help="variable of the judge's key",
)
def init(*, target: str, judge: str, languages: str, preset: str, out: Path, **at: str) -> None:
    """Ask four questions and write safeglot.toml.

    The server is asked for its models. What a flag answers is not asked; without a terminal nothing is asked. Keys are never written:
    a configuration names the environment variable that holds one.
    """
    from safeglot.backends.console import Console
    from safeglot.flow.setup import FirstAnswers, Place, next_steps, set_up

    given = FirstAnswers(
        target=Place(name=target, base_url=at["base_url"], key_env=at["key_env"]),
        judge=Place(name=judge, base_url=at["judge_base_url"], key_env=at["judge_key_env"]),
        languages=languages,
        preset=preset,
    )
    console = Console()
    set_up(given, out, _ask if sys.stdin.isatty() else None, console)
    console.show(next_steps(out))


def _ask(question: str, default: str | None) -> str:
    return str(click.prompt(question, default=default, show_default=bool(default), err=True))
