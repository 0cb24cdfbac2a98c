from safeglot.flow.labels.draw import Wanted, sample
from safeglot.flow.labels.progress import status, table


def test_each_stratum_has_a_column_and_each_language_a_row(run):
    sample(run, Wanted(labels=8, overlap=0.5, categories=("c",), category_labels=4), None)
    head, *rows = status(run).splitlines()[1:]
    assert "labelled, no verdict" not in head
    assert head.index("labelled, c: judged unsafe") < head.index("labels")
    assert [row.split()[0] for row in rows] == ["en", "de"]


def test_columns_are_as_wide_as_their_texts():
    assert table(("a", "long"), [("x", 1)]) == "a  long\nx     1"
