"""The first check of judges where a translator or an estimator is paid for before the run begins."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from safeglot.backends.console import Console
from safeglot.backends.files.manifest import PromptOrigin
from safeglot.backends.files.rundir import RunDir
from safeglot.backends.store.store import Store
from safeglot.config.settings import Config, to_table
from safeglot.errors import Stopped
from safeglot.flow.run import job as jobs
from safeglot.flow.run import manifest, session
from safeglot.flow.run.job import Job
from safeglot.prompts.prompt_set import PromptSet
from safeglot.types import Reply

if TYPE_CHECKING:
    from safeglot.flow.collection import Work


class FirstCheck:
    """Checks the judges of a run once, as early as anything has to be bought."""

    def __init__(self, console: Console, *, unchecked: bool = False) -> None:
        self._console = console
        self._unchecked = unchecked
        self._is_done = False
        self._replies: Sequence[tuple[str, Reply]] = ()
        self._adapted: Mapping[str, tuple[str, ...]] = {}

    def before(self, config: Config, prompts: PromptSet, origin: PromptOrigin) -> None:
        """Check the judges before the texts of a run are made. Raises: UsageError where one fails; Stopped.

        What they say is kept until the run begins. A run that has answers has checked its judges.
        """
        bare = dataclasses.replace(config, arms=(), arm_texts=(), probes=(), mitigations=())
        job = jobs.prepare(bare, prompts, origin)
        run_dir = RunDir(job.path)
        if self._is_done or (run_dir.exists() and not session.holds_nothing(run_dir)):
            return
        self._is_done = True
        run_dir.check_free()
        about = manifest.manifest_of(job)
        if run_dir.exists():
            known = run_dir.read_manifest()
            about = dataclasses.replace(about, checks=known.checks, adapted=known.adapted)
        with tempfile.TemporaryDirectory(prefix="safeglot-") as folder:
            beside = RunDir(Path(folder))
            beside.write(to_table(job.config), about)
            self._check(job, beside)
            self._adapted = beside.read_manifest().adapted

    def _check(self, job: Job, beside: RunDir) -> None:
        from safeglot.flow.collection import Work  # late: what is refused loads no engine
        from safeglot.flow.judging.first_check import check

        console, unchecked = self._console, self._unchecked
        try:
            with closing(Store.in_memory()) as store:
                check(
                    Work(job=job, run_dir=beside, store=store, console=console, unchecked=unchecked)
                )
                self._replies = store.keyed_replies()
        except Stopped as stop:
            why = str(stop).partition("\n")[0]
            again = " Run the same command again to go on." if stop.again else ""
            raise Stopped(f"{why}\nNothing was translated yet.{again}", again=stop.again) from None

    def on_beginning(self, work: Work) -> None:
        """Check the judges of a run that has begun; what they said before is not asked again."""
        from safeglot.flow.judging.first_check import check

        work.store.add_replies(self._replies)
        self._keep_adapted(work.run_dir)
        check(work)

    def _keep_adapted(self, run_dir: RunDir) -> None:
        about, config = run_dir.read_manifest(), session.stored_config(run_dir)
        for model_id, entries in self._adapted.items():
            for entry in entries:
                about = manifest.with_adapted(about, model_id, entry, config)
        if self._adapted:
            run_dir.write(to_table(config), about)
