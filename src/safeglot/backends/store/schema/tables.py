"""The tables of a run's database: the plan, and what came of it.

Texts, steps and answers have whole numbers, in the order of the plan, so that rows are appended and
what is missing is a query. Content keys stand where they are needed once a text or once a step.
"""

from __future__ import annotations

from safeglot.backends.store.schema.scripts import named, script

SCHEMA_VERSION = 9

TABLES = script(__package__, "tables.sql")

KEY = "ifnull(r.key, t.key || '-' || substr(s.key, 1, 8) || '-' || r.sample)"
"""The public key of an answer `r` to a text `t` by a step `s`, as `keys.response_key` makes it."""

VIEWS = script(__package__, "views.sql").replace("{key}", KEY)

INSERT = named(__package__, "writes.sql")
"""What each name of `Store.put` and `Store.write` does with a row; they are done in this order."""

UNNUMBERED = ("translations",)
"""Tables whose rows come without their first column, the number."""

EMPTY = {name: f"DELETE FROM {name}" for name in ("traits", "draws", "labels")}  # noqa: S608 - our own names
