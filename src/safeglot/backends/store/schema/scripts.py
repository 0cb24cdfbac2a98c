"""SQL of several statements: it stands in files of its own, beside the modules that run it."""

from __future__ import annotations

import re

from safeglot.text.package_data import text_of


def script(package: str, name: str) -> str:
    """Return the statements of a file, without its comments."""
    return re.sub(r"^--.*\n", "", text_of(package, name), flags=re.MULTILINE)


def named(package: str, name: str) -> dict[str, str]:
    """Return the statements of a file by the names that stand before them, as in `-- name: fill`."""
    parts = re.split(r"^-- name: (.+)\n", text_of(package, name), flags=re.MULTILINE)[1:]
    bare = (re.sub(r"^--.*\n", "", part, flags=re.MULTILINE).strip() for part in parts[1::2])
    return {key: text.removesuffix(";") for key, text in zip(parts[::2], bare, strict=True)}


def statements(script: str) -> list[str]:
    """Return the statements of a script one by one."""
    return [part.strip() for part in script.split(";") if part.strip()]
