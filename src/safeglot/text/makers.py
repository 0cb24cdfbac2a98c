"""The rows of makers.toml: how the makers of models and gateways say what became of a request."""

from __future__ import annotations

import functools
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from msgspec import convert

from safeglot.text.package_data import table

Ending: TypeAlias = Literal["whole", "cut", "blocked", "broken"]
"""What a finish reason says of the text before it."""
_ENDINGS: tuple[Ending, ...] = ("blocked", "broken", "cut", "whole")
"""Where a reply gives two reasons, the first of these counts."""
_NOT_IN_WORDS = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """The marks around a thought, or around an answer."""

    open: str
    close: str
    lone: bool = True
    """Whether the closing mark counts alone: some templates write the opening one themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Channels:
    """The control tokens of texts in channels, and which channels are for whom."""

    start: str
    channel: str
    message: str
    ends: tuple[str, ...]
    thought: tuple[str, ...]
    answer: tuple[str, ...]
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorText:
    """What an error says: its status, its words as `word` gives them, its keys and its messages."""

    status: int
    words: frozenset[str] = frozenset()
    keys: frozenset[str] = frozenset()
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _ErrorRow:
    kind: str
    status: frozenset[int]
    words: frozenset[str]
    keys: frozenset[str]
    message: re.Pattern[str] | None

    def fits(self, error: ErrorText, *, by_message: bool) -> bool:
        """Return whether every condition of the row holds."""
        if self.message is not None and not by_message and self.kind == "blocked":
            return False
        return (
            (not self.status or error.status in self.status)
            and (not self.words or bool(self.words & error.words))
            and (not self.keys or bool(self.keys & error.keys))
            and (self.message is None or self.message.search(error.message) is not None)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyFields:
    """Where things stand in a reply: names of fields, paths, and types of parts."""

    finish_fields: tuple[str, ...]
    thought_fields: tuple[str, ...]
    refusal_fields: tuple[str, ...]
    thought_parts: tuple[str, ...]
    refusal_parts: tuple[str, ...]
    part_texts: tuple[str, ...]
    thought_tokens: tuple[str, ...]
    served_by: tuple[str, ...]
    blocked_flags: tuple[str, ...]
    no_candidate_is_block: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Makers:
    """All rows, as the readers of replies and of thoughts use them."""

    reply: ReplyFields
    thoughts: tuple[Marks, ...]
    answers: tuple[Marks, ...]
    channels: Channels
    words_of: frozenset[str]
    messages_of: frozenset[str]
    _endings: Mapping[str, Ending]
    _patterns: tuple[tuple[Ending, re.Pattern[str]], ...]
    _errors: tuple[_ErrorRow, ...]
    _never_by_message: frozenset[int]

    def ending(self, reasons: Iterable[str]) -> Ending | None:
        """Return what finish reasons say of the text: the worst of them; None where there is none.

        A reason that no row knows is broken, unless another one is known.
        """
        named = [reason for reason in reasons if reason.strip()]
        known = {self._ending(reason) for reason in named}
        for ending in _ENDINGS:
            if ending in known:
                return ending
        return "broken" if named else None

    def _ending(self, reason: str) -> Ending | None:
        if reason in self._endings:
            return self._endings[reason]
        pieces = [word(piece) for piece in (reason, *re.split(r"[:;,.|/ ]+", reason))]
        listed = {self._endings[piece] for piece in pieces if piece in self._endings}
        for ending in _ENDINGS:
            if ending in listed:
                return ending
        return next((e for e, pattern in self._patterns if pattern.search(reason)), None)

    def error_kind(self, error: ErrorText) -> str:
        """Return the kind of an error, "" where no row knows it."""
        by_message = error.status not in self._never_by_message
        return next((r.kind for r in self._errors if r.fits(error, by_message=by_message)), "")


def word(text: str) -> str:
    """Return a code, type or finish reason in the one spelling in which words are compared."""
    bare = _NOT_IN_WORDS.sub("", text).casefold()
    return bare.removeprefix("finishreason") or bare


@functools.cache
def makers() -> Makers:
    """Return the rows of makers.toml."""
    return read(table("safeglot.text", "makers.toml"))


def read(rows: Mapping[str, Any]) -> Makers:
    """Return the rows of such a table."""
    finish, errors = rows["finish"], rows["errors"]
    endings: dict[str, Ending] = {
        word(reason): ending for ending in reversed(_ENDINGS) for reason in finish[ending]
    }
    patterns: tuple[tuple[Ending, str], ...] = (
        ("blocked", finish["blocked_pattern"]),
        ("cut", finish["cut_pattern"]),
    )
    return Makers(
        reply=convert(rows["reply"], ReplyFields),
        thoughts=convert(rows["thought"], tuple[Marks, ...]),
        answers=convert(rows["answer"], tuple[Marks, ...]),
        channels=convert(rows["channels"], Channels),
        words_of=frozenset(map(str.casefold, errors["words_of"])),
        messages_of=frozenset(map(str.casefold, errors["messages_of"])),
        _endings=endings,
        _patterns=tuple((ending, _pattern(text)) for ending, text in patterns),
        _errors=tuple(_row(row) for row in rows["error"]),
        _never_by_message=frozenset(errors["never_blocked_by_message"]),
    )


def _row(row: Mapping[str, Any]) -> _ErrorRow:
    words: Collection[str] = row.get("word", ())
    return _ErrorRow(
        kind=row["kind"],
        status=frozenset(row.get("status", ())),
        words=frozenset(map(word, words)),
        keys=frozenset(row.get("key", ())),
        message=_pattern(row["message"]) if "message" in row else None,
    )


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE | re.DOTALL)
