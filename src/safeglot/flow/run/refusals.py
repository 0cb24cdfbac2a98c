"""The judge of refusals that a run with benign prompts gets where none of its judges tells them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from safeglot.config import registry
from safeglot.config.model_strings import JudgeConfig
from safeglot.config.settings import Config
from safeglot.prompts.prompt_set import PromptSet

FAMILY = "refusal-baseline"


def with_refusals(config: Config, prompts: PromptSet) -> Config:
    """Return the configuration with a judge of refusals, where it has judges and none tells them.

    Over-refusal of benign prompts would not be known otherwise; the judge is embedded and asks no
    model. It gives no safety rates of its own.
    """
    is_benign = any(label.kind == "benign" for label in prompts.labels())
    told = any(registry.tells_refusals(judge.family) for judge in config.judge)
    if not config.judge or not is_benign or told:
        return config
    added = JudgeConfig(judge=FAMILY, family=FAMILY, refusals_only=True)
    return dataclasses.replace(config, judge=(*config.judge, added))


def refusal_notes(config: Config) -> Iterator[str]:
    """Yield that a judge of refusals was added; nothing where none was."""
    if not any(judge.refusals_only for judge in config.judge):
        return
    named = ", ".join(judge.judge for judge in config.judge if not judge.refusals_only)
    yield (
        f"{named} does not tell refusals: {FAMILY} is added for over-refusal on the benign prompts; "
        "it asks no model and gives no safety rates"
    )
