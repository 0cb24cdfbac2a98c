"""Tools beside the run: looking at runs, their records as files, joining them, texts for the arms."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from safeglot.cli.options import HTTP_CLIENT, PATH, PROXY, QUIET, RUN
from safeglot.cli.options import show as show_text
from safeglot.errors import UsageError


@click.command()
@RUN
@click.option("--full", is_flag=True, help="print all tables and caveats too")
@click.option("--json", "as_json", is_flag=True, help="print results.json")
def show(run: Path, *, full: bool, as_json: bool) -> None:
    """Print what a run found, all its tables, or its estimates as JSON."""
    from safeglot.backends.console import Console
    from safeglot.backends.files.rundir import RunDir
    from safeglot.cli import look

    console = Console()
    if as_json:
        console.show_json(RunDir(run).read_results().rstrip("\n"))
    else:
        console.show_coloured(look.show_text(RunDir(run), console, full=full))


@click.command()
@RUN
@click.option("--language", metavar="TAG", help="whose gap; the widest by default")
@click.option("--model", help="of which model; the run's first by default")
@click.option("--judge", help="by whose verdicts; the run's first by default")
def why(run: Path, **wanted: str | None) -> None:
    """Tell what a run can say about a gap, and how to find out the rest."""
    from safeglot.backends.console import Console
    from safeglot.backends.files.rundir import RunDir
    from safeglot.flow.why import why_text

    console = Console()
    console.show(why_text(RunDir(run), wanted, console.width))


@click.command()
@RUN
@click.option("--model", help="of which model; the run's first by default")
@click.option("--judge", help="by whose verdicts; the run's first by default")
@click.option(
    "--policy", metavar="FILE", type=PATH, help="a policy of `check`, to be told beside the numbers"
)
@click.option("--out", type=PATH, help="file, .md or .html; printed as Markdown by default")
def guide(run: Path, *, policy: Path | None, out: Path | None, **wanted: str | None) -> None:
    """Write for a product owner what was measured, what helped at what price, and what is not known."""
    from safeglot.backends.files.rundir import RunDir, write_text
    from safeglot.experiments.policy import check
    from safeglot.flow.why import guide_source
    from safeglot.report.guide.forms import render

    if out is not None and (not out.parent.is_dir() or out.suffix not in (".md", ".html")):
        raise UsageError(f"--out {out}: give a file .md or .html in a folder that is there.")
    source = guide_source(RunDir(run), wanted)
    if policy is not None:
        scope = source.scope
        source = replace(source, policy=check(run, policy, judge=scope.judge, model=scope.model))
    made = render(source, "page" if out and out.suffix == ".html" else "markdown")
    if out is None:
        show_text(made.rstrip("\n"))
    else:
        write_text(out, made)
        show_text(str(out))


@click.command()
@RUN
@click.option(
    "--format",
    "kind",
    type=click.Choice(
        ["csv", "jsonl", "parquet", "inspect", "every-eval-ever", "latex", "figures"]
    ),
    default="csv",
    show_default=True,
)
@click.option("--out", type=PATH, help="folder; RUN/export by default")
def export(run: Path, kind: str, out: Path | None) -> None:
    """Write a run as files: its records and estimates, a paper's tables and figures, logs of other tools."""
    from safeglot.backends.files.rundir import RunDir
    from safeglot.cli import look

    for path, rows in look.export(RunDir(run), kind, out or run / "export"):
        show_text(f"{path}" if rows is None else f"{path}: {rows} rows")


@click.command()
@click.argument("folder", type=PATH, required=False)
def ls(folder: Path | None) -> None:
    """List the runs in a folder, `runs` by default."""
    from safeglot.backends.console import Console
    from safeglot.cli import look

    if folder is not None and not folder.is_dir():
        raise UsageError(
            f"{folder}: no such folder. Give one that holds runs; the default is runs."
        )
    console = Console()
    console.show(look.list_text(folder or Path("runs"), console.width))


