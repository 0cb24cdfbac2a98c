from __future__ import annotations

import pytest

from safeglot.text.spelling import closest

NAMES = ("Alpha", "beta", "gamma-ray")


@pytest.mark.parametrize(
    ("name", "expected"),
    [("beta", "beta"), ("ALPHA", "Alpha"), ("alhpa", "Alpha"), ("gama-ray", "gamma-ray")],
)
def test_the_name_most_alike(name, expected):
    assert closest(name, NAMES) == expected


def test_nothing_alike():
    assert closest("xyz", NAMES) is None
    assert closest("", NAMES) is None
    assert closest("beta", ()) is None


def test_a_cutoff_asks_for_more_likeness():
    assert closest("betamax", NAMES) == "beta"
    assert closest("betamax", NAMES, cutoff=0.85) is None
