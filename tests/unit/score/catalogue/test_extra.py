"""What is said of each key of `extra`."""

from safeglot.score.catalogue.extra import SHARED
from safeglot.score.catalogue.metrics import METRICS


def test_each_key_is_described_in_one_line():
    for key, text in SHARED.items():
        assert text.strip() == text != "", key
        assert "\n" not in text


def test_keys_are_sorted_for_the_eye():
    assert list(SHARED) == sorted(SHARED, key=str.casefold)


def test_own_words_differ_from_the_shared_ones():
    for entry in METRICS:
        for key, text in entry.own.items():
            assert text != SHARED.get(key), (entry.name, key)
