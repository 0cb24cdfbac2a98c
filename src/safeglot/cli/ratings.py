"""The command ratings: translations rated by people."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from safeglot.cli.options import PATH
from safeglot.cli.options import show as show_text

_SET = click.argument("folder", metavar="SET", type=PATH)


@click.group()
def ratings() -> None:
    """Have people rate translations, and read their ratings back."""


@ratings.command()
@_SET
@click.option("--texts", type=int, default=50, show_default=True, help="kept texts a language")
@click.option(
    "--gated", type=int, default=0, show_default=True, help="gated texts a language, beside them"
)
@click.option(
    "--overlap", type=float, default=0.2, show_default=True, help="share rated by two people"
)
@click.option("--seed", type=int, default=0, show_default=True, help="seed of the draw")
@click.option(
    "--out",
    type=PATH,
    required=True,
    help="file to rate: .csv, .jsonl, or .json for Label Studio; what raters are told is written beside it, as .txt",
)
@click.option("--again", is_flag=True, help="draw anew; ratings of texts drawn again are kept")
def sample(folder: Path, *, out: Path, again: bool, **wanted: Any) -> None:
    """Draw translations to rate and write them for raters."""
    from safeglot.backends.files.translation_folder import TranslationFolder
    from safeglot.flow.translation import ratings as set_ratings
    from safeglot.translate.choice.ratings import RatingPlan

    found = TranslationFolder(folder)
    show_text(set_ratings.sample(found, RatingPlan(**wanted), out, again=again))


@ratings.command()
@_SET
@click.argument("files", type=PATH, nargs=-1, required=True)
def add(folder: Path, files: tuple[Path, ...]) -> None:
    """Read ratings back: CSV or JSON Lines with the columns item and adequacy."""
    from safeglot.backends.files.translation_folder import TranslationFolder
    from safeglot.flow.translation import ratings as set_ratings

    show_text(set_ratings.add(TranslationFolder(folder), files))


@ratings.command()
@_SET
@click.option("--json", "as_json", is_flag=True, help="print JSON, rates in [0, 1]")
@click.option("--markdown", is_flag=True, help="print Markdown tables")
def show(folder: Path, *, as_json: bool, markdown: bool) -> None:
    """Tell what people say: adequacy, agreement, how estimators fare, thresholds."""
    from safeglot.backends.console import Console
    from safeglot.backends.files.translation_folder import TranslationFolder
    from safeglot.flow.translation import ratings as set_ratings
    from safeglot.report import table

    tables, lines = set_ratings.show(TranslationFolder(folder))
    console = Console()
    if as_json:
        console.show_json(table.to_json(tables).rstrip("\n"))
        return
    made = table.to_markdown(tables) if markdown else table.to_text(tables, width=console.width)  # fmt: skip
    console.show("\n\n".join(part.strip("\n") for part in (made, lines) if part))
