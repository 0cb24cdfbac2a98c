"""Programs that answer text for text, a tagger with the fault of Apertium's among them.

A new class changes how that tagger reads unknown words from there on.
"""

from __future__ import annotations

import sys

EACH = """
import os
buffer = b""
while piece := os.read(0, 1 << 16):
    *texts, buffer = (buffer + piece).split(b"\\0")
    for text in texts:
        {work}
"""


def program(work: str) -> list[str]:
    """Return a program that does something with each text that ends in a null byte."""
    return [sys.executable, "-S", "-c", EACH.format(work=work)]


TAGGER = r"""
import os, re
changed = b""
buffer = b""
while piece := os.read(0, 1 << 16):
    *texts, buffer = (buffer + piece).split(b"\0")
    for text in texts:
        out = []
        for word, readings in re.findall(rb"\^([^/$]*)/([^$]*)\$", text):
            new = re.fullmatch(rb"new(\w)\d*", word)
            if new and new[1] != changed:
                os.write(2, b"Word '%s'.\nNew ambiguity class: %s\n" % (word, new[1]))
                changed = new[1]
            reading = b"*" + changed if readings.startswith(b"*") else readings.split(b"/")[0]
            out.append(word + b"=" + reading)
        os.write(1, b" ".join(out) + b"\0")
"""
COMMAND = [sys.executable, "-S", "-c", TAGGER]


def analysed(text: str) -> bytes:
    """Return words as an analyser gives them; one that begins with "un" is unknown."""
    return b" ".join(
        b"^%s/*%s$" % (word, word) if word.startswith(b"un") else b"^%s/n/v$" % word
        for word in text.encode().split()
    )


def fresh(text: str) -> bytes:
    """Return what a tagger just started makes of a text."""
    out, changed = [], ""
    for word in text.split():
        if word.startswith("new"):
            changed = word[3]
        out.append(f"{word}=*{changed}" if word.startswith("un") else f"{word}=n")
    return " ".join(out).encode()
