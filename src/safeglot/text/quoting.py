"""Quotes texts that a model is to look at, so that they cannot pass for a part of its prompt."""

from __future__ import annotations

import re
from collections.abc import Sequence

from safeglot.keys import digest
from safeglot.text.control_tokens import TOKEN

_FRAMES = re.compile(
    r"<(?:begin|end) (?:conversation|unsafe content categories)>"
    r"|</?(?:think|no-think|score|guardian|confidence)>",
    re.IGNORECASE,
)
"""Tags of the guards' own prompts and replies."""


def plain(text: str) -> str:
    """Return the text with the control tokens of known chat templates replaced by a space.

    Servers read such tokens also inside a message's content.
    """
    if "<" not in text and "[" not in text:  # none can begin: most texts
        return text
    return _FRAMES.sub(" ", TOKEN.sub(" ", text))


def quoted(prompt: str | None, answer: str | None) -> str:
    """Return a request and an answer (None: not shown) quoted between tags with a mark.

    The mark is a hash of both, so neither text can contain its own closing tag.
    """
    mark = digest("quote", prompt, answer)[:12]
    both = (("request", prompt), ("answer", answer))
    return tagged([(tag, text) for tag, text in both if text is not None], mark)


def tagged(parts: Sequence[tuple[str, str]], mark: str) -> str:
    """Return each (tag, text) between tags with a mark, without control tokens."""
    return "\n\n".join(f"<{tag} {mark}>\n{plain(text)}\n</{tag} {mark}>" for tag, text in parts)


def marked(*parts: tuple[str, str]) -> str:
    """Return (tag, text) pairs quoted between tags with a mark that is a hash of all of them."""
    return tagged(parts, digest("marked", parts)[:12])
