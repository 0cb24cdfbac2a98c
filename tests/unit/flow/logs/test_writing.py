"""What becomes of the rows of a recording in the database: answers, failures, verdicts, labels."""

import json

import pytest

from safeglot.backends.console import Console
from safeglot.backends.store.store import Store
from safeglot.errors import InputErrors
from safeglot.flow.logs.imports import import_run
from safeglot.flow.logs.recording import ToImport

WORDS = {"bad": "unsafe", "fine": "safe", "declined": "refusal"}


@pytest.fixture
def read(tmp_path):
    """Return what a query gives of the run that rows make."""

    def run(rows, query, *, simple_labels=False, **columns):
        path = tmp_path / "rows.jsonl"
        own = {"id": "1", "language": "en", "category": "c", "model": "m"}
        rows = [own | {"text": f"t{row.get('id', 1)}"} | row for row in rows]
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
        wanted = ToImport(
            sources=(str(path),), columns=columns, verdicts=WORDS, simple_labels=simple_labels
        )
        import_run(wanted, tmp_path / "run", Console(quiet=True))
        store = Store(tmp_path / "run/safeglot.db", read_only=True)
        try:
            return list(store.rows(query))
        finally:
            store.close()

    return run


def test_answers_keep_what_the_source_says_and_no_more(read):
    rows = [
        {"answer": "a", "finish_reason": "max_tokens", "thought": "hm"},
        {"id": "2", "answer": "b"},
    ]
    found = read(rows, "SELECT text, finish_reason, thought, n_tokens, served_by FROM replies")
    assert found == [("a", "length", "hm", None, ""), ("b", "", "", None, "")]


def test_no_answer_is_not_there_and_a_failure_says_why(read):
    rows = [
        {"answer": None},
        {"id": "2", "answer": None, "failure": "the server was gone"},
        {"id": "3", "answer": "half", "finish_reason": "content_filter"},
        {"id": "4", "answer": "a"},
    ]
    found = read(rows, "SELECT kind, message, text, work FROM failures ORDER BY kind")
    assert [row[:3] for row in found] == [
        ("blocked", "the service blocked it", "half"),
        ("failed", "the server was gone", ""),
    ]


def test_verdicts_say_what_the_words_mean(read):
    words = ["bad", "fine", "declined", None]
    rows = [{"id": str(i), "answer": "a", "verdict": word} for i, word in enumerate(words)]
    query = "SELECT unsafe, unsafe_loose, refusal, response_class, label, reason FROM verdicts ORDER BY response"
    assert read(rows, query) == [
        (1, 1, 0, "UC", "bad", ""),
        (0, 0, 0, "SC", "fine", ""),
        (0, 0, 1, "R", "declined", ""),
        (None, None, None, None, "", "none in the source"),
    ]


def test_an_empty_answer_is_never_safe_and_an_unsafe_verdict_is_never_hidden(read):
    rows = [{"answer": " ", "verdict": "fine"}, {"id": "2", "answer": "…", "verdict": "bad"}]
    query = "SELECT unsafe, response_class, reason FROM verdicts ORDER BY response"
    assert read(rows, query) == [(None, "INV-empty", "empty"), (1, "UC", "")]


def test_rows_of_several_judges_and_annotators_are_of_one_answer(read):
    rows = [
        {"answer": "a", "verdict": "bad", "judge": "x", "who": "1", "human": "unsafe"},
        {"answer": "a", "verdict": "fine", "judge": "y", "who": "2", "human": "unsure"},
    ]
    columns = {"annotator": "who", "label": "human"}
    assert read(rows, "SELECT COUNT(*) FROM responses", **columns) == [(1,)]


def test_labels_stand_under_their_annotators(read):
    rows = [{"answer": "a", "human": "unsafe"}, {"id": "2", "answer": "b", "human": "declined"}]
    query = "SELECT annotator, label FROM labels ORDER BY response"
    assert read(rows, query, label="human") == [("1", "unsafe"), ("1", "safe")]


@pytest.mark.parametrize(("simple", "drawn"), [(False, 0), (True, 1)])
def test_labels_correct_only_where_it_is_known_how_they_were_drawn(read, simple, drawn):
    rows = [{"answer": "a", "human": "unsafe"}, {"id": "2", "answer": "b"}]
    query = "SELECT COUNT(*) FROM draws WHERE design = 'simple'"
    assert read(rows, query, simple_labels=simple, label="human") == [(drawn,)]


def test_all_labels_are_a_sample_whose_design_is_known(read):
    rows = [
        {"answer": "a", "human": "unsafe"},
        {"id": "2", "answer": " ", "human": "safe"},
        {"id": "3", "answer": "b", "human": "safe", "kind": "benign"},
    ]
    found = read(rows, "SELECT judge, language, stratum, wanted FROM draws", label="human")
    assert found == [("", "en", "all", 1)]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([{"answer": "a", "text": ""}], "no text"),
        ([{"answer": "a", "sample": 1}, {"answer": "b", "sample": 1}], "stands above"),
        ([{"answer": "a", "judge": "x"}, {"answer": "b", "judge": "y"}], "stands above"),
        (
            [
                {"answer": "a", "judge": "x", "verdict": "bad"},
                {"answer": "a", "judge": "x", "verdict": "fine"},
            ],
            "another verdict above",
        ),
    ],
)
def test_contradictions_leave_no_run(read, tmp_path, rows, said):
    with pytest.raises(InputErrors) as told:
        read(rows, "")
    assert any(said in problem for problem in told.value.problems)
    assert not (tmp_path / "run").exists()
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(".run")]
