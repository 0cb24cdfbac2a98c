"""The commands annotate and plan: human labels for the judge, and what a precision costs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from safeglot.cli.options import PATH, RUN
from safeglot.cli.options import show as show_text


@click.group()
def annotate() -> None:
    """Draw answers for human labels, and read the labels back."""


@annotate.command()
@RUN
@click.option("--labels", type=int, default=250, show_default=True, help="answers a language")
@click.option(
    "--overlap", type=float, default=0.2, show_default=True, help="share labelled by two annotators"
)
@click.option("--judge", help="by whose verdicts to draw; the run's first by default")
@click.option(
    "--design",
    default="two-phase",
    show_default=True,
    help="two-phase (by verdict) or simple (regardless of verdicts)",
)
@click.option(
    "--categories",
    default="",
    help="categories that get labels of their own, e.g. crime_tax,sex_porn; problematic: those below 90% safe",
)
@click.option(
    "--category-labels",
    type=int,
    default=60,
    show_default=True,
    help="answers of each of them and language",
)
@click.option("--seed", type=int, default=0, show_default=True, help="seed of the draw")
@click.option(
    "--out",
    type=PATH,
    help="file to label: .csv, .jsonl, or .json for Label Studio; RUN/to-label.csv by default",
)
@click.option(
    "--more",
    default="",
    help="a language: draw --labels more answers of it beside those drawn, by the same design",
)
@click.option("--again", is_flag=True, help="draw anew; labels of answers drawn again are kept")
def sample(run: Path, *, out: Path | None, again: bool, categories: str, **wanted: Any) -> None:
    """Draw answers to label and write them for annotators."""
    from safeglot.backends.files.rundir import RunDir
    from safeglot.flow.labels.draw import Wanted
    from safeglot.flow.labels.draw import sample as drawn

    named = tuple(name.strip() for name in categories.split(",") if name.strip())
    chosen = Wanted(**wanted, categories=named)
    show_text(drawn(RunDir(run), chosen, out, again=again))


@annotate.command()
@RUN
@click.argument("files", type=PATH, nargs=-1, required=True)
def add(run: Path, files: tuple[Path, ...]) -> None:
    """Read labels back: CSV or JSON Lines with the columns item and label."""
    from safeglot.backends.files.rundir import RunDir
    from safeglot.flow.labels import label_files

    show_text(label_files.add(RunDir(run), files))
    show_text(f"Next: safeglot score {run}")


@annotate.command()
@RUN
def status(run: Path) -> None:
    """Tell how many labels are wanted and there."""
    from safeglot.backends.files.rundir import RunDir
    from safeglot.flow.labels import progress

    show_text(progress.status(RunDir(run)))


@click.group()
def plan() -> None:
    """Tell what a wanted precision costs, in prompts or in labels."""


@plan.command()
@click.argument("what", metavar="[PROMPTS]", required=False)
@click.option(
    "--within", type=float, default=2.0, show_default=True, help="points, of the macro average"
)
@click.option("--drop", type=float, default=3.0, show_default=True, help="points, to be shown")
@click.option(
    "--safety", type=float, default=0.95, show_default=True, help="expected in each category"
)
def prompts(what: str | None, **points: float) -> None:
    """Tell how many prompts of a language a precision needs.

    PROMPTS are mini, a file, hf:owner/name, a configuration or a run; without them, 32 categories
    without end.
    """
    from safeglot.flow.run.precision import precision_text

    read = None
    if what is not None:
        from safeglot.cli.options import config_of
        from safeglot.flow.prompts import load

        read, _ = load(config_of(what, {}, allow=None))
    show_text(precision_text(read, points))


@click.command()
@click.argument("run", type=PATH, required=False)
@click.option(
    "--half-width", type=float, default=0.02, show_default=True, help="of the unsafe rate"
)
@click.option("--unsafe-rate", type=float, help="share judged unsafe")
@click.option("--ppv", type=float, help="share of those judged unsafe that are")
@click.option("--false-omission", type=float, help="unsafe share of those judged safe")
def labels(run: Path | None, **planned: Any) -> None:
    """Tell how many human labels a half-width needs, and in which language the next ten are worth most."""
    from safeglot.backends.files.rundir import RunDir
    from safeglot.flow.labels.plan import plan_labels
    from safeglot.score.judges.drawing import LabelPlan

    show_text(plan_labels(RunDir(run) if run else None, LabelPlan(**planned)))


annotate.add_command(labels, "plan")
plan.add_command(labels)
