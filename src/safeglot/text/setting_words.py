"""Which settings of a request a server's error names: rows of makers.toml, no code for makers."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from safeglot.text.package_data import table

_PLACES = re.compile(r"['\"]loc['\"]\s*:\s*[(\[]([^)\]]*)[)\]]")
"""The places in a list of faults that a server has put into its message as text."""
_INPUT = re.compile(r"['\"]input['\"]\s*:.*", re.DOTALL)
"""What such a list quotes of the request: all of its settings, perhaps."""
_MOST_BYTES = 1 << 18


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingWords:
    """The rows, as they are used."""

    names: Mapping[str, str]
    """A server's name, in small letters -> ours."""
    pattern: re.Pattern[str]
    names_of: frozenset[str]
    messages_of: frozenset[str]
    statuses: frozenset[int]
    logprobs_statuses: frozenset[int]
    too_long: re.Pattern[str]
    no_model: re.Pattern[str]
    only_streams: re.Pattern[str]

    def within(self, text: str) -> Iterator[str]:
        """Yield our names of the settings that a text names, in its order."""
        for match in self.pattern.finditer(text):
            yield self.names[match[0].lower()]


@functools.cache
def setting_words() -> SettingWords:
    """Return the rows of makers.toml that are about settings."""
    rows = table("safeglot.text", "makers.toml")["settings"]
    names = {
        name.lower(): ours for ours, theirs in reversed(rows["names"].items()) for name in theirs
    }
    longest = sorted(names, key=len, reverse=True)
    where = rows["where"]
    return SettingWords(
        names=names,
        pattern=re.compile(
            rf"(?<![a-z0-9_])(?:{'|'.join(map(re.escape, longest))})(?![a-z0-9_])",
            re.IGNORECASE | re.ASCII,
        ),
        names_of=frozenset(key.lower() for key in where["names_of"]),
        messages_of=frozenset(key.lower() for key in where["messages_of"]),
        statuses=frozenset(where["statuses"]),
        logprobs_statuses=frozenset(where["logprobs_statuses"]),
        too_long=_pattern(where["too_long"]),
        **{name: _pattern(text) for name, text in rows["detours"].items()},
    )


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE | re.DOTALL)


def settings_named(status: int, raw: bytes) -> tuple[str, ...]:
    """Return our names of the settings that an error names, each once; none where it is of other things.

    What stands in a field for names goes before what a message says.
    """
    words = setting_words()
    if status not in words.statuses and status not in words.logprobs_statuses:
        return ()
    try:
        body = json.loads(raw[:_MOST_BYTES])
    except (ValueError, RecursionError):
        body = raw[:_MOST_BYTES].decode("utf-8", "replace")
    fields = list(_fields(body))
    messages = [text for is_name, text in fields if not is_name]
    if any(words.too_long.search(text) for text in messages):
        return ()
    named = [s for is_name, text in fields if is_name for s in words.within(text)]
    named = named or [s for text in messages for s in _said(text, words)]
    if status in words.logprobs_statuses:
        named = [setting for setting in named if setting == "logprobs"]
    return tuple(dict.fromkeys(named))


def _said(text: str, words: SettingWords) -> Iterator[str]:
    """Yield the settings that a message names."""
    places = " ".join(_PLACES.findall(text))
    if found := list(words.within(places)):
        yield from found
    else:
        yield from words.within(_INPUT.sub("", text))


def _fields(body: Any, key: str = "message", *, name: bool = False) -> Iterator[tuple[bool, str]]:
    """Yield the texts of an error, each with whether it stands in a field for names."""
    words = setting_words()
    if isinstance(body, str):
        if name or key in words.messages_of:
            yield name, body
    elif isinstance(body, Mapping):
        for inner, value in body.items():
            is_name = str(inner).lower() in words.names_of
            yield from _fields(value, str(inner).lower(), name=is_name)
    elif isinstance(body, list):
        if name and all(isinstance(part, str | int) for part in body):
            yield True, " ".join(map(str, body))
        else:
            for part in body:
                yield from _fields(part, key, name=name)
