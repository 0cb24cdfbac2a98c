"""Texts with their slots of context filled: the run asks those of the reference language."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from safeglot.config.settings import Config
from safeglot.errors import InputErrors
from safeglot.prompts.probes import context
from safeglot.prompts.prompt_set import PromptSet, Untranslated


def filled(prompts: PromptSet, config: Config) -> PromptSet:
    """Return the prompts with the slots of main texts and gated ones filled.

    A text whose slots have no names in its language is missing with the reason, and a language of which
    nothing is left is left out. Raises: InputErrors where it is the reference's, or nothing else is left.
    """
    if not any(context.slots(t.text) for t in prompts.translations):
        return prompts
    faults = {
        (t.prompt, t.language): made.fault
        for t in prompts.translations
        if (made := context.baseline(t.text, t.language, config.reference)).fault
    }
    there = {t.language for t in prompts.translations if (t.prompt, t.language) not in faults}
    counts = Counter((tag, fault) for (_, tag), fault in faults.items())
    told = [f"{tag}: {n} texts have no context ({fault})" for (tag, fault), n in counts.items()]
    if counts and (there <= {config.reference} or config.reference in dict(counts.keys())):
        raise InputErrors(told)
    languages = tuple(tag for tag in prompts.languages if tag in there)
    gone = [f"{tag} is left out" for tag in prompts.languages if tag not in there]
    return replace(
        prompts,
        languages=languages,
        prompts=tuple(
            replace(p, text=slotless(p.text, p.language, config)) for p in prompts.prompts
        ),
        translations=tuple(
            replace(t, text=slotless(t.text, t.language, config))
            for t in prompts.translations
            if (t.prompt, t.language) not in faults
        ),
        arm_texts=tuple(
            replace(t, text=slotless(t.text, t.language, config)) for t in prompts.arm_texts
        ),
        untranslated=(
            *prompts.untranslated,
            *(
                Untranslated(prompt=prompt, language=tag, kind="no-context", message=fault)
                for (prompt, tag), fault in faults.items()
            ),
        ),
        notes=(*prompts.notes, *told, *gone),
    )


def slotless(text: str, tag: str, config: Config) -> str:
    """Return a text with its slots filled for the reference language, or as it is where they cannot be."""
    made = context.baseline(text, tag, config.reference)
    return text if made.fault else made.text
