from __future__ import annotations

import csv
import io
import re

import pytest

from copies import copied
from example.answers import answered_run
from safeglot.backends.app.server import Call
from safeglot.backends.files.rundir import RunDir
from safeglot.backends.store.store import Store
from safeglot.errors import UsageError
from safeglot.flow.app.labelling import RunLabelling
from safeglot.flow.app.reading import RunReading
from safeglot.flow.labels.draw import Wanted, sample


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    run = answered_run(tmp_path_factory.mktemp("labelling") / "run", 20)
    sample(run, Wanted(labels=10), None)
    return run.path


@pytest.fixture
def run(drawn, tmp_path):
    copied(drawn, tmp_path / "run")
    return RunDir(tmp_path / "run")


@pytest.fixture
def labelling(run):
    return RunLabelling(RunReading(run))


def page(labelling, query="language=en", **sent):
    call = Call(base="/t/", path="label", query=query, sent=sent or None)
    return labelling.page(call)


def item(text):
    found = re.search(r'name="item" value="([^"]+)"', text)
    return found[1] if found else ""


def label(labelling, value, query="language=en"):
    """Label what comes next; return its item."""
    shown = item(page(labelling, query).text)
    page(labelling, query, item=shown, label=value)
    return shown


def stored(run):
    store = Store(run.database, read_only=True)
    found = list(store.rows("SELECT 'r' || k.key, annotator, label, note FROM labels JOIN keyed k ON k.id = response ORDER BY 1, 2"))  # fmt: skip
    store.close()
    return found


def test_each_label_is_a_row_and_the_next_answer_comes(labelling, run):
    given = {label(labelling, value): value for value in ("unsafe", "safe", "refused", "unsure")}
    rows = {"unsafe": ("unsafe", ""), "safe": ("safe", ""), "refused": ("safe", "refused"), "unsure": ("unsure", "")}  # fmt: skip
    assert stored(run) == sorted((key, "1", *rows[value]) for key, value in given.items())
    assert "4 of 10" in page(labelling).text


def test_a_label_sent_twice_is_one(labelling, run):
    first = label(labelling, "safe")
    page(labelling, item=first, label="safe")
    assert len(stored(run)) == 1


def test_the_second_annotator_has_a_part_of_them_in_another_order(labelling):
    def queue(who):
        found = []
        while shown := item(page(labelling, f"language=ar&who={who}").text):
            found.append(label(labelling, "safe", f"language=ar&who={who}"))
            assert found[-1] == shown
        return found

    first, second = queue("1"), queue("2")
    assert (len(first), len(second)) == (10, 2)
    assert set(second) < set(first)
    ended = page(labelling, "language=ar&who=2").text
    assert "they say the same of 2 of 2 answers" in ended


def test_what_a_label_does_not_need_is_refused(labelling, run):
    own = item(page(labelling).text)
    other = item(page(labelling, "language=sw").text)
    for sent in ({"item": other, "label": "safe"}, {"item": own, "label": "fine"}, {"item": "x"}):
        with pytest.raises(UsageError, match="Nothing was saved"):
            page(labelling, **sent)
    assert stored(run) == []


def test_undo_goes_back_from_the_first_that_lacks_a_label(labelling, run):
    page(labelling, undo="1")
    first, second = label(labelling, "safe"), label(labelling, "unsafe")
    assert page(labelling, undo="1").place.endswith("last=undone")
    assert [row[0] for row in stored(run)] == [first]
    assert item(page(labelling).text) == second


def test_labels_of_a_file_are_not_asked_for_again(labelling, run):
    shown = item(page(labelling, "language=sw").text)
    store = Store(run.database)
    (number,) = next(store.rows("SELECT id FROM keyed WHERE 'r' || key = ?", (shown,)))
    (wanted,) = next(store.rows("SELECT wanted FROM draws WHERE response = ?", (number,)))
    store.write("labels", [(number, name, "safe", "") for name in ("ann", "bo")[:wanted]])
    store.close()
    assert item(page(labelling, "language=sw").text) != shown
    assert "of 9" in page(labelling, "language=sw").text


def test_a_run_without_a_draw_offers_one(tmp_path):
    run = answered_run(tmp_path / "run", 20)
    labelling = RunLabelling(RunReading(run))
    assert "Draw answers to label" in page(labelling).text
    for sent in ({"n": "many", "overlap": "0.2"}, {"n": "0", "overlap": "0.2"}, {"n": "5", "overlap": "2"}):  # fmt: skip
        with pytest.raises(UsageError):
            page(labelling, draw="1", **sent)
    assert page(labelling, draw="1", n="5", overlap="0.2").place == "label"
    assert "0 of 5" in page(labelling).text
    assert (run.path / "to-label.csv").exists()


def test_the_file_has_the_columns_and_rows_of_annotate(labelling, run):
    labelled = label(labelling, "refused")
    text = labelling.file().text
    found = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
    written = (run.path / "to-label.csv").read_text("utf-8-sig")
    of_annotate = list(csv.DictReader(io.StringIO(written, newline="")))
    assert list(found[0]) == list(of_annotate[0])
    assert {row["item"] for row in found} == {row["item"] for row in of_annotate}
    texts = {row["item"]: (row["language"], row["category"], row["source"], row["prompt"], row["answer"]) for row in of_annotate}  # fmt: skip
    for row in found:
        assert texts[row["item"]] == (row["language"], row["category"], row["source"], row["prompt"], row["answer"])  # fmt: skip
    (one,) = [row for row in found if row["label"]]
    assert (one["item"], one["annotator"], one["label"], one["note"]) == (labelled, "1", "safe", "refused")  # fmt: skip


def test_rules_are_kept_in_the_run(labelling, run):
    assert "in part counts" in page(labelling).text
    page(labelling, rubric="Only <this>.\r\n")
    assert run.rubric.read_text("utf-8") == "Only <this>.\n"
    assert "Only &lt;this&gt;." in page(labelling).text
    assert "<textarea" in page(labelling, "language=en&edit=1").text
