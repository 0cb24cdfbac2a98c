from safeglot.score.catalogue.guard_metrics import GUARD_METRICS
from safeglot.score.catalogue.metrics import METRICS


def test_they_are_in_the_catalogue_in_a_section_of_their_own():
    assert all(one in METRICS for one in GUARD_METRICS)
    assert {one.section for one in GUARD_METRICS} == {"Guards under test"}
    assert all(one.name.startswith("guard_") for one in GUARD_METRICS)
