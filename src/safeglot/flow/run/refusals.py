"""The embedded judge of refusals that a run gets: where none is named, and where none tells them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from safeglot.config import registry
from safeglot.config.model_strings import JudgeConfig
from safeglot.config.settings import Config
from safeglot.prompts.prompt_set import PromptSet


def with_refusals(config: Config, prompts: PromptSet) -> Config:
    """Return the configuration with a judge of refusals, where it has judges and none tells them.

    Over-refusal of benign prompts would not be known otherwise; the judge is embedded and asks no
    model. It gives no safety rates of its own. A judge that nobody named gives way to the embedded
    one that covers most of the languages.
    """
    family = registry.embedded_judge(prompts.languages)
    if any(judge.by_default for judge in config.judge):
        config = dataclasses.replace(config, judge=(JudgeConfig(judge=family, family=family),))
    is_benign = any(label.kind == "benign" for label in prompts.labels())
    told = any(registry.tells_refusals(judge.family) for judge in config.judge)
    if not config.judge or not is_benign or told:
        return config
    added = JudgeConfig(judge=family, family=family, refusals_only=True)
    return dataclasses.replace(config, judge=(*config.judge, added))


def refusal_notes(config: Config) -> Iterator[str]:
    """Yield that a judge of refusals was added; nothing where none was."""
    added = next((judge.judge for judge in config.judge if judge.refusals_only), "")
    if not added:
        return
    named = ", ".join(judge.judge for judge in config.judge if not judge.refusals_only)
    yield (
        f"{named} does not tell refusals: {added} is added for over-refusal on the benign prompts; "
        "it asks no model and gives no safety rates"
    )
