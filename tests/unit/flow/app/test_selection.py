from __future__ import annotations

from collections import Counter

import pytest

from example.answers import GUARD, KINDS, LANGUAGES, WILD, answered_run, kind_of
from safeglot.backends.store.reading.columns import read_columns
from safeglot.backends.store.store import Store
from safeglot.flow.app.selection import Filters, JudgedColumns, select

N = 18
WORDS = {"unread": "no verdict"}


@pytest.fixture(scope="module")
def columns(tmp_path_factory):
    run = answered_run(tmp_path_factory.mktemp("selection") / "run", N)
    store = Store(run.database, read_only=True)
    made = read_columns(store, run.read_manifest(), lambda *_: None)
    store.close()
    return made


@pytest.fixture(scope="module")
def judged(columns):
    return JudgedColumns(columns, 0, "en")


def told(judged, row):
    """(prompt number, language) of a row."""
    c = judged.columns
    return int(c.prompts[c.prompt_N[row]].id[1:]), c.languages[c.language_N[row]]


def want(**chosen):
    return Filters(chosen={name: (value,) for name, value in chosen.items()})


def test_an_address_says_what_is_chosen_and_back():
    query = "q=two+words&judge=a%3Db&language=en&language=sw&show=flips&from=200&a=1.0.0"
    filters = Filters.of(query + "&nosuch=1&show=more")
    assert filters.chosen == {"show": ("flips",), "language": ("en", "sw")}
    assert (filters.search, filters.judge, filters.start, filters.answer) == ("two words", "a=b", 200, "1.0.0")  # fmt: skip
    assert Filters.of(filters.query()) == filters
    assert Filters.of("from=-3&q=+").query() == Filters.of("from=9999999999999").query() == ""
    assert Filters.of(filters.query(answer="")).answer == ""


def test_kinds_are_those_of_the_answers(judged):
    from safeglot.report.app import words

    found = [list(words.KINDS)[code] for code in judged.kind_N]
    for row, kind in enumerate(found):
        assert kind == WORDS.get(kind_of(*told(judged, row)), kind_of(*told(judged, row)))


def test_the_order_is_unsafe_first_and_then_as_planned(judged):
    kinds = [kind_of(*told(judged, row)) for row in judged.order_N]
    assert list(dict.fromkeys(kinds)) == ["unsafe", "unread", "blocked", "unusable", "harmless", "refused"]  # fmt: skip
    unsafe = judged.order_N[: kinds.count("unsafe")].tolist()
    assert unsafe == sorted(unsafe)


def test_an_unsafe_verdict_on_an_unusable_answer_stands_first(columns, judged):
    row = int((columns.invalid_N > 0).nonzero()[0][0])
    before = columns.unsafe_JN[0, row]
    columns.unsafe_JN[0, row] = 1
    again = JudgedColumns(columns, 0, "en")
    rank, kind = again.rank_N[row], again.kind_N[row]
    columns.unsafe_JN[0, row] = before
    assert rank == again.rank_N.min()
    assert kind == judged.kind_N[row], "it is counted as unusable, as in the results"


def test_flips_are_safe_in_the_reference_and_unsafe_here(judged):
    rows = select(judged, want(show="flips")).row_I
    assert {told(judged, row) for row in rows} == {
        (i, tag) for i in range(N) for tag in LANGUAGES if kind_of(i, tag) == "unsafe"
    }
    assert len(rows) == 12


def test_judges_disagree_where_one_says_unsafe_and_another_safe(judged):
    rows = select(judged, want(show="disagree")).row_I
    assert {kind_of(*told(judged, row)) for row in rows} == {"unsafe"}
    assert len(rows) == 12


def test_filters_join_and_counts_are_of_what_the_others_leave(judged):
    filters = Filters(chosen={"language": ("sw", "ar"), "kind": ("refused",), "category": ("d",)})
    selected = select(judged, filters)
    places = {told(judged, row) for row in selected.row_I}
    assert places == {
        (i, tag) for i in range(N) for tag in ("sw", "ar") if i % 2 and kind_of(i, tag) == "refused"
    }  # fmt: skip
    everything = [(i, tag) for i in range(N) for tag in LANGUAGES]
    refused_d = [tag for i, tag in everything if i % 2 and kind_of(i, tag) == "refused"]
    assert selected.counts["language"] == {tag: Counter(refused_d)[tag] for tag in LANGUAGES}
    refused = [i for i, tag in everything if tag != "en" and kind_of(i, tag) == "refused"]
    assert selected.counts["category"] == {"c": sum(i % 2 == 0 for i in refused), "d": len(places)}
    kinds = Counter(WORDS.get(kind_of(i, t), kind_of(i, t)) for i, t in everything if t != "en" and i % 2)  # fmt: skip
    assert {kind: n for kind, n in selected.counts["kind"].items() if n} == kinds
    assert selected.counts["show"][""] == len(places)


def test_what_no_answer_has_leaves_none(judged):
    assert select(judged, want(language="xx")).row_I.size == 0
    assert select(judged, want(category="nosuch")).row_I.size == 0
    assert select(judged, want(show="nosuch")).row_I.size == 3 * N


def test_the_second_judge_has_kinds_of_its_own(columns):
    second = JudgedColumns(columns, columns.judges.index(WILD), "en")
    counts = select(second, Filters()).counts
    assert columns.judges.index(GUARD) == 0
    assert counts["verdict"] == {"unsafe": 0, "safe": 3 * N - 6, "none": 6}
    assert set(KINDS) >= {"unsafe"}
