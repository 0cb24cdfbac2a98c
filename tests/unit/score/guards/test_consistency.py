import numpy as np
import pytest

from safeglot.score.guards.consistency import consistency
from unit.score.guards.sheets import sheet_of

NONE = [[-1] * 4] * 3


def test_it_needs_no_labels():
    said = [[[1, 1, 0, 0], [1, 0, 0, 0], [1, 1, 0, 1]]]
    told = list(consistency(sheet_of(NONE, said), level=0.95))
    assert [(e.language, e.value, e.n) for e in told] == [
        ("de", 0.75, 4),
        ("sw", 0.75, 4),
        (None, 0.5, 4),
    ]
    assert told[0].extra["expected"] == pytest.approx(0.5 * 0.25 + 0.5 * 0.75)
    assert told[2].extra["expected"] == pytest.approx(0.5 * 0.25 * 0.75 + 0.5 * 0.75 * 0.25)


def test_a_missing_verdict_takes_the_id_out():
    said = [[[1, 1, 0, 0], [1, -1, 0, 0]]]
    (match,) = consistency(sheet_of(NONE[:2], said), level=0.95)
    assert (match.value, match.n, match.missing) == (1.0, 3, 1)


def test_without_shared_ids_there_is_nothing_to_tell():
    said = [[[1, 1, 0, 0], [1, 0, 0, 0]]]
    assert list(consistency(sheet_of(NONE[:2], said, prompt_N=np.arange(8)), level=0.95)) == []
