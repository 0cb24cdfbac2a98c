"""The translation set that a run needs, made where it lacks."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeAlias

from safeglot.backends.console import Console
from safeglot.backends.files.manifest import PromptOrigin
from safeglot.backends.files.rundir import RunDir
from safeglot.config.settings import Config
from safeglot.errors import UsageError
from safeglot.flow.run import job as jobs
from safeglot.flow.translation.joining import folder_of, joined
from safeglot.flow.translation.slots import filled
from safeglot.prompts.prompt_set import PromptSet
from safeglot.prompts.reading.arm_rows import ROUND_TRIPS

Before: TypeAlias = Callable[[Config, PromptSet, PromptOrigin], None] | None
"""Called with a run's configuration and prompts before a model is asked for their texts."""


def ready(
    config: Config,
    prompts: PromptSet,
    origin: PromptOrigin,
    console: Console | None,
    *,
    before: Before = None,
) -> PromptSet:
    """Return the prompts with their translations, made now where they are not there yet.

    `before` is called before a translator or an estimator is asked.

    Raises: UsageError, and without a console where they would have to be made.
    """
    run_dir = RunDir(Path(config.out or jobs.default_out(config)).expanduser())
    folder = folder_of(config, run_dir.path)
    check: Callable[[], None] = partial(before, config, prompts, origin) if before else lambda: None
    rewords = run_dir.exists() or any("paraphrase=" in probe for probe in config.probes)
    is_set = config.to or config.translations or (config.translator and not rewords)
    if is_set and config.translator:
        from safeglot.flow.translation.sets import make, plan

        placed = dataclasses.replace(config, translations=str(folder.path))
        planned = plan(placed, prompts, origin)
        if run_dir.exists() and folder.finished():
            pass  # the run has these texts: they stay, also where a new try might give more
        elif console is not None:
            check()
            folder = make(planned, console)
        elif not folder.exists():
            raise UsageError(
                f"{folder.path}: the prompts are not translated yet, so a run cannot be counted. "
                "`safeglot translate … --dry-run` counts what translating asks for; make the set "
                "with `safeglot translate`, and name it with --translations."
            )
    if is_set:
        prompts = joined(prompts, folder, config)
    if not config.probes and not set(ROUND_TRIPS) & set(config.arms):
        return filled(prompts, config)
    from safeglot.flow.translation.variants import with_variations

    return with_variations(config, prompts, folder, console, before=check)
