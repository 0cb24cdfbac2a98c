"""Files of translations, for prompts.translation_rows."""

from __future__ import annotations

from safeglot.backends.datasets import PACKAGED, Loaded, load_prompts
from safeglot.errors import UsageError


def load(path: str) -> Loaded:
    """Load one file. Raises: UsageError where there is none or it cannot be read."""
    if path in PACKAGED or path.startswith("hf:"):
        raise UsageError(
            f"file={path}: are prompts. Give a file of translations on this machine, with the "
            "columns id, language and text, or id and one column a language."
        )
    return load_prompts(path)
