"""Arguments -> one call each; no logic. Flags are named as the keys of the TOML."""

from __future__ import annotations

import errno
import io
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
from safeglot.cli.arms import arms
from safeglot.cli.compare import compare, experiment
from safeglot.cli.judge import UNCHECKED, judge
from safeglot.cli.merge import merge
from safeglot.cli.options import ALLOW, PROXY, config_of, options
from safeglot.cli.ratings import ratings
from safeglot.cli.translate import translate
from safeglot.errors import InputErrors, SafeglotError, UnnamedEndpoints, UsageError

if TYPE_CHECKING:
    from safeglot.backends.console import Console


_PROMPTS = (
    "prompts", "columns", "taxonomy", "languages", "reference", "categories", "kinds", "limit",
    "select_seed", "allow_partial", "shard",
)  # fmt: skip
_RUN = click.argument("run", type=click.Path(path_type=Path))


def _console(*, quiet: bool = False) -> Console:
    from safeglot.backends.console import Console

    return Console(quiet=quiet)


_QUIET = click.option("--quiet", is_flag=True, help="no progress, only the result")
_RETRY = click.option(
    "--retry-failed",
    is_flag=True,
    help="try again what failed for good, empty answers and unread verdicts",
)


class _Group(click.Group):
    """Commands in the order in which they are used."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(self.commands)

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """Return the command of a name. Raises: UsageError with the nearest name."""
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            from safeglot.config.checks import nearest

            raise UsageError(
                f"no such command {args[0]!r}.{nearest(args[0], self.commands)} "
                f"Allowed: {', '.join(self.commands)}. `safeglot --help` explains them."
            )
        return super().resolve_command(ctx, args)


@click.group(
    cls=_Group,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="safeglot")
@click.pass_context
def app(context: click.Context) -> None:
    """Measure where a language model's safety gets lost between languages, and why.

    \b
    safeglot run --prompts mini --languages en,de,sw --target vllm/OWNER/MODEL
                 --judge llama-guard-3=vllm/meta-llama/Llama-Guard-3-8B --out runs/first
    """  # noqa: D301 - click reads the escape
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


@app.command()
@options()
@ALLOW
@click.option("--dry-run", is_flag=True, help="count requests, tokens and cost; send nothing")
@_RETRY
@click.option("--unchecked-judge", is_flag=True, help=UNCHECKED)
@_QUIET
def run(
    config: Path | None,
    *,
    allow: tuple[str, ...],
    dry_run: bool,
    retry_failed: bool,
    unchecked_judge: bool,
    quiet: bool,
    **flags: Any,
) -> None:
    """Run all stages; on a folder that holds the run, do what is missing."""
    settings = config_of(config, flags, allow=allow)
    from safeglot import pipeline

    if dry_run:
        from safeglot.cli.look import forecast_text

        _console().show(forecast_text(pipeline.plan(settings)))
        return
    console = _console(quiet=quiet)
    pipeline.run(settings, console, retry_failed=retry_failed, unchecked=unchecked_judge)


@app.command()
@options(_PROMPTS)
def prompts(config: Path | None, **flags: Any) -> None:
    """Read, check and select prompts; show languages and categories."""
    settings = config_of(config, flags, allow=None)
    from safeglot.cli import look
    from safeglot.flow.prompts import load

    read, _ = load(settings)
    _console().show(look.prompts_text(read))


@app.command()
@options(but=("judge", "judge_base_url", "judge_thoughts", "level", "answers"))
@ALLOW
@_RETRY
@_QUIET
def generate(
    config: Path | None, *, allow: tuple[str, ...], retry_failed: bool, quiet: bool, **flags: Any
) -> None:
    """Ask the targets and store their answers."""
    settings = config_of(config, flags, allow=allow)
    from safeglot import pipeline

    done = pipeline.generate(settings, _console(quiet=quiet), retry_failed=retry_failed)
    _console().show(f"answers: {done.database}")


app.add_command(translate)
app.add_command(judge)
app.add_command(merge)


@app.command()
@_RUN
@click.option(
    "--labels",
    type=click.Path(path_type=Path),
    multiple=True,
    help="labels of `annotate sample`, filled in; may be repeated",
)
@click.option(
    "--correction",
    default=None,
    help="two-phase, or of a simple sample ppi or rogan-gladen; kept for later",
)
@_QUIET
def score(run: Path, labels: tuple[Path, ...], correction: str | None, *, quiet: bool) -> None:
    """Compute results.json from the verdicts of a run, and from human labels where it has them."""
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
@_RUN
@click.option(
    "--answers", type=click.IntRange(min=0), default=None, help="answers shown in the page"
)
@click.option(
    "--out", type=click.Path(path_type=Path), default=None, help="file; RUN/report.html by default"
)
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


@app.command()
@_RUN
@click.option("--json", "as_json", is_flag=True, help="print results.json")
def show(run: Path, *, as_json: bool) -> None:
    """Print a run's headline table, or its estimates as JSON."""
    from safeglot.backends.files.rundir import RunDir
    from safeglot.cli import look

    console = _console()
    if as_json:
        console.show_json(RunDir(run).read_results().rstrip("\n"))
    else:
        console.show_coloured(look.show_text(RunDir(run), console))


