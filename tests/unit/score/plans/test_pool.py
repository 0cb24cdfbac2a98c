"""What a plan draws from."""

import numpy as np
import pytest

from safeglot.score.plans.pool import PromptPool


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"member_PC": np.ones((3, 5), dtype=bool)}, r"\(3, 5\)"),
        ({"reference": "sw"}, "'sw'"),
        ({"difficulty_P": np.zeros(2)}, "2 difficulties of 7 prompts"),
    ],
)
def test_parts_that_do_not_fit_are_refused(changed, told):
    given = {
        "languages": ("en", "de"),
        "reference": "en",
        "categories": ("a", "b"),
        "member_PC": np.ones((7, 2), dtype=bool),
    }
    with pytest.raises(ValueError, match=told):
        PromptPool(**given | changed)
