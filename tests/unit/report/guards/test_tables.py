import pytest

from safeglot.report.guards.tables import guard_tables
from safeglot.report.page import Index, Page
from safeglot.report.table import to_text
from unit.report.guards.pages import losing, page_of, probed


def tables(sheet=None):
    page = sheet if isinstance(sheet, Page) else page_of(sheet or losing(unread=5))
    return {table.title: table for table in guard_tables(page, Index(page.estimates))}


def test_each_guard_has_its_tables_and_they_are_compared():
    titles = set(tables())
    for guard in ("llama-guard-3", "qwen3guard"):
        assert f"{guard}: what it finds" in titles
        assert f"{guard}: found against English" in titles
    assert "llama-guard-3 against qwen3guard: found" in titles


def test_a_rate_stands_with_its_interval_and_n():
    table = tables()["llama-guard-3: what it finds"]
    row = next(row for row in table.rows if row[0].text == "Swahili")
    assert (row[1].value, row[2].value) == (100, 0.6)
    assert row[2].low < 0.6 < row[2].high


def test_all_languages_stand_last_and_bounds_in_the_place_of_what_is_unread():
    found = tables(page_of(losing(unread=12)))["qwen3guard: what it finds"]
    assert [row[0].text for row in found.rows] == ["English", "German", "Swahili", "all"]
    assert (found.rows[2][2].value, found.rows[2][2].text) == (None, "88.0 to 100.0, 12% unread")
    assert found.rows[3][1].value == 288
    precision = tables(page_of(losing(unread=12)))["qwen3guard: precision"]
    assert precision.rows[2][1].value is None
    assert precision.rows[2][1].text.endswith("% unread")


def test_under_probes_both_rates_stand_beside_each_other():
    found = tables(probed())
    (row,) = [r for r in found["llama-guard-3: found under probes"].rows if r[1].text == "German"]
    assert [cell.value for cell in row[2:6]] == [100, 1.0, 0.6, -0.4]
    assert [cell.value for cell in row[7:]] == [0, 0]
    assert "llama-guard-3: found under probes" not in tables()
    why = found["What could not be varied"].rows
    assert [row[2].text for row in why] == ["written in Latin script already (200)"] * 2


@pytest.mark.parametrize("sheet", [None, probed()], ids=["plain", "probed"])
def test_no_line_is_wider_than_a_terminal(sheet):
    text = to_text(list(tables(sheet).values()), width=80)
    assert max(map(len, text.splitlines())) <= 80
