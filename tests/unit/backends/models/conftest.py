import pytest

from safeglot.backends.models.clients import choice


@pytest.fixture(params=["aiohttp", "pycurl"])
def each_client(request, monkeypatch):
    """The tests of a module under each client that can be chosen."""
    monkeypatch.setattr(choice, "is_installed", lambda name: name == request.param)
    return request.param
