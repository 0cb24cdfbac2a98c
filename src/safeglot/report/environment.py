"""The templates, styles and scripts of the pages, read from files, and the security policy."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Sequence
from functools import cache
from importlib import resources
from itertools import islice
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from safeglot.report.numbers.interpretation import gap_bounds_words
from safeglot.report.numbers.percent import count, percent, points
from safeglot.report.numbers.segments import segments
from safeglot.text.control import escaped_json, shown

NO_SCRIPT = "no_script.css"
"""Without scripts every panel stands open, one after the other."""


STRICT = " 'strict-dynamic'"


@cache
def file_text(name: str) -> str:
    """Return the text of a file below `report/templates`, by its path there."""
    text = resources.files("safeglot.report").joinpath("templates", *name.split("/"))
    return text.read_text("utf-8")


def files_text(names: Sequence[str]) -> str:
    """Return the texts of several files, one after the other, a blank line between them."""
    return "".join(f"\n{file_text(name)}" for name in names)


@cache
def environment() -> Environment:
    """Return what fills the templates of a page: all that is put in is escaped."""
    jinja = Environment(
        loader=FunctionLoader(file_text),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    shown_by = (count, gap_bounds_words, percent, points, segments)
    jinja.filters |= {function.__name__: function for function in shown_by}
    jinja.filters |= {"parts": _parts, "tick": _tick, "figures": _figures}
    return jinja


def _shown(value: Any) -> Any:
    """Return a text of others with what turns its direction round, or is not seen, shown as such."""
    return shown(value) if type(value) is str else value


_FIGURE = re.compile(r"[+\N{MINUS SIGN}]?\d[\d.,]*(?:%| points)(?! \[?to)")


def _figures(text: str) -> list[tuple[bool, str]]:
    """Return a line in parts, with its first three figures told from the words: two rates and a gap."""
    parts, at = [], 0
    for found in islice(_FIGURE.finditer(text), 3):
        parts += [(False, text[at : found.start()]), (True, found[0])]
        at = found.end()
    return [*parts, (False, text[at:])]


def head(styles: Sequence[str], scripts: Sequence[str], *, loads: bool = False) -> dict[str, Any]:
    """Return what the head of a page needs: its style and script, and the policy that allows only these.

    `loads` allows the script to load others: the files beside the page.
    """
    style, script, no_script = (
        files_text(styles),
        files_text(scripts),
        file_text(NO_SCRIPT).rstrip(),
    )
    return {
        "policy": policy((style, no_script), script, loads=loads),
        "style": Markup(style),  # noqa: S704  our own file
        "no_script": Markup(no_script),  # noqa: S704  our own file
        "script": Markup(script),  # noqa: S704  our own file
    }


def policy(styles: Sequence[str], script: str, *, loads: bool = False) -> str:
    """Return the content security policy: these styles and this script by their hashes, no network.

    A script that `loads` may put others into the page; what stands in the page's own text never runs.
    """
    trusted = f"{_hash(script)}{STRICT if loads else ''}"
    return (
        f"default-src 'none'; style-src {' '.join(map(_hash, styles))}; script-src {trusted}; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def script_json(value: Any) -> str:
    """Return JSON that can stand inside a script element."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    text = escaped_json(text)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _parts(name: str) -> Sequence[str]:
    """Return the parts of a long name between which a line may break: after a slash, hyphen or dot."""
    parts, start = [], 0
    for end, character in enumerate(name, 1):
        if character in "/-_.:=" or end == len(name):
            parts.append(name[start:end])
            start = end
    return parts


def _tick(rate: float) -> str:
    return f"{100 * rate:g}".replace("-", "\N{MINUS SIGN}")
