from __future__ import annotations

import numpy as np
import pytest

from safeglot.score.judges.label_counts import Sample, counts_of
from safeglot.score.judges.next_labels import next_ten


def counts(labels, wrong=0.2, prompts=400, judged=0.25):
    """A language of which so many answers are labelled, a share of them against the verdict."""
    verdict = (np.arange(prompts) < judged * prompts).astype(np.int8)
    at = np.linspace(0, prompts - 1, labels).astype(np.int64)
    human = verdict[at].astype(np.float64)
    human[:: max(round(1 / wrong), 1)] = 1 - human[:: max(round(1 / wrong), 1)]
    zero = np.zeros(at.size, np.int64)
    return counts_of(
        Sample(
            unsafe_MPS=verdict[None, :, None], model_I=zero, prompt_I=at, sample_I=zero,
            human_I=human, unsure_I=zero, design="simple",
        )
    )  # fmt: skip


def by_language(given, reference="en"):
    return {x.language: x for x in next_ten(given, reference)}


def test_ten_labels_go_where_the_widest_gap_has_the_fewest():
    found = by_language({"en": counts(200), "de": counts(200), "sw": counts(40)})
    assert found["sw"].width > found["de"].width > found["en"].width
    assert min(found.values(), key=lambda x: x.widest).language == "sw"
    assert found["sw"].after < found["sw"].width
    assert found["de"].widest == pytest.approx(found["sw"].width)  # another's labels leave it


def test_the_reference_comes_first_where_it_has_the_fewest():
    found = by_language({"en": counts(30), "de": counts(150), "sw": counts(150)})
    assert min(found.values(), key=lambda x: x.widest).language == "en"


def test_without_the_reference_the_rate_itself_is_of_interest():
    one = by_language({"de": counts(60), "sw": counts(60, wrong=0.5)})
    assert min(one.values(), key=lambda x: x.widest).language == "sw"
    assert (
        one["sw"].width < by_language({"en": counts(60), "sw": counts(60, wrong=0.5)})["sw"].width
    )


def test_a_language_without_labels_is_unknown_and_comes_first():
    found = by_language({"en": counts(60), "sw": counts(0)})
    assert found["sw"].labels == 0
    assert found["sw"].width > 0.8
    assert found["sw"].after < 0.6
    assert min(found.values(), key=lambda x: x.widest).language == "sw"


def test_where_all_answers_are_labelled_there_is_nothing_to_gain():
    found = by_language({"sw": counts(40, prompts=40)})
    assert found["sw"].after == pytest.approx(found["sw"].width)
