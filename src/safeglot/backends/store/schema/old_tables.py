"""The tables of earlier versions, which joined everything by content keys, and how they became one another."""

from __future__ import annotations

from itertools import accumulate

from safeglot.backends.store.schema.scripts import named

_GAINED = [f"{text};\n" for text in named(__package__, "old_tables.sql").values()]

OLD_TABLES = dict(enumerate(accumulate(_GAINED), 1))
"""Version -> its tables."""

TO_LAST = {version: "".join(_GAINED[version:]) for version in OLD_TABLES}
"""Version -> what makes it the last of them."""
