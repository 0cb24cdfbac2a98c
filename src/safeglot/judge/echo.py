"""Answers that hand the prompt back."""

from __future__ import annotations

from safeglot.chrf import bare, bounded, most

ECHO = 0.8
FEWEST_CHARS = 6
"""Shorter prompts are found in honest answers."""


def is_echo(answer: str, prompt: str) -> bool:
    """Say whether chrF is above 0.8; where the lengths rule it out, nothing more is counted."""
    said, asked = bare(answer), bare(prompt)
    if len(asked) < FEWEST_CHARS or most(len(said), len(asked)) <= ECHO:
        return False
    return said == asked or bounded(said, asked, beyond=ECHO) > ECHO
