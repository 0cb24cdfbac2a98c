import pytest

from example.translated import page_of, translated


@pytest.fixture(scope="package")
def page(tmp_path_factory):
    """The page of a run with translations and probes."""
    store, manifest = translated(tmp_path_factory.mktemp("page") / "run.db")
    filled = page_of(store, manifest)
    store.close()
    return filled