@app.command()
@_RUN
@click.option(
    "--format",
    "kind",
    type=click.Choice(["csv", "jsonl", "parquet"]),
    default="csv",
    show_default=True,
)
@click.option(
    "--out", type=click.Path(path_type=Path), default=None, help="folder; RUN/export by default"
)
def export(run: Path, kind: str, out: Path | None) -> None:
    """Write prompts, answers, verdicts, failures and estimates as files."""
    from safeglot.backends.files.rundir import RunDir
    from safeglot.cli import look

    for path, rows in look.export(RunDir(run), kind, out or run / "export"):
        _console().show(f"{path}: {rows} rows")


for _command in (annotate, plan, arms, experiment, compare, ratings):
    app.add_command(_command)


@app.command()
@click.argument("folder", type=click.Path(path_type=Path), required=False)
def ls(folder: Path | None) -> None:
    """List the runs in a folder, `runs` by default."""
    from safeglot.cli import look

    if folder is not None and not folder.is_dir():
        raise UsageError(
            f"{folder}: no such folder. Give one that holds runs; the default is runs."
        )
    _console().show(look.list_text(folder or Path("runs")))


@app.command("fetch-embedded")
@click.option("--verify", is_flag=True, help="check the stored weights' sha256 again")
def fetch_embedded(*, verify: bool) -> None:
    """Fetch the embedded model's weights into the user's cache (98 MB, once)."""
    from safeglot.backends.models import routes

    console = _console()
    console.show(
        str(routes.fetch_embedded("smollm2-135m", progress=console.fetching, verify=verify))
    )


@app.command()
@click.argument("config", type=click.Path(path_type=Path), required=False)
@click.option("--base-url", multiple=True, help="ask this server whether it answers")
@click.option(
    "--key-env", default="", metavar="VAR", help="variable of the key that it is asked with"
)
@PROXY
@ALLOW
def doctor(
    config: Path | None,
    *,
    base_url: tuple[str, ...],
    key_env: str,
    proxy: str | None,
    allow: tuple[str, ...],
) -> None:
    """Tell what is installed, which keys are set, and which of the servers named answers.

    CONFIG is a file whose models' servers are asked too.
    """
    from safeglot.cli import look

    places = [("--base-url", url, key_env) for url in base_url]
    given = config_of(config, {"proxy": proxy}, allow=allow)
    if config is not None:
        from safeglot.config.endpoints import endpoints_of, models_of

        found = endpoints_of(models_of(given))
        places += [(", ".join(names), *endpoint) for endpoint, names in found.items()]
    _console().show(look.doctor_text(places, given.proxy))


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; errors that are the user's to mend come without a traceback."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    _show_anything()
    try:
        app.main(arguments, prog_name="safeglot", standalone_mode=False)
    except InputErrors as error:
        _fail(_listed(error.problems), error.exit_code)
    except UnnamedEndpoints as error:
        given = sys.argv[1:] if arguments is None else arguments
        command = shlex.join(["safeglot", *given, *error.flags])
        _fail(f"error: {error}\n  {command}", error.exit_code)
    except SafeglotError as error:
        _fail(f"error: {error}", error.exit_code)
    except click.exceptions.Abort:
        _fail("interrupted", 4)
    except click.ClickException as error:
        shown = io.StringIO()
        error.show(shown)
        _fail(shown.getvalue().rstrip("\n"), 2)
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
    from safeglot.cli.damage import damage_in

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
