import contextlib

import pytest

from example.rows import Writer
from safeglot.backends.engine import workers
from safeglot.backends.store.store import Store


@pytest.fixture
def pools(monkeypatch):
    """Have two cores, and keep the pools of processes that are used."""
    used, pool = [], workers.pool

    @contextlib.contextmanager
    def seen():
        with pool() as found:
            used.append(found)
            yield found

    monkeypatch.setattr(workers, "cores", lambda: 2)
    monkeypatch.setattr(workers, "pool", seen)
    return used


@pytest.fixture
def store():
    opened = Store.in_memory()
    yield opened
    opened.close()


@pytest.fixture
def put(store):
    return Writer(store)