@click.command("fetch-embedded")
@click.argument("name", default="smollm2-135m")
@click.option("--verify", is_flag=True, help="check the stored weights' sha256 again")
def fetch_embedded(name: str, *, verify: bool) -> None:
    """Fetch weights, once: the embedded model's (98 MB), or with NAME e5 those of refusal-encoder-e5 (91 MB)."""
    from safeglot.backends.console import Console
    from safeglot.config import registry

    console = Console()
    console.show(str(registry.fetch_weights(name, progress=console.fetching, verify=verify)))


@click.command()
@click.argument("runs", metavar="RUN RUN...", type=PATH, nargs=-1, required=True)
@click.option("--out", required=True, type=PATH, help="a new folder for the whole")
def merge(runs: tuple[Path, ...], out: Path) -> None:
    """Join shards, or runs of one plan, in a new folder.

    Their prompts, languages, targets or judges may differ. Nothing is asked, and nothing is written
    into the runs.
    """
    from safeglot.backends.console import Console
    from safeglot.flow.run.merge import merge as joined

    console = Console()
    run_dir = joined(runs, out, console)
    console.show(f"joined: {run_dir.path}. Next: safeglot score {run_dir.path}")


@click.command()
@RUN
@click.argument("config", metavar="[CONFIG]", required=False)
@click.option("--out", type=PATH, required=True, help="file to write, .csv or .jsonl")
@click.option(
    "--arm",
    multiple=True,
    type=click.Choice(["backtranslate", "reverse"]),
    default=("backtranslate",),
    show_default=True,
    help="arm whose answers are to be translated; may be repeated",
)
@click.option(
    "--with",
    "translator",
    multiple=True,
    metavar="TRANSLATOR",
    help="have the answers translated, as `translate` takes it; may be repeated",
)
@click.option("--base-url", help="address of the chat models that translate")
@click.option("--key-env", metavar="VAR", help="environment variable that holds their key")
@PROXY
@HTTP_CLIENT
@QUIET
def arms(
    run: Path, config: str | None, *, out: Path, arm: tuple[str, ...], quiet: bool, **flags: Any
) -> None:
    """Write, or have translated, the answers that arms need.

    --with, or CONFIG, a TOML file, names the translators.
    """
    from safeglot.backends.console import Console
    from safeglot.backends.files.arm_texts import write
    from safeglot.backends.files.rundir import RunDir
    from safeglot.cli.options import config_of
    from safeglot.errors import TooMuchMissing
    from safeglot.flow.arms import to_translate
    from safeglot.flow.run.session import opened
    from safeglot.flow.translation.arm_answers import filled

    run_dir, console = RunDir(run).require(), Console(quiet=quiet)
    names = ",".join(dict.fromkeys(arm))
    about = run_dir.read_manifest()
    with opened(run_dir) as store:
        rows = list(to_translate(store, about, tuple(dict.fromkeys(arm))))
        if not flags["translator"] and config is None:
            written = write(out, rows)
            console.show(
                f"{out}: {written} answers to translate. Fill in text and translator, and give the "
                f"file to the same run: --arms {names} --arm-texts {out}"
            )
            return
        given = config_of(config, {**flags, "reference": about.reference}, here=False)
        if not given.translator:
            raise UsageError(f"{config}: names no translator. Write one, or give --with.")
        result = filled(rows, given, run_dir=run_dir, store=store, console=console)
    lost = "; ".join(result.lost())
    if lost and not result.rows:
        raise TooMuchMissing(
            f"no answer was translated, so {out} is not written: {lost}. These arms have no texts, and "
            "name no cause. Name another translator with --with."
        )
    written = write(out, result.rows)
    left = f" ({len(result.refused)} could not be translated and are left out)" if lost else ""
    for line in result.lost():
        console.show(line)
    console.show(
        f"{out}: {written} answers, translated{left}. Give the file to the same run: "
        f"--arms {names} --arm-texts {out}"
    )
