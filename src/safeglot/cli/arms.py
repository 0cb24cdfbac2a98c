"""The command arms: texts that the arms of a run still need."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from safeglot.cli.options import HTTP_CLIENT, PROXY


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
@click.option(
    "--with",
    "translator",
    multiple=True,
    metavar="TRANSLATOR",
    help="have the answers translated, as `translate` takes it; may be repeated",
)
@click.option("--base-url", default=None, help="address of the chat models that translate")
@click.option(
    "--key-env", default=None, metavar="VAR", help="environment variable that holds their key"
)
@PROXY
@HTTP_CLIENT
@click.option("--quiet", is_flag=True, help="no progress, only the result")
def arms(run: Path, out: Path, arm: tuple[str, ...], *, quiet: bool, **flags: Any) -> None:
    """Write the answers that have to be translated for the arms of a run; --with translates them."""
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
        if not flags["translator"]:
            written = write(out, rows)
            console.show(
                f"{out}: {written} answers to translate. Fill in text and translator, and give the "
                f"file to the same run: --arms {names} --arm-texts {out}"
            )
            return
        config = config_of(None, {**flags, "reference": about.reference})
        result = filled(rows, config, run_dir=run_dir, store=store, console=console)
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
