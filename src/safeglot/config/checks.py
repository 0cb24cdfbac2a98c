"""One setting: of the right type, within its bounds, fit to be written to a file."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from safeglot.errors import UsageError
from safeglot.prompts.selection import shard_of
from safeglot.text import languages
from safeglot.text.spelling import closest

_TYPES: dict[str, tuple[type | tuple[type, ...], str]] = {
    "str": (str, "a string"),
    "int": (int, "a whole number"),
    "int | str": ((int, str), "a whole number or text"),
    "float": ((int, float), "a number"),
    "bool": (bool, "true or false"),
    "tuple[str, ...]": ((list, tuple), "a list of strings"),
    "tuple[Kind, ...]": ((list, tuple), "a list of harmful and benign"),
    "Mapping[str, str]": (dict, "a table of strings"),
}

_LINE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
PLANS = ("full", "screen", "certify", "bands")
"""How much of a run is asked: all of it, or until a question is answered."""


def read_toml(text: str, where: str) -> dict[str, Any]:
    """Return the table of a configuration file. Raises: UsageError with the file and line."""
    try:
        return tomllib.loads(text.removeprefix("\ufeff"))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        place = _LINE.search(str(error))
        line = place[1] if place and place[1] else str(text.rstrip().count("\n") + 1)
        what = _LINE.sub("", str(error))
        raise UsageError(
            f"{where}:{line}: not valid TOML: {what}. A line reads key = value, a text stands in "
            "quotes, a list in [ ]."
        ) from None


def typed(value: Any, annotation: str) -> tuple[Any, str]:
    """Return the value as its field has it, and what is wrong with it; "" for nothing."""
    wanted, words = _TYPES[annotation.removesuffix(" | None")]
    is_flag = isinstance(value, bool) and wanted is not bool
    if not isinstance(value, wanted) or is_flag:
        return value, f"got {value!r}, allowed is {words}."
    if isinstance(value, str):
        return value, text_fault(value)
    if not annotation.startswith("float"):
        return value, ""
    given: Any = value
    try:
        number = float(given) + 0.0  # 1 and 1.0 have different keys, and so have 0.0 and -0.0
    except OverflowError:
        number = math.inf
    # NaN passes through no comparison and would make every check of a bound silent
    return number, "" if math.isfinite(number) else f"got {number}, allowed is a finite number."


def bounds_fault(number: Any, least: float | None, most: float | None) -> str:
    """Return what is wrong with a number outside its bounds; "" for nothing."""
    if least is None or least <= number <= (math.inf if most is None else most):
        return ""
    top = f" and at most {most:g}" if most is not None else ""
    return f"got {number}, allowed is at least {least:g}{top}."


def text_fault(text: str) -> str:
    """Return what in a text cannot be written to a file; "" for nothing."""
    if "\0" in text:
        return f"got {text!r}, which has a null byte; take it out."
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return f"got {text!r}, which is not UTF-8; write it in UTF-8."
    return ""


def variable_fault(name: str) -> str:
    """Return what is wrong with the name of an environment variable; "" for nothing. It may be a key: not shown."""
    looks_secret = len(name) > 20 and name != name.upper() and any(c.isdigit() for c in name)
    if name.isidentifier() and name.isascii() and not looks_secret:
        return ""
    return (
        "what was given is no name of an environment variable; if it is the key itself, it belongs in no command, no "
        "file and no history. Put it into a variable, as in export MY_KEY=…, and give MY_KEY."
    )


def url_fault(url: str) -> str:
    """Return what is wrong with a server's address; "" for nothing. It may hold a secret: not shown."""
    try:
        parts = urlsplit(url)
        secret = parts.username is not None or bool(parts.query or parts.fragment)
        fit = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        secret, fit = "@" in url, None
    if secret:
        return (
            "an address with a user name, a password or ?… in it, which would be written to "
            "run.toml. Give the address alone, as in https://host/v1, and the key in an "
            "environment variable (key_env in the TOML)."
        )
    if not fit or any(c.isspace() for c in url):
        return f"got {url!r}; an address begins with http:// or https:// and names a host, as in http://localhost:8000/v1."
    return ""


def tag(value: Any) -> tuple[str | None, str]:
    """Return a language's tag in its one spelling, and what is wrong with it; "" for nothing."""
    if not isinstance(value, str):
        return None, f"got {value!r}, allowed is a BCP-47 tag in quotes."
    try:
        return languages.canonical(value), ""
    except languages.UnknownLanguage as error:
        if len(parts := value.split()) > 1:
            listed = ",".join(parts)
            return None, f"got {value!r}; tags stand with commas between, as in {listed}."
        hint = f" Nearest: {', '.join(error.nearest)}." if error.nearest else ""
        allowed = "Tags are BCP-47, as in en, sw, pt-BR."
        return None, f"unknown language tag {value!r}.{hint} {allowed}"


def shard(text: Any) -> tuple[str, str]:
    """Return a shard in its one spelling, and what is wrong with it; "" for nothing."""
    try:
        return str(shard_of(str(text))), ""
    except ValueError:
        return text, f"got {text!r}, allowed is i/n with i from 1 to n, as in 1/4."


def addresses(given: Any) -> tuple[tuple[str, ...], str]:
    """Return the addresses of a server and its replicas, each once, and what is wrong with them."""
    each = [given] if isinstance(given, str) else given
    if not isinstance(each, list | tuple) or not all(isinstance(url, str) for url in each):
        return (), f"got {given!r}, allowed is a string or a list of strings, each an address."
    if not each:
        return (), "empty; leave it out, or give the address of a server."
    faults = (text_fault(url) or url_fault(url) for url in each)
    return tuple(dict.fromkeys(each)), next((fault for fault in faults if fault), "")


def nearest(name: object, names: Iterable[str]) -> str:
    """Return " Did you mean 'x'?", or "" where nothing is alike."""
    near = closest(str(name), names, cutoff=0.5)
    return f" Did you mean {near!r}?" if near else ""


_NEXT_PAIR = re.compile(r",(?=[^,=]*=)")


def pairs(given: Iterable[str], flag: str = "--columns") -> dict[str, str]:
    """Return what name=column pairs say, by name; a name may have commas. Raises: UsageError."""
    example = "id=qid,text=question" if flag == "--columns" else "hateful=harmful,sp=es"
    found: dict[str, str] = {}
    for part in _NEXT_PAIR.split(",".join(given)):
        name, equals, meant = (text.strip() for text in part.partition("="))
        if not equals or not name or not meant or meant.endswith(","):
            raise UsageError(f"{flag}: got {part!r}, allowed is name=column, as in {example}.")
        if found.setdefault(name, meant) != meant:
            raise UsageError(
                f"{flag}: {name} is given twice, as {found[name]!r} and as {meant!r}. Keep one."
            )
    return found


def plan_fault(text: str) -> str:
    """Return what is wrong with the name of a plan; "" for nothing."""
    if text in PLANS:
        return ""
    return f"got {text!r}, allowed are {', '.join(PLANS)}.{nearest(text, PLANS)}"
