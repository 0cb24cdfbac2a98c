import pytest

from example.rows import Writer
from safeglot.backends.store.store import Store


@pytest.fixture
def store():
    opened = Store.in_memory()
    yield opened
    opened.close()


@pytest.fixture
def put(store):
    return Writer(store)
