"""What the mitigations of a run have the targets asked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from safeglot.backends.console import Console
from safeglot.backends.files.manifest import PromptOrigin
from safeglot.backends.files.rundir import read_text
from safeglot.config import checks
from safeglot.config.settings import Config
from safeglot.errors import InputErrors, UsageError
from safeglot.flow.run.job import default_out
from safeglot.flow.translation import for_run
from safeglot.prompts.mitigations import EN, Pivoted, files_of, pivots, with_mitigations
from safeglot.prompts.prompt_set import PromptSet
from safeglot.text.languages import UnknownLanguage, canonical

Before = for_run.Before
_TABLE = 'Give a TOML file of system prompts by language tag, as in the line de = "Du bist …"'


def ready(
    config: Config,
    prompts: PromptSet,
    origin: PromptOrigin,
    console: Console | None,
    *,
    before: Before = None,
) -> PromptSet:
    """Return what `for_run.ready` does, with the texts of the run's mitigations; those of pivots are translated.

    Raises: InputErrors for files of system prompts, and as `for_run.ready`.
    """
    is_whole = pivots(config.mitigations) and not (config.to or config.translations)
    plain = replace(config, translator=()) if is_whole else config  # it translates for the pivots
    prompts = for_run.ready(plain, prompts, origin, console, before=before)
    files, problems = {}, []
    for kind, path in files_of(config.mitigations):
        try:
            files[f"{kind}={path}"] = _read(kind, path)
        except UsageError as error:
            problems.append(f"--mitigations {kind}: {error}")
    if problems:
        raise InputErrors(problems)
    pivoted: Pivoted = {}
    if pivots(config.mitigations):
        from safeglot.flow.mitigations.pivots import forth  # late: it brings the translators
        from safeglot.flow.translation.joining import folder_of

        if before and console:
            before(config, prompts, origin)
        run_dir = Path(config.out or default_out(config)).expanduser()
        pivoted = forth(config, prompts, folder_of(config, run_dir), console)
    return with_mitigations(prompts, config.mitigations, files, pivoted)


def _read(kind: str, path: str) -> dict[str, str]:
    """Return the system prompts of a file by language tag. Raises: UsageError."""
    if kind == EN:
        text = read_text(Path(path), "Give a text file with the system prompt").strip()
        if not text or (fault := checks.text_fault(text)):
            raise UsageError(
                f"{path}: {fault if text else 'is empty'}. Write the system prompt in it."
            )
        return {"en": text}
    found: dict[str, str] = {}
    for tag, text in checks.read_toml(read_text(Path(path), _TABLE), path).items():
        if not isinstance(text, str) or not text.strip() or checks.text_fault(text):
            raise UsageError(f"{path}: {tag}: got {text!r:.60}, allowed is a text. {_TABLE}.")
        try:
            found[canonical(tag)] = text.strip()
        except UnknownLanguage as error:
            raise UsageError(f"{path}: {tag}: {error}") from None
    return found
