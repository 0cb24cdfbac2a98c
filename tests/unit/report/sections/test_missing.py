from __future__ import annotations

from example import small
from safeglot.report.sections.missing import missing_sentence


def test_what_is_missing_is_counted_and_never_safe():
    sentence = missing_sentence(small.page())
    assert sentence.startswith("4 of 1,284 verdicts (0.31%) are missing.")
    assert sentence.endswith("none of them counts as safe.")


def test_nothing_missing_is_said_so():
    assert missing_sentence(small.page(estimates=[], missing=())).startswith("Nothing is missing")
    assert missing_sentence(small.page(estimates=[])).startswith("0 of 0 verdicts are missing.")
