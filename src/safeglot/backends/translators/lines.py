"""Texts cut into lines: translation models are made for a sentence or a few, and lose line breaks."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from safeglot.errors import ModelError
from safeglot.types import Reply, Request

_BREAKS = re.compile("([\n\r\v\f\0\x1c\x1d\x1e\x85\u2028\u2029]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line to translate, and how."""

    text: str
    source: str
    target: str
    max_tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TranslatedLine:
    """One line translated; `n_tokens` were generated, and `whole` says that the model came to an end."""

    text: str
    n_tokens: int
    whole: bool


Translate: TypeAlias = Callable[[list[Line]], Sequence[TranslatedLine | ModelError]]


def cut(text: str) -> list[str]:
    """Return a text in parts that stay and parts to translate, by turns, beginning with what stays.

    Each line is translated by itself; line breaks, blanks around a line and lines without a letter
    stay. Joined, the parts are the text.
    """
    if text.isprintable() and text[:1].isalpha() and text[-1] != " ":  # a line, and no more
        return ["", text, ""]
    parts = [""]
    for place, line in enumerate(_BREAKS.split(text)):
        core = line.strip()
        if place % 2 or not any(map(str.isalpha, core)):
            parts[-1] += line
            continue
        start = line.index(core)
        parts[-1] += line[:start]
        parts += [core, line[start + len(core) :]]
    return parts


def by_line(requests: Sequence[Request], translate: Translate) -> list[Reply | ModelError]:
    """Return replies of translated lines; a request of which a line has a fault gets that fault."""
    parts = [cut(request.prompt or "") for request in requests]
    lines = [
        Line(
            text=text,
            source=str(request.extra.get("source", "")),
            target=str(request.extra.get("target", "")),
            max_tokens=request.max_tokens,
        )
        for request, part in zip(requests, parts, strict=True)
        for text in part[1::2]
    ]
    translated = iter(translate(lines) if lines else ())
    return [_reply(part, [next(translated) for _ in part[1::2]]) for part in parts]


def _reply(
    part: list[str], translated: Sequence[TranslatedLine | ModelError]
) -> Reply | ModelError:
    lines: list[TranslatedLine] = []
    for line in translated:
        if isinstance(line, ModelError):
            return line
        lines.append(line)
    part[1::2] = [line.text for line in lines]
    return Reply(
        text="".join(part),
        finish_reason="stop" if all(line.whole for line in lines) else "length",
        n_tokens=sum(line.n_tokens for line in lines),
    )


def too_long(n_tokens: int, longest: int) -> ModelError:
    """Return the fault of a line of more tokens than a model takes."""
    fault = f"a line of the text has {n_tokens} tokens, and the model takes {longest}"
    return ModelError("too_long", fault)


def half_surrogate() -> ModelError:
    """Return the fault of a text that no tokenizer can read."""
    fault = "the text is not valid Unicode: it has half of a surrogate pair"
    return ModelError("bad_request", fault)
