"""Arguments -> one call each; no logic. Flags are named as the keys of the TOML."""

from __future__ import annotations

import errno
import os
import shlex
import signal
import sys
from collections.abc import Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from safeglot import __version__
from safeglot.cli.annotate import annotate, plan
from safeglot.cli.compare import check, compare, experiment
from safeglot.cli.demo import demo
from safeglot.cli.doctor import doctor
from safeglot.cli.guards import guards
from safeglot.cli.help import GroupedCommand, SectionedGroup, grouped, told
from safeglot.cli.init import init
from safeglot.cli.judge import UNCHECKED, judge
from safeglot.cli.logs import import_run
from safeglot.cli.options import (
    ALLOW,
    PATH,
    QUIET,
    RUN,
    begun_config,
    config_of,
    given_text,
    options,
)
from safeglot.cli.ratings import ratings
from safeglot.cli.tools import arms, export, fetch_embedded, guide, ls, merge, show, why
from safeglot.cli.translate import translate
from safeglot.cli.view import label, view
from safeglot.errors import InputErrors, SafeglotError, UnnamedEndpoints, UsageError

if TYPE_CHECKING:
    from safeglot.backends.console import Console


_PROMPTS = (
    "prompts", "columns", "read_as", "taxonomy", "languages", "reference", "categories", "kinds", "limit",
    "select_seed", "allow_partial", "unpaired", "shard",
)  # fmt: skip


def _console(*, quiet: bool = False) -> Console:
    from safeglot.backends.console import Console

    return Console(quiet=quiet)


_RETRY = grouped(
    "Servers and limits",
    "--retry-failed",
    is_flag=True,
    help="try again what failed for good, empty answers and unread verdicts",
)


@click.group(
    cls=SectionedGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="safeglot")
@click.pass_context
def app(context: click.Context) -> None:
    """Measure where a language model's safety gets lost between languages, and why.

    \b
    safeglot init
    safeglot run
    safeglot run mini --languages en,de,sw --target vllm/OWNER/MODEL
    """  # noqa: D301 - click reads the escape
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


@app.command(cls=GroupedCommand)
@options()
@ALLOW
@click.option("--dry-run", is_flag=True, help="count requests, tokens and cost; send nothing")
@click.option("--print-config", is_flag=True, help="print the settings given as TOML; send nothing")
@_RETRY
@grouped("Judging", "--unchecked-judge", is_flag=True, help=UNCHECKED)
@QUIET
def run(
    what: str | None,
    *,
    allow: tuple[str, ...],
    dry_run: bool,
    print_config: bool,
    quiet: bool,
    **flags: Any,
) -> None:
    """Run all stages, or those that a run still lacks.

    CONFIG is a TOML file (./safeglot.toml where nothing is named; `safeglot init` writes it), RUN a
    run's folder to go on with, PROMPTS mini, a file or hf:owner/name.
    """
    how = {"retry_failed": flags.pop("retry_failed"), "unchecked": flags.pop("unchecked_judge")}
    settings = begun_config(what, flags, allow=allow)
    from safeglot import pipeline  # late: what is refused loads no stage

    if print_config:
        _console().show(given_text(settings, what, flags))
    elif dry_run:
        from safeglot.cli.look import forecast_text

        _console().show(forecast_text(pipeline.plan(settings)))
    else:
        pipeline.run(settings, _console(quiet=quiet), **how)


@app.command()
@options(_PROMPTS)
def prompts(what: str | None, **flags: Any) -> None:
    """Read and check prompts; show languages and categories."""
    settings = config_of(what, flags, allow=None)
    from safeglot.cli import look
    from safeglot.flow.prompts import load

    read, _ = load(settings)
    console = _console()
    console.show(look.prompts_text(read, console.width))


@app.command(cls=GroupedCommand)
@options(
    but=(
        *("judge", "judge_base_url", "judge_thoughts", "level", "answers"),
        *("plan", "within", "drop", "history"),
    )
)
@ALLOW
@_RETRY
@QUIET
def generate(
    what: str | None, *, allow: tuple[str, ...], retry_failed: bool, quiet: bool, **flags: Any
) -> None:
    """Ask the targets and store their answers."""
    settings = begun_config(what, flags, allow=allow)
    from safeglot import pipeline

    done = pipeline.generate(settings, _console(quiet=quiet), retry_failed=retry_failed)
    _console().show(f"answers: {done.database}")


app.add_command(translate)
app.add_command(judge)


