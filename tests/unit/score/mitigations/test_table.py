"""Tables of mitigations are checked where they are made: see test_changes."""

from unit.score.mitigations.tables import helpful


def test_what_is_planned_is_all_where_nothing_is_said():
    table = helpful()
    assert table.harmful == 400
    assert table.planned(0).sum() == 800
