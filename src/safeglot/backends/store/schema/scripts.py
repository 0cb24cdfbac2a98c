"""SQL of several statements: it stands in files of its own, beside the modules that run it."""

from __future__ import annotations

import re

from safeglot.text.package_data import text_of

_COMMENT = re.compile(r"^--.*\n", re.MULTILINE)


def script(package: str, name: str) -> str:
    """Return the statements of a file, without its comments."""
    return _COMMENT.sub("", text_of(package, name))


def named(package: str, name: str, **parts: str) -> dict[str, str]:
    """Return the statements of a file by the names that stand before them, as in `-- name: fill`.

    `parts` are put in where their names stand in braces.
    """
    heads = re.split(r"^-- name: (.+)\n", text_of(package, name), flags=re.MULTILINE)[1:]
    found: dict[str, str] = {}
    for key, text in zip(heads[::2], heads[1::2], strict=True):
        found[key] = _COMMENT.sub("", text).strip().removesuffix(";")
        for part, own in parts.items():
            found[key] = found[key].replace(f"{{{part}}}", own)
    return found


def statements(script: str) -> list[str]:
    """Return the statements of a script one by one."""
    return [part.strip() for part in script.split(";") if part.strip()]
