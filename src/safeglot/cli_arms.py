"""The command arms: texts that the arms of a run still need."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, help="file to write, .csv or .jsonl"
)
@click.option(
    "--arm",
    multiple=True,
    type=click.Choice(["backtranslate", "reverse"]),
    default=("backtranslate",),
    show_default=True,
    help="arm whose answers are to be translated; may be repeated",
)
def arms(run: Path, out: Path, arm: tuple[str, ...]) -> None:
    """Write the answers that have to be translated for the arms of a run."""
    from safeglot.arms import to_translate
    from safeglot.backends.arm_texts import write
    from safeglot.backends.rundir import RunDir
    from safeglot.setting import opened

    run_dir = RunDir(run).require()
    with opened(run_dir) as store:
        rows = list(to_translate(store, run_dir.read_manifest(), tuple(dict.fromkeys(arm))))
    written = write(out, rows)
    click.echo(
        f"{out}: {written} answers to translate. Fill in text and translator, and give the file "
        f"to the same run: --arms {','.join(dict.fromkeys(arm))} --arm-texts {out}"
    )
