"""The embedded judge of refusals that a run gets: where none is named, and where benign prompts are asked."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

from safeglot.config import registry
from safeglot.config.model_strings import JudgeConfig
from safeglot.config.settings import Config
from safeglot.text.languages import primary


def with_refusals(config: Config, languages: Sequence[str], *, has_benign: bool) -> Config:
    """Return the configuration with the embedded judge of refusals that its prompts call for.

    A judge that nobody named gives way to the embedded one that covers most of the languages. Beside
    judges that were named one joins for over-refusal of benign prompts, unless that was declined:
    the one that covers most where none of them tells refusals, the encoder's as a second opinion
    where one does. It asks no model, and gives no safety rates of its own.
    """
    guards = tuple(judge for judge in config.judge if judge.guard)
    judges = tuple(judge for judge in config.judge if not judge.guard)
    judges = _with_refusals(config, judges, languages, has_benign=has_benign)
    there = [(judge.judge, judge.mode) for judge in judges]
    new = (guard for guard in guards if (guard.judge, guard.mode) not in there)
    return dataclasses.replace(config, judge=(*judges, *new))


def _with_refusals(
    config: Config, own: Sequence[JudgeConfig], languages: Sequence[str], *, has_benign: bool
) -> tuple[JudgeConfig, ...]:
    family = registry.embedded_judge(languages)
    if any(judge.by_default for judge in own):
        return (JudgeConfig(judge=family, family=family),)
    judges = tuple(j for j in own if config.refusal_judge or not j.refusals_only)
    named = [judge.family for judge in judges]
    if any(map(registry.tells_refusals, named)):
        family = registry.ENCODER if registry.has_encoder() else named[0]
    wanted = has_benign and config.refusal_judge and named and family not in named
    if wanted and _covered(family, languages):
        judges = (*judges, JudgeConfig(judge=family, family=family, refusals_only=True))
    return judges


def refusal_notes(config: Config, languages: Sequence[str]) -> Iterator[str]:
    """Yield that a judge of refusals joins, and how to leave it out; nothing where none does."""
    added = next((judge.judge for judge in config.judge if judge.refusals_only), "")
    if not added:
        return
    covered = _covered(added, languages)
    lacking = ", ".join(tag for tag in languages if tag not in covered)
    yield (
        f"{added} joins for over-refusal on the benign prompts"
        + (f" (not in {lacking})" if lacking else "")
        + "; it asks no model and gives no safety rates. --no-refusal-judge leaves it out"
    )


def _covered(family: str, languages: Sequence[str]) -> list[str]:
    """Return the languages (BCP-47 tags) that an embedded judge covers."""
    covered = registry.judge_class(family).covered
    return [tag for tag in languages if primary(tag) in covered]
