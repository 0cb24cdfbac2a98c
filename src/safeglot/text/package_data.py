"""Files that come with safeglot, each beside the module that reads it."""

from __future__ import annotations

from functools import lru_cache
from typing import Any


def text_of(package: str, name: str) -> str:
    """Return the text of a file in a package, such as `languages.toml` in `safeglot.text`."""
    from importlib import resources

    return resources.files(package).joinpath(name).read_text("utf-8")


@lru_cache(maxsize=32)
def table(package: str, name: str) -> dict[str, Any]:
    """Return what a TOML file in a package holds; it is read once, and nobody changes it."""
    import tomllib

    return tomllib.loads(text_of(package, name))
