"""Placeholders that a translation has to copy from its source: slots, tags, addresses, code.

Numbers are no part of it: the human translators of MultiJail turned amounts of money into
their own currency in up to three of seven prompts with numbers.
"""

from __future__ import annotations

import re
from collections import Counter

# Copied as they are. A tag has no space in its name, a closing slash or an attribute.
_VERBATIM = re.compile(
    r"""
      \{\{?[\w.\- ]*\}?\}                                   # {name}, {}, {{ name }}
    | \$\{\w+\}                                           # ${name}
    | %(?:\(\w+\))?[-+0#]*\d*(?:\.\d+)?[sdifr](?!\w)       # %s, %d, %(name)s, %.2f
    | </?\w+(?:\s+[\w:-]+=[^<>]*)?\s*/?>                 # <b>, </b>, <a href="x">, <NAME>
    | https?://[^\s<>"'`)\]}]+                           # addresses
    | [\w.+-]+@[\w-]+(?:\.[\w-]+)+
    | `[^`\n]+`                                          # quoted code
    """,
    re.VERBOSE | re.ASCII,
)
_CERTAIN = re.compile(r"[{}%<`@\[]|://")
# Words in brackets are translated, the brackets stay: <dangerous chemical>, [name of a city].
_SLOT = re.compile(
    r"<[^<>\n]{2,60}>|\[[^\[\]\n]{2,60}\]|［[^［］\n]{1,60}］|【[^【】\n]{1,60}】|〈[^〈〉\n]{1,60}〉|《[^《》\n]{1,60}》"
)
_TRAILING = ".,;:!?"


def lost(source: str, text: str) -> tuple[str, ...]:
    """Return what the source has and the translation lacks, as often as it lacks it."""
    if not _CERTAIN.search(source):
        return ()
    wanted = Counter(piece.rstrip(_TRAILING) for piece in _VERBATIM.findall(source))
    missing = [piece for piece, n in wanted.items() for _ in range(n - text.count(piece))]
    slots = len(_slots(source)) - len(_slots(text))
    return (*missing, *(["[slot]"] * slots))


def prose(text: str) -> str:
    """Return a text without what a translation copies."""
    return _VERBATIM.sub(" ", text) if _CERTAIN.search(text) else text


def _slots(text: str) -> list[str]:
    return _SLOT.findall(_VERBATIM.sub(" ", text))
