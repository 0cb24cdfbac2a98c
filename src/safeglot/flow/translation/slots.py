"""Texts with their slots of context filled: the run asks those of the reference language."""

from __future__ import annotations

from dataclasses import replace

from safeglot.config.settings import Config
from safeglot.errors import InputErrors
from safeglot.prompts.probes import context
from safeglot.prompts.prompt_set import PromptSet


def filled(prompts: PromptSet, config: Config) -> PromptSet:
    """Return the prompts with the slots of main texts and gated ones filled. Raises: InputErrors."""
    if not any(context.slots(t.text) for t in prompts.translations):
        return prompts
    faults = [
        f"{t.prompt} in {t.language}: {made.fault}"
        for t in prompts.translations
        if (made := context.baseline(t.text, t.language, config.reference)).fault
    ]
    if faults:
        raise InputErrors(faults)
    return replace(
        prompts,
        prompts=tuple(
            replace(p, text=slotless(p.text, p.language, config)) for p in prompts.prompts
        ),
        translations=tuple(
            replace(t, text=slotless(t.text, t.language, config)) for t in prompts.translations
        ),
        arm_texts=tuple(
            replace(t, text=slotless(t.text, t.language, config)) for t in prompts.arm_texts
        ),
    )


def slotless(text: str, tag: str, config: Config) -> str:
    """Return a text with its slots filled for the reference language, or as it is where they cannot be."""
    made = context.baseline(text, tag, config.reference)
    return text if made.fault else made.text