@app.command()
@RUN
@click.option(
    "--labels",
    type=PATH,
    multiple=True,
    help="labels of `annotate sample`, filled in; may be repeated",
)
@click.option(
    "--correction", help="two-phase, or of a simple sample ppi or rogan-gladen; kept for later"
)
@QUIET
def score(run: Path, labels: tuple[Path, ...], correction: str | None, *, quiet: bool) -> None:
    """Compute results.json from verdicts, and from human labels."""
    from safeglot import pipeline
    from safeglot.backends.files.rundir import RunDir
    from safeglot.flow.labels import label_files
    from safeglot.flow.run.session import check_missing, choose_correction, judged_config

    run_dir = RunDir(run)
    run_dir.check_writable(
        "`score` writes its results into the run. Score a copy: "
        f"cp -r {run} COPY && chmod -R u+w COPY && safeglot score COPY"
    )
    allowed = judged_config(run_dir).max_missing
    if correction is not None:
        choose_correction(run_dir, correction)
    if labels:
        _console().show(label_files.add(run_dir, labels))
    missing = pipeline.score(run_dir, _console(quiet=quiet))
    _console().show(f"results: {run_dir.results}")
    check_missing(run_dir, missing, allowed)


@app.command()
@RUN
@click.option(
    "--answers",
    type=click.IntRange(min=0),
    help="answers shown beside all unsafe, blocked and unread ones; 0: none",
)
@click.option("--out", type=PATH, help="file; RUN/report.html by default")
def report(run: Path, answers: int | None, out: Path | None) -> None:
    """Write report.html from results.json and the answers."""
    from safeglot import pipeline
    from safeglot.backends.files.rundir import RunDir
    from safeglot.flow.run.session import stored_config

    run_dir, console = RunDir(run), _console()
    if out is None:
        run_dir.check_writable(f"Write the page elsewhere: safeglot report {run} --out report.html")
    elif not out.parent.is_dir() or out.is_dir():
        raise UsageError(f"--out {out}: give a file in a folder that is there, as in report.html.")
    else:
        run_dir.report = out
    shown = stored_config(run_dir).answers if answers is None else answers
    console.show_coloured(pipeline.report(run_dir, console, answers=shown))


for _command in (
    init,
    demo,
    import_run,
    view,
    label,
    show,
    why,
    guide,
    export,
    merge,
    annotate,
    plan,
    guards,
    arms,
    experiment,
    compare,
    check,
    ratings,
    ls,
    fetch_embedded,
    doctor,
):
    app.add_command(_command)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; errors that are the user's to mend come without a traceback."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    _show_anything()
    try:
        app.main(arguments, prog_name="safeglot", standalone_mode=False)
    except InputErrors as error:
        then = f"\nThen:\n  {error.then}" if error.then else ""
        _fail(_listed(error.problems) + then, error.exit_code)
    except UnnamedEndpoints as error:
        given = sys.argv[1:] if arguments is None else arguments
        command = shlex.join(["safeglot", *given, *error.flags])
        _fail(f"error: {error}\n  {command}", error.exit_code)
    except SafeglotError as error:
        _fail(f"error: {error}", error.exit_code)
    except click.exceptions.Abort:
        _fail("interrupted", 4)
    except click.ClickException as error:
        _fail(told(error), 2)
    except KeyboardInterrupt:
        _fail("interrupted", 4)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:
        if os.environ.get("SAFEGLOT_DEBUG"):
            raise
        _fail(*_unexpected(error, sys.argv[1:] if arguments is None else arguments))


def _unexpected(error: Exception, arguments: Sequence[str]) -> tuple[str, int]:
    """Return what is said of an error that nobody expected, and the exit code: the files may be to blame."""
    from safeglot.flow.damage import damage_in

    if isinstance(error, OSError) and error.filename:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        do = "Make room" if full else "Check its permissions"
        told = f"{error.filename}: {error.strerror}. {do}, then run the same command again."
        return f"error: {told}", 4 if full else 2
    if found := damage_in(arguments):
        return f"error: {found}", 2
    told = f"a fault in safeglot: {type(error).__name__}: {error}"
    return f"error: {told}\nSet SAFEGLOT_DEBUG=1 to see where; please report it.", 1


def _show_anything() -> None:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a name that the terminal cannot show is no fault
            stream.reconfigure(errors="backslashreplace")


def _listed(problems: Sequence[str]) -> str:
    if len(problems) == 1:
        return f"error: {problems[0]}"
    return "\n".join([f"error: {len(problems)} problems", *(f"- {p}" for p in problems)])


def _fail(message: str, code: int) -> None:
    from safeglot.text.control import visible

    print(visible(message), file=sys.stderr)  # noqa: T201 - the last word
    sys.exit(code)
