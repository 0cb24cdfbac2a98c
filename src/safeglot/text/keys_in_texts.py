"""Takes a key out of what a server says, whole, in part and in the forms that servers write it in."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from safeglot.types import Reply

MASK = "***"
LEAST = 4
"""A shorter key would be found in every word."""
LEAST_IN_ANSWERS = 8
"""As short as a word: "EMPTY", which many give to a server of their own, is no secret."""
_PART = 12
"""Signs of a key in a row that cannot stand there by chance."""
_BLOCK = _PART // 2


def without_key(key: str) -> Callable[[str], str]:
    """Return what takes a key out of a message, whatever is quoted there."""
    return _cleaner(key) if len(key) >= LEAST else _as_it_is


def without_key_in_answers(key: str) -> Callable[[str], str]:
    """Return what takes a key out of an answer, which must not lose a word because it is a key."""
    is_word = len(key) < LEAST_IN_ANSWERS or (key.isalpha() and len(key) < 2 * LEAST_IN_ANSWERS)
    return _as_it_is if is_word else _cleaner(key)


def without_each(
    cleaner: Callable[[str], Callable[[str], str]], keys: Iterable[str]
) -> Callable[[str], str]:
    """Return what takes each of the keys out, in the way of `cleaner`."""
    cleaners = [c for c in map(cleaner, keys) if c is not _as_it_is]
    if len(cleaners) < 2:
        return cleaners[0] if cleaners else _as_it_is

    def cleaned(text: str) -> str:
        for clean in cleaners:
            text = clean(text)
        return text

    return cleaned


def replied_without(cleaned: Callable[[str], str], reply: Reply) -> Reply:
    """Return a reply all of whose texts are cleaned of a key."""
    if cleaned is _as_it_is:
        return reply
    return replace(
        reply,
        text=cleaned(reply.text),
        thought=cleaned(reply.thought),
        served_by=cleaned(reply.served_by),
        finish_reason=cleaned(reply.finish_reason),
        logprobs=tuple(
            tuple((cleaned(token), p) for token, p in position) for position in reply.logprobs
        ),
    )


def _as_it_is(text: str) -> str:
    return text


def _cleaner(key: str) -> Callable[[str], str]:
    forms = sorted(set(_forms(key)), key=len, reverse=True)
    lowered = [form.lower() for form in forms]
    whole = re.compile("|".join(map(re.escape, forms)), re.IGNORECASE)
    blocks = _blocks(key)

    def cleaned(text: str) -> str:
        low = text.lower()  # looking for each form is much faster than a pattern of them all
        if any(form in low for form in lowered):
            text = whole.sub(MASK, text)
        return _without_parts(text, key) if any(block in text for block in blocks) else text

    return cleaned


def _forms(key: str) -> Iterator[str]:
    yield key
    yield key[::-1]
    yield from (_percent(key, "/"), _percent(key), _percent(_percent(key)))
    yield "".join(f"%{byte:02x}" for byte in key.encode())
    yield json.dumps(key)[1:-1]
    yield json.dumps(json.dumps(key))[3:-3]
    yield json.dumps(key)[1:-1].replace("/", "\\/")
    yield "".join(f"\\u{ord(sign):04x}" for sign in key)
    yield html.escape(key)
    yield "".join(f"&#{ord(sign)};" for sign in key)
    yield "".join(f"&#x{ord(sign):x};" for sign in key)
    yield key.encode().hex()
    yield from _base64(key.encode())


def _percent(text: str, safe: str = "") -> str:
    """Return a text as a part of an address, quoted but for letters, digits and what is safe."""
    plain = "-._~" + safe
    return "".join(
        c
        if c.isascii() and (c.isalnum() or c in plain)
        else "".join(f"%{b:02X}" for b in c.encode())
        for c in text
    )


def _base64(data: bytes) -> Iterator[str]:
    """Yield what Base64 makes of the bytes wherever they stand in a text: at each of three offsets."""
    for offset in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            whole = encode(bytes(offset) + data).decode().rstrip("=")
            first = -(-8 * offset // 6)  # signs that hold bits of what stands before
            last = len(whole) - (1 if (offset + len(data)) % 3 else 0)
            if last - first >= LEAST_IN_ANSWERS:
                yield whole[first:last]


def _blocks(key: str) -> list[str]:
    """Return pieces of a key of which each part that is long enough holds one whole."""
    if len(key) < _PART + LEAST:
        return []
    return [key[i : i + _BLOCK] for i in range(0, len(key) - _BLOCK + 1, _BLOCK)]


def _without_parts(text: str, key: str) -> str:
    """Return a text without runs of at least `_PART` signs that stand in the key in a row."""
    kept, at = [], 0
    while at < len(text):
        if (run := _run(text, at, key)) >= _PART:
            kept.append(MASK)
            at += run
        else:
            kept.append(text[at])
            at += 1
    return "".join(kept)


def _run(text: str, at: int, key: str) -> int:
    """Return how many signs of the text from here on stand in the key in a row, at least `_PART` or none."""
    if text[at : at + _PART] not in key or at + _PART > len(text):
        return 0
    length = _PART
    while at + length < len(text) and text[at : at + length + 1] in key:
        length += 1
    return length
