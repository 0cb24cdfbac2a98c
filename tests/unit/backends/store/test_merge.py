from __future__ import annotations

import pytest

from example.rows import Writer
from safeglot.backends.store.merge import is_labelled, join
from safeglot.backends.store.records import reply_row
from safeglot.backends.store.store import Store
from safeglot.types import Reply

ANSWERS = """
SELECT t.prompt, t.language, s.name, r.sample, p.text FROM responses r
JOIN translations t ON t.id = r.translation JOIN steps s ON s.id = r.step JOIN replies p ON p.id = r.reply
ORDER BY 1, 2, 3, 4
"""
VERDICTS = """
SELECT t.prompt, m.name, j.name, v.unsafe FROM verdicts v JOIN responses r ON r.id = v.response
JOIN translations t ON t.id = r.translation JOIN steps m ON m.id = r.step JOIN steps j ON j.id = v.step
ORDER BY 1, 2, 3
"""


@pytest.fixture
def whole(tmp_path):
    store = Store(tmp_path / "whole.db")
    yield store
    store.close()


def made(path, fill):
    """A closed database with what a function writes."""
    store = Store(path)
    writer = Writer(store)
    fill(writer)
    store.close()
    return path


def one_prompt(name, *, model="m", answer=None, judge="j", unsafe=False):
    def fill(writer):
        writer.prompt(name)
        text = writer.text(name)
        number = writer.answer(text, model, answer=answer or f"[answer {name}]")
        writer.verdict(number, unsafe, judge)

    return fill


def read(store, query):
    return list(store.rows(query))


def test_rows_get_numbers_of_their_own(whole, tmp_path):
    for i in range(3):
        assert join(whole, made(tmp_path / f"{i}.db", one_prompt(f"p{i}", unsafe=i == 1))) is None
    assert read(whole, ANSWERS) == [(f"p{i}", "de", "m", 0, f"[answer p{i}]") for i in range(3)]
    assert read(whole, VERDICTS) == [(f"p{i}", "m", "j", int(i == 1)) for i in range(3)]
    assert whole.damage() == ""
    assert [s for (s,) in read(whole, "SELECT name FROM sqlite_temp_master")] == []


def test_what_both_hold_is_there_once(whole, tmp_path):
    path = made(tmp_path / "a.db", one_prompt("p"))
    copy = tmp_path / "b.db"
    copy.write_bytes(path.read_bytes())
    assert join(whole, path) is None
    before = {t: read(whole, f"SELECT * FROM {t}") for t in ("translations", "responses", "verdicts")}  # fmt: skip
    assert join(whole, copy) is None
    assert before == {t: read(whole, f"SELECT * FROM {t}") for t in before}


def test_another_target_and_another_judge_join(whole, tmp_path):
    join(whole, made(tmp_path / "a.db", one_prompt("p")))
    join(whole, made(tmp_path / "b.db", one_prompt("p", model="n", judge="k", unsafe=True)))
    join(whole, made(tmp_path / "c.db", one_prompt("p", judge="k", unsafe=True)))
    assert read(whole, VERDICTS) == [("p", "m", "j", 0), ("p", "m", "k", 1), ("p", "n", "k", 1)]
    assert whole.count("SELECT COUNT(*) FROM translations") == 1


def test_replies_of_judges_stay_in_a_row_and_keys_are_there_once(whole, tmp_path):
    def fill(writer):
        one_prompt("p")(writer)
        store = writer.store
        first = store.numbers("replies", 2)
        store.add_replies([("check", Reply(text="safe"))])

        store.write(
            "replies",
            [reply_row(first + i, None, Reply(text=f"said {i}")) for i in range(2)],
        )
        list(store.rows("UPDATE verdicts SET reply = ?", (first,)))

    join(whole, made(tmp_path / "other.db", lambda w: (one_prompt("q")(w), w.store.add_replies([("check", Reply(text="safe")), ("more", Reply(text="x"))]))))  # fmt: skip
    join(whole, made(tmp_path / "a.db", fill))
    ((first,),) = read(whole, "SELECT reply FROM verdicts WHERE reply IS NOT NULL")
    assert [reply.text for reply in whole.replies(first, 2)] == ["said 0", "said 1"]
    assert whole.keys("replies") == {"check", "more"}


