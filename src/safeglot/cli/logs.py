"""Logs: answers that were recorded elsewhere, read into a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from safeglot.cli.options import PATH


@click.command("import")
@click.argument("sources", metavar="SOURCE...", nargs=-1, required=True)
@click.option("--out", required=True, type=PATH, help="a new folder for the run")
@click.option(
    "--columns",
    multiple=True,
    metavar="NAME=COLUMN",
    help="id, language, text, answer, model, category, kind, verdict, judge, label, annotator, sample; "
    "answer.de is that of a language, prompts.id of --prompts; category==all is a constant; may be repeated",
)
@click.option(
    "--prompts",
    multiple=True,
    metavar="FILE",
    help="the prompts, where they stand apart from the answers: found by their ids",
)
@click.option(
    "--read-as",
    multiple=True,
    metavar="WORD=MEANT",
    help="a word of a kind, language or category=what it means: harmless=benign,sp=es; may be repeated",
)
@click.option(
    "--verdicts",
    multiple=True,
    metavar="WORD=MEANING",
    help="what words of verdicts and labels mean: yes=unsafe,no=safe; refusal and none too",
)
@click.option("--languages", metavar="TAGS", help="only these; all by default")
@click.option("--reference", default="en", show_default=True, help="language of comparison")
@click.option("--taxonomy", help="TOML file with macro categories")
@click.option(
    "--allow-partial",
    is_flag=True,
    help="leave out rows that lack an id, a category, a language or their prompt",
)
@click.option(
    "--simple-labels",
    is_flag=True,
    help="the labels are of a simple random sample of the answers in each language",
)
@click.option("--quiet", is_flag=True, help="no notes, only the result")
def import_run(
    sources: tuple[str, ...], *, out: Path, columns: tuple[str, ...], quiet: bool, **given: Any
) -> None:
    """Read answers that were recorded elsewhere into a run; nothing is asked.

    SOURCE is a table with a row an answer (.csv, .tsv, .jsonl, .json, .parquet, .xlsx, a folder or a
    pattern with {language} in the path), or a log of Inspect, lm-evaluation-harness, promptfoo or Every
    Eval Ever. Judge the run, or score the verdicts that it brings.
    """
    from safeglot.backends.console import Console
    from safeglot.config.checks import pairs
    from safeglot.flow.logs.imports import import_run as imported
    from safeglot.flow.logs.recording import ToImport
    from safeglot.judge.verdict_words import parse_words

    console = Console(quiet=quiet)
    languages = given["languages"] or ""
    wanted = ToImport(
        sources=sources,
        columns=pairs(columns) if columns else {},
        read_as=pairs(given["read_as"], "--read-as") if given["read_as"] else {},
        verdicts=parse_words(given["verdicts"]),
        languages=tuple(tag.strip() for tag in languages.split(",") if tag.strip()),
        reference=given["reference"],
        taxonomy=given["taxonomy"],
        prompts=given["prompts"],
        allow_partial=given["allow_partial"],
        simple_labels=given["simple_labels"],
    )
    run_dir = imported(wanted, out, console)
    console.show(_ending(run_dir))


def _ending(run_dir: Any) -> str:
    """Return what was read, and what comes next."""
    about = run_dir.read_manifest()
    next_ = f"safeglot score {run_dir.path}, then safeglot report {run_dir.path}"
    if not about.judges:
        next_ = f"safeglot judge {run_dir.path} --judge FAMILY=PROVIDER/MODEL, then {next_}"
    return f"imported: {run_dir.path}. Next: {next_}"
