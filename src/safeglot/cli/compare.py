"""The commands experiment and compare: questions to runs that are there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from safeglot.cli.options import PATH, RUN
from safeglot.errors import UsageError

if TYPE_CHECKING:
    from safeglot.report.table import ResultTable

_METRICS = "safety_macro32, safety_macro, safety_micro, safety_macro6"


def _shared(command: Callable[..., Any]) -> Callable[..., Any]:
    """Return a command with what all have: the runs, the judge, and the ways to show tables."""
    for option in (
        click.option("--markdown", is_flag=True, help="print Markdown"),
        click.option(
            "--csv",
            "csv_file",
            type=click.Path(path_type=Path, dir_okay=False),
            help="also write the tables to this CSV file, rates in [0, 1]",
        ),
        click.option("--json", "as_json", is_flag=True, help="print JSON, rates in [0, 1]"),
        click.option("--judge", help="one of the run's judges; all by default"),
        click.argument("runs", nargs=-1, type=PATH),
    ):
        command = option(command)
    return command


_FILE = click.Path(path_type=Path, dir_okay=False)
_REFERENCE = click.option(
    "--reference",
    type=click.Choice(["m-alert"]),
    default=None,
    help="set M-ALERT's published figures beside, or take them alone",
)
_LANGUAGE = click.option("--language", help="one language; their mean by default")
_METRIC = click.option("--metric", help=f"{_METRICS}; the macro average by default")
_MODELS = click.option(
    "--models", "facts", type=PATH, help="CSV or TOML: model, family, params_b, instruct, base"
)


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _show(
    tables: list[ResultTable], *, as_json: bool, csv_file: Path | None, markdown: bool
) -> None:
    from safeglot.backends.console import Console
    from safeglot.backends.files.rundir import write_text
    from safeglot.report import table

    console = Console()
    if csv_file is not None:
        _needs_folder(csv_file, "--csv")
        write_text(csv_file, table.to_csv(tables))
    if as_json:
        console.show_json(table.to_json(tables).rstrip("\n"))
        return
    made = table.to_markdown(tables) if markdown else table.to_text(tables, width=console.width)
    console.show(made.rstrip("\n"))


def _answer(answer: Callable[..., list[ResultTable]], runs: tuple[Path, ...], **asked: Any) -> None:
    shown = {name: asked.pop(name) for name in ("as_json", "csv_file", "markdown")}
    _show(answer(runs, **asked), **shown)


def _needs_folder(file: Path, flag: str) -> None:
    if not file.parent.is_dir():
        raise UsageError(f"{flag} {file}: {file.parent} is no folder. Make it first.")


@click.group()
def experiment() -> None:
    """Answer one of the questions that M-ALERT leaves open."""


@experiment.command("translation-impact")
@_shared
def translation_impact(**asked: Any) -> None:
    """How much of each gap is the translation's, of a run with arms."""
    from safeglot.experiments.translation_impact import translation_impact as answer

    _answer(answer, **asked)


@experiment.command("category-exclusion")
@_shared
@click.option(
    "--exclude",
    default="",
    callback=lambda _context, _option, text: _words(text),
    help="categories to leave out; substance_cannabis,crime_propaganda by default",
)
@_REFERENCE
def category_exclusion(**asked: Any) -> None:
    """What leaving out categories does to averages, gaps and matching."""
    from safeglot.experiments.category_exclusion import category_exclusion as answer

    _answer(answer, **asked)


@experiment.command("transfer")
@_shared
def transfer(**asked: Any) -> None:
    """How far safety in the reference carries over, by language and kind of harm."""
    from safeglot.experiments.transfer import transfer as answer

    _answer(answer, **asked)


@experiment.command("base-vs-instruct")
@_shared
@_MODELS
@_METRIC
@_LANGUAGE
@_REFERENCE
def base_vs_instruct(**asked: Any) -> None:
    """Instruct models beside their base models."""
    from safeglot.experiments.model_trends import base_vs_instruct as answer

    by, rest = _parted(asked)
    _answer(answer, wanted=by, **rest)


