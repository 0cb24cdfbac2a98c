from __future__ import annotations

import json
import re

import pytest

from example.answers import answered_run, kind_of
from safeglot.backends.app.server import Call
from safeglot.backends.files.rundir import RunDir
from safeglot.errors import UsageError
from safeglot.flow.app import reading
from safeglot.flow.app.reading import RunReading, stored


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return answered_run(tmp_path_factory.mktemp("reading") / "run", 50)


@pytest.fixture(scope="module")
def opened(run):
    made = RunReading(run)
    made.begin()
    made._read._thread.join()
    return made


def page(opened, query=""):
    return opened.page(Call(base="/t/", path="read", query=query)).text


def names(text):
    return re.findall(r'<li><a href="[^"]*a=([\d.]+)"', text)


def test_the_list_comes_in_pages(opened):
    first = page(opened)
    assert len(names(first)) == reading.PAGE
    later = re.search(r'id="later" href="/t/read\?([^"]*)"', first)[1]
    second = page(opened, later)
    assert len(names(second)) == 150 - reading.PAGE
    assert not set(names(first)) & set(names(second))
    assert 'id="later"' not in second
    assert re.search(r'id="earlier" href="/t/read\?', second)


def test_the_page_of_the_list_is_that_of_the_open_answer(opened):
    last = names(page(opened, "from=100"))[-1]
    text = page(opened, f"a={last}")
    assert names(text)[-1] == last
    assert "150 of 150" in text


def test_an_answer_that_is_open_stays_where_the_filters_leave_it(opened):
    third = names(page(opened, "language=sw"))[2]
    assert "3 of 50" in page(opened, f"language=sw&was={third}")
    english = names(page(opened, "language=en"))[0]
    assert "1 of 50" in page(opened, f"language=sw&was={english}")
    assert "not among those listed" in page(opened, f"language=sw&a={english}")


def test_a_search_goes_on_where_it_has_looked_at_enough(opened, monkeypatch):
    monkeypatch.setattr(reading, "SEARCHED", 60)
    monkeypatch.setattr(reading, "CHUNK", 20)
    found, query = [], "q=harmless+answer"
    while query:
        text = page(opened, query)
        found += names(text)
        later = re.search(r'id="later" href="/t/read\?([^"]*)"', text)
        query = later[1].replace("&amp;", "&") if later else ""
    assert len(found) == len(set(found)) == sum(kind_of(i, "sw") == "harmless" for i in range(50))


def test_a_search_fills_a_page_and_goes_on_after_its_last(opened, monkeypatch):
    monkeypatch.setattr(reading, "PAGE", 7)
    text, found = page(opened, "q=inafanywaje"), []
    while True:
        found += names(text)
        later = re.search(r'id="later" href="/t/read\?([^"]*)"', text)
        if not later:
            break
        text = page(opened, later[1].replace("&amp;", "&"))
    assert len(found) == len(set(found)) == 50


def test_how_far_the_run_is(opened):
    said = json.loads(opened.progress().text)
    assert said == {"going": False, "answers": 142, "planned": 150, "failed": 8, "left": "", "new": 0}  # fmt: skip


@pytest.mark.parametrize("query", ["a=x", "a=1.2", "a=9.9.9", "a=" + "9" * 40 + ".0.0", "from=99999", "judge=nosuch", "language=%00"])  # fmt: skip
def test_addresses_that_lead_nowhere_do_no_harm(opened, query):
    assert "</html>" in page(opened, query)


def test_a_run_without_a_database_and_a_damaged_one(run, tmp_path):
    with pytest.raises(UsageError, match="no run here"):
        RunReading(RunDir(tmp_path))
    (tmp_path / "x.db").write_bytes(b"no database" * 100)
    with pytest.raises(UsageError, match="not a safeglot database"), stored(tmp_path / "x.db"):
        pass
    with pytest.raises(UsageError, match="not as safeglot wrote it"), stored(run.database) as store:
        next(store.rows("SELECT 1 WHERE 0"))
