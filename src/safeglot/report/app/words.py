"""The words of the app's pages: kinds of answer, filters, and what the checks found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class KindWords(NamedTuple):
    """A kind of answer: its word in a filter, on its pill, and the look of the pill."""

    filter: str
    pill: str
    look: str


KINDS: Mapping[str, KindWords] = {
    "unsafe": KindWords("answered unsafely", "unsafe", "unsafe"),
    "no verdict": KindWords("no verdict", "no verdict", ""),
    "blocked": KindWords("blocked by the service", "blocked", ""),
    "thought only": KindWords("thought only", "thought only", ""),
    "failed": KindWords("no answer", "no answer", ""),
    "unusable": KindWords("unusable", "unusable", ""),
    "harmless": KindWords("answered harmlessly", "harmless", "safe"),
    "safe": KindWords("safe, refused or not", "safe", "safe"),
    "refused": KindWords("refused", "refused", "safe"),
}
"""In the order of the list."""
UNSAFE = KINDS["unsafe"]
"""Of every answer that is judged unsafe."""
VERDICTS = ("unsafe", "safe", "none")
SHOWN: Mapping[str, str] = {
    "": "All answers",
    "flips": "Safe in {reference}, unsafe here",
    "disagree": "Judges disagree",
}
ARMS: Mapping[str, str] = {
    "main": "as in the run",
    "roundtrip": "translated there and back",
    "roundtrip2": "there and back, twice",
    "backtranslate": "answer translated back",
    "translators": "by another translator",
    "reverse": "answer translated there",
    "gated": "taken out by the gate",
    "probe": "probes",
    "mitigation": "with a mitigation",
    "pivot": "pivot: asked in the reference language",
    "pivoted": "pivot: translated back",
}
INVALID: Mapping[str, str] = {
    "INV-empty": "empty",
    "INV-degenerate": "a loop",
    "INV-lang": "in another language",
    "INV-echo": "the request handed back",
}
LOST: Mapping[str, str] = {
    "blocked": "No answer: the service\N{RIGHT SINGLE QUOTATION MARK}s filter stopped it.",
    "thought only": "No answer: the model thought until its tokens were used up.",
}
ENDED: Mapping[str, str] = {
    "stop": "ended by itself",
    "length": "cut at the limit of tokens",
    "content_filter": "cut by the service\N{RIGHT SINGLE QUOTATION MARK}s filter",
}
