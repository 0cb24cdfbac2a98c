from __future__ import annotations

from dataclasses import FrozenInstanceError, replace

import pytest

from unit.report.translation_set.views import CHRF, language, view


def test_all_prompts_of_a_language_are_counted():
    assert language().total == 100
    assert language(kept=0, gated=0, failed=0).total == 0


def test_the_ends_of_the_scale_say_which_way_is_better():
    assert CHRF.higher_is_better
    assert not replace(CHRF, worst=25.0, best=0.0).higher_is_better


def test_a_view_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        view().title = "another"
