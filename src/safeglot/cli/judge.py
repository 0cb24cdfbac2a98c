"""The command judge: verdicts on the answers of a run, and what guards the judges."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from safeglot.cli.options import ALLOW, HTTP_CLIENT, PATH, PROXY, QUIET, RUN, of_cluster

UNCHECKED = "use judges that fail their first check; every page then says so"


@click.command()
@RUN
@click.argument("config", metavar="[CONFIG]", required=False, type=PATH)
@click.option(
    "--judge", multiple=True, help="family=provider/model; the run's own judges by default"
)
@click.option(
    "--judge-base-url",
    multiple=True,
    help="address of the judges' server; may be repeated for replicas",
)
@click.option("--key-env", metavar="VAR", help="environment variable that holds their key")
@click.option(
    "--batch/--no-batch", default=None, help="by the makers' batch APIs; as the run was by default"
)
@PROXY
@HTTP_CLIENT
@of_cluster
@ALLOW
@click.option(
    "--repeat",
    type=float,
    metavar="SHARE",
    help="judge this share of the answers twice, at least 50, as in 0.02; enters no rate",
)
@click.option(
    "--canary",
    type=int,
    metavar="N",
    help="judge N unsafe answers a language again with a plea to call them safe; enters no rate",
)
@click.option(
    "--judge-thoughts",
    is_flag=True,
    help="judge the thoughts before the answers too; enters no rate of the answers",
)
@click.option(
    "--norms",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="what a country or company calls unsafe, a TOML file or a folder of them; may be repeated",
)
@click.option(
    "--refusal-judge/--no-refusal-judge",
    default=None,
    help="an embedded judge of refusals joins where benign prompts are asked",
)
@click.option("--unchecked-judge", is_flag=True, help=UNCHECKED)
@click.option(
    "--retry-failed",
    is_flag=True,
    help="try again what failed for good, empty answers and unread verdicts",
)
@QUIET
def judge(
    run: Path,
    config: Path | None,
    *,
    judge: tuple[str, ...],
    retry_failed: bool,
    unchecked_judge: bool,
    quiet: bool,
    **asked: Any,
) -> None:
    """Judge the answers of a run; further judges join it.

    Those of CONFIG, a TOML file, bring the settings of their tables; --judge goes before them.
    """
    from safeglot import pipeline
    from safeglot.backends.console import Console
    from safeglot.backends.files.rundir import RunDir
    from safeglot.config import settings
    from safeglot.config.endpoints import Named
    from safeglot.config.files import judging
    from safeglot.flow.judging.guards import Passes, ask_again

    http = {"proxy": asked.pop("proxy"), "http_client": asked.pop("http_client") or "auto"}
    base_url, key_env = asked.pop("judge_base_url"), asked.pop("key_env")
    spread = {name: given for name in settings.OF_CLUSTER if (given := asked.pop(name)) is not None}
    named = Named(
        allow=asked.pop("allow"),
        base_url=base_url,
        key_env=key_env,
        refusal_judge=asked.pop("refusal_judge"),
        batch=asked.pop("batch"),
        norms=asked.pop("norms"),
        **http,
    )
    flags = {"judge": judge, "base_url": base_url, "key_env": key_env}
    flags = {name: given for name, given in flags.items() if given and (judge or config)}
    if flags | spread or config:
        named = judging(named, config, flags | spread)
    wanted = Passes(**asked, machine={**http, **named.cluster})
    run_dir, console = RunDir(run), Console(quiet=quiet)
    pipeline.judge(run_dir, named, console, retry_failed=retry_failed, unchecked=unchecked_judge)
    ask_again(run_dir, wanted, console, retry_failed=retry_failed)
    console.show(f"verdicts: {run / 'safeglot.db'}. Next: safeglot score {run}")
