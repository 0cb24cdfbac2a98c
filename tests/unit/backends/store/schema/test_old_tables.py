"""The tables of each earlier version become those of the last of them."""

from __future__ import annotations

import contextlib
import sqlite3

import pytest

from safeglot.backends.store.schema.old_tables import OLD_TABLES, TO_LAST
from safeglot.backends.store.schema.shape import shape_of


@pytest.mark.parametrize("version", OLD_TABLES)
def test_each_version_becomes_the_last(version):
    last = max(OLD_TABLES)
    with (
        contextlib.closing(sqlite3.connect(":memory:")) as brought,
        contextlib.closing(sqlite3.connect(":memory:")) as made,
    ):
        brought.executescript(OLD_TABLES[version] + TO_LAST[version])
        made.executescript(OLD_TABLES[last])
        assert shape_of(brought) == shape_of(made)
        assert "answers" in shape_of(made)