@experiment.command("model-size")
@_shared
@_MODELS
@_METRIC
@_LANGUAGE
@_REFERENCE
def model_size(**asked: Any) -> None:
    """Whether larger models are judged safer, in base and in instruct models."""
    from safeglot.experiments.model_trends import model_size as answer

    by, rest = _parted(asked)
    _answer(answer, wanted=by, **rest)


@experiment.command("judge-alignment")
@_shared
def judge_alignment(**asked: Any) -> None:
    """How far judges agree with one another and with people, by language."""
    from safeglot.experiments.judge_alignment import judge_alignment as answer

    _answer(answer, **asked)


@experiment.command("language-properties")
@_shared
@click.option(
    "--properties",
    type=PATH,
    help="CSV or TOML: language, family, columns of numbers; by default class, script, distances, tokens",
)
@_REFERENCE
def language_properties(**asked: Any) -> None:
    """Whether gaps go with a property of languages."""
    from safeglot.experiments.language_properties import language_properties as answer

    _answer(answer, **asked)


@click.command()
@_shared
@_METRIC
@_LANGUAGE
@_REFERENCE
@click.option(
    "--page",
    type=click.Path(path_type=Path, dir_okay=False),
    help="also write this HTML file, with the figures",
)
@click.option(
    "--figures",
    type=click.Path(path_type=Path, file_okay=False),
    help="also write the figures as SVG, PNG and CSV into this folder",
)
def compare(
    runs: tuple[Path, ...],
    *,
    reference: str | None,
    page: Path | None,
    figures: Path | None,
    **asked: Any,
) -> None:
    """Set models side by side, with ranks where they are resolved."""
    from safeglot.backends.files.rundir import write_text
    from safeglot.experiments.comparison import compared
    from safeglot.report.comparison.html import render_comparison

    if page is not None:
        _needs_folder(page, "--page")
    by, shown = _parted(asked)
    tables, view = compared(runs, by, reference=reference, page=page or figures)
    made = "" if view is None else render_comparison(view)
    if page is not None:
        write_text(page, made)
    if figures is not None:
        from safeglot.flow.exports import write_figures

        for _ in write_figures(made, figures):
            pass
    _show(tables, **shown)


@click.command()
@RUN
@click.option(
    "--policy",
    "policy_path",
    metavar="FILE",
    type=PATH,
    help="TOML file of rules, as in [safety] with least = 0.9",
)
@click.option(
    "--against", metavar="EARLIER", type=PATH, help="an earlier run, for the rule [worse]"
)
@click.option("--judge", help="one of the run's judges; all by default")
@click.option("--model", help="one of the run's models; all by default")
@click.option(
    "--inconclusive",
    type=click.Choice(["fail", "pass"]),
    default="fail",
    help="whether a policy that cannot be decided exits with 6, or with 0",
)
@click.option("--junit", type=_FILE, help="also write this JUnit XML file")
@click.option("--markdown", type=_FILE, help="also write this file for a pull request")
def check(
    run: Path, *, inconclusive: str, junit: Path | None, markdown: Path | None, **asked: Any
) -> None:
    """Decide whether a run meets a release policy: 0 met, 5 not met, 6 not decided."""
    from safeglot.backends.console import Console
    from safeglot.backends.files.rundir import write_text
    from safeglot.errors import POLICY_CODES
    from safeglot.experiments.policy import check as answer
    from safeglot.report.policy.junit import to_junit
    from safeglot.report.policy.markdown import to_markdown
    from safeglot.report.policy.text import to_text

    for flag, file in (("--junit", junit), ("--markdown", markdown)):
        if file is not None:
            _needs_folder(file, flag)
    view, console, passes = answer(run, **asked), Console(), inconclusive == "pass"
    if junit is not None:
        write_text(junit, to_junit(view, passes=passes))
    if markdown is not None:
        write_text(markdown, to_markdown(view))
    console.show(to_text(view, width=min(console.width, 110)).rstrip("\n"))
    if passes and view.decision == "inconclusive":
        console.show("It passes all the same: --inconclusive pass.")
        raise SystemExit(0)
    raise SystemExit(POLICY_CODES[view.decision])


def _parted(asked: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Return the question, and how its answer is shown."""
    from safeglot.experiments.field import Asked

    by = {name: asked.pop(name) for name in ("judge", "metric", "language")}
    return Asked(**by), asked
