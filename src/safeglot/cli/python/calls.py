"""A function for each of the main commands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike, fspath
from pathlib import Path
from typing import Any, TypeAlias

from safeglot.backends.files.rundir import RunDir
from safeglot.backends.loop import apart
from safeglot.cli.python.comparison import Comparison
from safeglot.cli.python.notebook import console_here
from safeglot.cli.python.results import RunResults
from safeglot.errors import UsageError

Place: TypeAlias = "str | PathLike[str] | RunResults"
"""A run: its folder, or what `load`, `run` or `judge` returned."""
Models: TypeAlias = "str | Mapping[str, Any] | Sequence[str | Mapping[str, Any]]"
"""Model strings as on the command line, or tables as in the TOML."""


def load(run: Place) -> RunResults:
    """Return a finished run. Raises: UsageError where the folder holds none."""
    return RunResults(_folder(run))


def run(
    what: str | PathLike[str] | None = None,
    *,
    target: Models | None = None,
    judge: Models | None = None,
    languages: Sequence[str] | None = None,
    out: str | PathLike[str] | None = None,
    **settings: Any,
) -> RunResults:
    """Return a run after all its stages; one that is there is gone on with.

    `what` is a configuration (.toml), a run's folder, or prompts: `mini`, a file or hf:owner/name;
    without it ./safeglot.toml is read, as by the command. `settings` are all keys of the
    configuration, and `quiet`, `retry_failed`, `unchecked_judge` and `allow` as of the command.

    Raises: UsageError for wrong settings, before anything is sent; Stopped at a limit or an
    interrupt, when the same call goes on; TooMuchMissing.
    """
    from safeglot import pipeline

    how = {"retry_failed": bool(settings.pop("retry_failed", False))}
    how["unchecked"] = bool(settings.pop("unchecked_judge", False))
    console = console_here(quiet=bool(settings.pop("quiet", False)))
    given = {"target": target, "judge": judge, "languages": languages, "out": out, **settings}
    config = _config(what, {k: v for k, v in given.items() if v is not None})
    return RunResults(apart(lambda: pipeline.run(config, console, **how)).path)


def judge(
    run: Place,
    judge: Models | None = None,
    *,
    base_url: str | Sequence[str] = (),
    key_env: str | None = None,
    allow: Sequence[str] = (),
    quiet: bool = False,
    **how: bool,
) -> RunResults:
    """Return a run after its answers were judged, by its own judges or by further ones, and scored.

    No target is asked. `how` is `retry_failed` and `unchecked_judge`. Raises: as `run`.
    """
    from safeglot import pipeline
    from safeglot.config.endpoints import Named
    from safeglot.config.files import judging

    if unknown := set(how) - {"retry_failed", "unchecked_judge"}:
        raise UsageError(
            f"judge: no such keyword: {', '.join(sorted(unknown))}. Allowed: judge, base_url, key_env, "
            "allow, quiet, retry_failed and unchecked_judge."
        )
    where = _words(base_url)
    named = Named(allow=allow, base_url=where, key_env=key_env)
    flags = {"judge": judge, "base_url": where, "key_env": key_env}
    if judge is not None:
        named = judging(named, None, {k: v for k, v in flags.items() if v})
    run_dir, console = RunDir(_folder(run)), console_here(quiet=quiet)

    def work() -> None:
        retry, unchecked = how.get("retry_failed", False), how.get("unchecked_judge", False)
        pipeline.judge(run_dir, named, console, retry_failed=retry, unchecked=unchecked)
        pipeline.score(run_dir, console)

    apart(work)
    return RunResults(run_dir.path)


def compare(
    *runs: Place,
    judge: str | None = None,
    metric: str | None = None,
    language: str | None = None,
    reference: str | None = None,
) -> Comparison:
    """Return the models of runs side by side, ranked where ranks are resolved.

    `reference` is m-alert, for its published figures beside them. Raises: UsageError.
    """
    from safeglot.experiments.field import Asked
    from safeglot.experiments.leaderboard import compare as answer

    by = Asked(judge=judge, metric=metric, language=language)
    return Comparison(answer([_folder(run) for run in runs], by, reference=reference))


def _folder(run: Place) -> Path:
    return run.folder if isinstance(run, RunResults) else Path(fspath(run))


def _words(given: str | Sequence[str]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)


def _config(what: str | PathLike[str] | None, given: dict[str, Any]) -> Any:
    """Return the configuration that keywords give, over a file where one is named. Raises: UsageError."""
    from safeglot.config.files import configured, named

    allow = _words(given.pop("allow", ()))
    flags = {k: fspath(v) if isinstance(v, PathLike) else v for k, v in given.items()}
    path, more = named(None if what is None else fspath(what), flags)
    if path is None and not {"prompts", "target"} & {*flags, *more}:
        raise UsageError(
            "run: nothing is named, and there is no ./safeglot.toml. Name prompts and a model: "
            'safeglot.run("mini", languages=["en", "de", "sw"], target="vllm/OWNER/MODEL")'
        )
    return configured(path, {**flags, **more}, allow=allow)
