"""Limits of tokens by the token premiums of an earlier run: the same content in every language, not the same tokens."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

from safeglot.backends.files.rundir import RunDir
from safeglot.config import token_limits
from safeglot.config.settings import Config
from safeglot.errors import UsageError
from safeglot.report.results_json import from_json

MOST = 16
"""How many times the limit of the reference a language has at most, by its premium."""


def with_premiums(config: Config) -> Config:
    """Return a configuration whose targets have the limits that the token premiums of a run give.

    A limit is that of the reference times the premium: never less than it, and at most MOST times it. What is given
    for a language itself goes before. Raises: UsageError where the run has no premium of a target.
    """
    of_run = str(config.max_tokens)
    given = [str(m.settings.max_tokens or of_run) for m in config.target]
    if not any(token_limits.PREMIUM in text for text in (of_run, *given)):
        return config
    targets = [
        replace(m, settings=replace(m.settings, max_tokens=_by_premium(text, m.model, config)))
        for m, text in zip(config.target, given, strict=True)
    ]
    return replace(config, max_tokens=int(of_run.partition(",")[0]), target=tuple(targets))


def _by_premium(given: str, model: str, config: Config) -> int | str:
    base, *others = given.split(",")
    named = [part for part in others if not part.startswith(token_limits.PREMIUM)]
    told: dict[str, float] = {}
    for place in (part.removeprefix(token_limits.PREMIUM) for part in others if part not in named):
        run = RunDir(Path(place).expanduser())
        if run.read_manifest().reference != config.reference:
            raise UsageError(
                f"--max-tokens: {place} has another reference language; give a run that has {config.reference}."
            )
        told |= {
            e.language: e.value
            for e in from_json(run.read_results())[0]
            if e.metric == "token_premium" and e.model == model and e.language and e.value
        }
    own = {part.partition("=")[0] for part in named}
    if lacking := {*(config.languages or ["any language"] * (not told))} - {
        config.reference,
        *told,
        *own,
    }:
        raise UsageError(
            f"--max-tokens {given}: there is no token premium of {model} in {', '.join(sorted(lacking))}. Run that "
            f"target in these languages first, or write the limits: --max-tokens {base},sw=1100"
        )
    tags = [tag for tag in told if tag not in own and tag in (config.languages or told)]
    limits = [f"{t}={math.ceil(int(base) * min(max(told[t], 1.0), MOST))}" for t in tags]
    return str(token_limits.read(",".join([base, *limits, *named]))[0])
