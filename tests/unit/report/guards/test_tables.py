from safeglot.report.guards.tables import guard_tables
from safeglot.report.page import Index
from safeglot.report.table import to_text
from unit.report.guards.pages import losing, page_of


def tables():
    page = page_of(losing(unread=5))
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


def test_no_line_is_wider_than_a_terminal():
    text = to_text(list(tables().values()), width=80)
    assert max(map(len, text.splitlines())) <= 80
