"""Which engine, and where its cluster is; this environment has no Ray, so that all other tests run without it."""

import importlib.util

import pytest

from safeglot.backends.cluster.choice import address_fault, engine_fault, lacking


def test_engines_are_named_and_what_is_not_installed_can_be_pasted():
    assert importlib.util.find_spec("ray") is None
    assert engine_fault("local") == ""
    assert "allowed are local and ray" in engine_fault("rya")
    assert engine_fault("ray") == ""
    assert "pip install 'safeglot[ray]'" in lacking("ray")
    assert lacking("local") == ""


@pytest.mark.parametrize("given", ["auto", "10.0.0.1:6379", "head.cluster:6379", "[::1]:6379"])
def test_addresses_of_clusters(given):
    assert address_fault(given) == ""


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("ray://head:10001", "on a machine of the cluster"),
        ("http://head:8265", "HOST:PORT"),
        ("head", "HOST:PORT"),
        ("head:6379/x", "HOST:PORT"),
        ("", "HOST:PORT"),
    ],
)
def test_other_addresses_are_refused(given, told):
    assert told in address_fault(given)