@pytest.mark.parametrize(
    ("change", "what", "name"),
    [
        ("UPDATE prompts SET text = 'other'", "the prompt", "p"),
        ("UPDATE prompts SET categories = '[\"fraud\"]'", "the prompt", "p"),
        ("UPDATE translations SET key = 'other', text = 'other'", "the text", "p (de)"),
        ("UPDATE translations SET key = 'other', arm = 'gated'", "the text", "p (de, gated)"),
        ("UPDATE steps SET key = 'other' WHERE stage = 'generate'", "the way to ask", "m"),
        ("UPDATE replies SET text = 'other'", "the answer", "m to p (de)"),
        ("UPDATE replies SET finish_reason = 'length'", "the answer", "m to p (de)"),
        ("UPDATE verdicts SET unsafe = 1", "the verdict", "j on m, p (de)"),
        ("UPDATE verdicts SET unsafe = NULL, reason = 'unparsable'", "the verdict", "j on m, p (de)"),
    ],
)  # fmt: skip
def test_what_is_not_the_same_is_told_and_nothing_is_taken(whole, tmp_path, change, what, name):
    path = made(tmp_path / "a.db", one_prompt("p"))
    other = made(tmp_path / "b.db", lambda w: (one_prompt("p")(w), list(w.store.rows(change))))
    assert join(whole, path) is None
    clash = join(whole, other)
    assert (clash.what, list(clash.names), clash.n) == (what, [name], 1)


def test_a_failure_goes_where_another_run_has_the_answer(tmp_path):
    def failed(writer):
        writer.prompt("p")
        text = writer.text("p")
        writer.failure("generate", text, "m", "timeout", transient=True)
        writer.failure("generate", text, "other", "blocked")
        writer.store.step("generate", "other")

    def unjudged(writer):
        writer.prompt("p")
        writer.failure("judge", writer.answer(writer.text("p"), answer="[answer p]"), "j", "timeout")  # fmt: skip

    sources = [
        made(tmp_path / f"{i}.db", fill) for i, fill in enumerate((failed, unjudged, one_prompt("p")))
    ]  # fmt: skip
    for i, order in enumerate((sources, sources[::-1])):
        whole = Store(tmp_path / f"whole-{i}.db")
        assert [join(whole, path) for path in order] == [None] * 3
        assert read(whole, "SELECT stage, by, kind FROM failures") == [("generate", "other", "blocked")]  # fmt: skip
        assert whole.count("SELECT work = (SELECT id FROM translations) FROM failures") == 1
        whole.close()


def test_labels_stay_behind(whole, tmp_path):
    def fill(writer):
        one_prompt("p")(writer)
        writer.store.write("labels", [(1, "ann", "safe", "")])

    path = made(tmp_path / "a.db", fill)
    join(whole, path)
    assert not is_labelled(whole)
    store = Store(path)
    assert is_labelled(store)
    store.close()


def test_traits_and_samples_come_along(whole, tmp_path):
    def fill(writer):
        writer.prompt("p")
        text = writer.text("p")
        for sample in range(2):
            number = writer.answer(text, sample=sample)
            writer.store.write("traits", [(number, 7, None, "de", 0.5, 0, None)])
            step = writer.store.step("encode", "e@1")
            writer.store.write("cosines", [(number, step, 0.25)])

    join(whole, made(tmp_path / "q.db", one_prompt("q")))
    join(whole, made(tmp_path / "p.db", fill))
    assert read(whole, "SELECT x.language, r.sample FROM traits x JOIN responses r ON r.id = x.response ORDER BY 2") == [("de", 0), ("de", 1)]  # fmt: skip
    assert read(whole, "SELECT s.name, c.cosine FROM cosines c JOIN steps s ON s.id = c.step") == [("e@1", 0.25)] * 2  # fmt: skip
