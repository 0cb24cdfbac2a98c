from __future__ import annotations

from safeglot.report.numbers.segments import Segment, segments


def test_parts_follow_each_other():
    assert segments({"kept": 0.5, "gated": 0.25, "failed": 0.25}) == (
        Segment(name="kept", x="0.000%", width="50.000%"),
        Segment(name="gated", x="50.000%", width="25.000%"),
        Segment(name="failed", x="75.000%", width="25.000%"),
    )


def test_a_share_of_zero_or_too_thin_to_see_leaves_its_place_empty():
    assert [s.name for s in segments({"a": 0.0, "b": 1.0})] == ["b"]
    (thick,) = segments({"thin": 0.0004, "thick": 0.9996}, least=0.0005)
    assert (thick.name, thick.x) == ("thick", "0.040%")
