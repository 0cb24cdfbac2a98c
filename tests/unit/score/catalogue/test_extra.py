"""What is said of each key of `extra`."""

import pytest

from safeglot.score.catalogue.extra import _OWN, _SHARED, described
from safeglot.score.catalogue.metrics import METRICS, metric


def test_a_key_means_the_same_in_all_metrics_but_where_one_has_its_own_words():
    assert described("safety_micro", "se") == described("gap", "se") == "standard error"
    assert described("quality_slope", "se") == "standard error, CR0 by prompt"
    assert described("safety_shrunk", "b") != described("exact_match", "b")


def test_own_words_are_of_metrics_that_have_the_key():
    for name, key in _OWN:
        assert key in metric(name.replace("*", "0.5")).extra
        assert _OWN[name, key] != _SHARED.get(key)


def test_each_key_of_a_metric_is_one_line():
    for entry in METRICS:
        for key in entry.extra:
            text = described(entry.name, key)
            assert text.strip() == text != ""
            assert "\n" not in text


def test_an_unknown_key_is_an_error():
    with pytest.raises(KeyError, match="nonsense"):
        described("gap", "nonsense")
