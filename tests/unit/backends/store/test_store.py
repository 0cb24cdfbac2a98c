from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from safeglot.backends.store.schema.old_tables import OLD_TABLES
from safeglot.backends.store.schema.tables import SCHEMA_VERSION
from safeglot.backends.store.store import Store
from safeglot.errors import UsageError
from safeglot.keys import response_key, translation_key
from safeglot.types import Failure, Prompt, Reply, Translation, Verdict
from waiting import HANG_S


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "safeglot.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    opened = Store(path)
    yield opened
    opened.close()


def count(path: Path, table: str = "replies") -> int:
    """Count what another connection sees: committed rows only."""
    db = sqlite3.connect(path)
    try:
        return int(db.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0])
    finally:
        db.close()


TEXT = Translation(prompt="1", language="de", text="Wie backt man Brot?")
ANSWER = response_key(translation_key(TEXT), "abcdefghij", 2)


async def answered(store: Store) -> int:
    """Give the store a text with one answer; return its number."""
    store.add_inputs([], [TEXT])
    step = store.step("generate", "x/y", "abcdefghij")
    number, written = store.put_answer(1, step, 2, Reply(text="[safe answer 3]"))
    await written
    return number


def put(store: Store, response: int, given: Verdict) -> None:
    step = store.step("judge", given.judge, "id", given.mode)
    store.put_verdict(response, step, given)


def verdict(**fields: object) -> Verdict:
    given = {"response": ANSWER, "judge": "j=x/y", "mode": "prompt+answer", "unsafe": True} | fields
    return Verdict(**given)  # type: ignore[arg-type]


def test_a_put_returns_when_the_row_is_committed(store: Store, path: Path) -> None:
    async def body() -> tuple[int, int]:
        written = store.put_reply("k", Reply(text="ok"))
        before = count(path)
        await written
        return before, count(path)

    assert asyncio.run(body()) == (0, 1)


def test_rows_that_come_together_share_a_transaction(store: Store) -> None:
    async def body() -> None:
        futures = {id(store.put_reply(f"k{i}", Reply(text="ok"))) for i in range(50)}
        assert len(futures) == 1
        await store.put_reply("last", Reply(text="ok"))

    asyncio.run(body())
    assert len(store.keys("replies")) == 51


def test_a_reply_reads_back_as_it_was(store: Store) -> None:
    reply = Reply(
        text="ሰላም [unsafe answer 17]\n",
        finish_reason="length",
        n_tokens=3,
        n_prompt_tokens=9,
        logprobs=((("safe", -0.25), ("unsafe", -2.5)), ((" ", 0.0),)),
    )

    async def body() -> None:
        await store.put_reply("k", reply)

    asyncio.run(body())
    assert store.reply("k") == reply
    assert store.reply("another") is None


def test_the_first_reply_under_a_key_stays(store: Store) -> None:
    async def body() -> None:
        await store.put_reply("k", Reply(text="first"))
        await store.put_reply("k", Reply(text="second"))

    asyncio.run(body())
    found = store.reply("k")
    assert found is not None
    assert found.text == "first"


def test_half_surrogate_pairs_are_replaced_wherever_a_model_wrote_them(store: Store) -> None:
    async def body() -> None:
        number = await answered(store)
        put(store, number, verdict(label="\ud800", rationale="\udfff because"))
        failure = Failure(stage="judge", key="f", kind="k", message="\ud800", attempts=1)
        store.put_failure(failure, parent="p", by="m", sample=0)
        await store.put_reply("k", Reply(text="half \ud800"))

    asyncio.run(body())
    (found,) = store.verdicts()
    assert (found.label, found.rationale) == ("?", "? because")


def test_a_row_that_cannot_be_written_is_an_error_and_no_endless_wait(store: Store) -> None:
    async def body() -> None:
        await asyncio.wait_for(
            store.put("replies", (1, "k", "t", "stop", 10**30, 1, None, "", None, "", 0)), HANG_S
        )

    with pytest.raises(ValueError, match="replies: column 5 cannot hold an int beyond 64 bits"):
        asyncio.run(body())
    assert store.keys("replies") == set()


def test_a_row_that_cannot_be_written_leaves_the_others_of_its_batch(store: Store) -> None:
    async def body() -> None:
        good = store.put_reply("good", Reply(text="a"))
        with pytest.raises(ValueError, match="column 2 is empty"):
            store.put("verdicts", (1, None, None, None, "", None, "[]", *[None] * 5))
        await asyncio.wait_for(good, HANG_S)

    asyncio.run(body())
    assert store.keys("replies") == {"good"}


def test_rows_that_a_full_disk_refused_are_written_once_it_has_room(store: Store) -> None:
    async def body() -> None:
        store._db.execute("PRAGMA max_page_count = 1")
        with pytest.raises(sqlite3.OperationalError, match="full"):
            await asyncio.wait_for(store.put_reply("k", Reply(text="x" * 100_000)), HANG_S)
        store._db.execute("PRAGMA max_page_count = 1000000")
        store.flush()

    asyncio.run(body())
    assert store.keys("replies") == {"k"}


@pytest.mark.parametrize("unsafe", [True, False, None])
def test_a_verdict_reads_back_and_unknown_stays_unknown(
    store: Store, *, unsafe: bool | None
) -> None:
    given = verdict(
        unsafe=unsafe,
        unsafe_loose=unsafe,
        label="unsafe",
        p_unsafe=None if unsafe is None else 0.75,
        codes=("S1", "S9"),
        refusal=unsafe,
        response_class=None,
        reason="" if unsafe is not None else "unreadable",
    )

    async def body() -> None:
        put(store, await answered(store), given)
        store.flush()

    asyncio.run(body())
    assert list(store.verdicts()) == [given]


def test_inputs_are_written_once_and_read_in_the_order_of_the_file(store: Store) -> None:
    prompts = [
        Prompt(id=i, text=f"How is {i} made?", language="en", categories=("a", "b"), source="t")
        for i in ("z", "a")
    ]
    translations = [Translation(prompt="z", language="sw", text="Mkate hutengenezwaje?")]
    store.add_inputs(prompts, translations)
    store.add_inputs(prompts, translations)
    assert store.prompts() == prompts
    assert store.keys("translations") == {translation_key(translations[0])}


def test_an_answer_is_the_response_with_the_text_of_its_reply(store: Store) -> None:
    asyncio.run(answered(store))
    query = "SELECT key, prompt, language, model, sample, text FROM answers"
    assert list(store.rows(query)) == [(ANSWER, "1", "de", "x/y", 2, "[safe answer 3]")]


def test_numbers_are_given_once_and_go_on_where_the_file_ends(path: Path) -> None:
    first = Store(path)
    assert [first.numbers("replies", 3), first.numbers("replies")] == [1, 4]
    asyncio.run(answered(first))  # takes the fifth
    first.close()
    again = Store(path)
    assert (again.numbers("replies"), again.numbers("responses")) == (6, 2)
    again.close()


def test_a_step_keeps_its_number_and_takes_the_key_that_it_has_now(store: Store) -> None:
    number = store.step("judge", "j", "old", "answer")
    assert store.step("judge", "j") == store.step("judge", "j", "new", "answer") == number
    assert store.step("generate", "j") != number
    keys = "SELECT name, key FROM steps WHERE stage = 'judge'"
    assert list(store.rows(keys)) == [("j", "new")]


def test_keyed_replies_of_one_store_stand_in_another(store: Store) -> None:
    replies = [(key, Reply(text=key)) for key in ("a", "b")]
    store.add_replies(replies)
    with contextlib.closing(Store.in_memory()) as other:
        asyncio.run(answered(other))
        other.add_replies(store.keyed_replies())
        other.add_replies([("a", Reply(text="another"))])
        assert other.keyed_replies() == replies
        assert other.replies(1, 3) == [Reply(text="[safe answer 3]"), *(r for _, r in replies)]


def test_failures_are_told_apart_and_forgotten_once_they_are_made_good(store: Store) -> None:
    async def body() -> None:
        for key, transient in (("a", True), ("b", False)):
            failure = Failure(
                stage="judge", key=key, kind="k", message="m", attempts=1, transient=transient
            )
            store.put_failure(failure, parent="p", by="m", sample=0)
        store.flush()
        assert store.failed(final_only=False) == {("judge", "a"), ("judge", "b")}
        assert store.failed(final_only=True) == {("judge", "b")}
        store.recovered("judge", "b")
        store.flush()

    asyncio.run(body())
    assert store.failed(final_only=False) == {("judge", "a")}


def test_dropping_a_judge_keeps_its_replies_and_the_other_judges(store: Store) -> None:
    async def body() -> None:
        number = await answered(store)
        put(store, number, verdict(judge="one"))
        put(store, number, verdict(judge="two"))
        await store.put_reply("k", Reply(text="unsafe"))

    asyncio.run(body())
    store.drop_verdicts("one")
    assert [v.judge for v in store.verdicts()] == ["two"]
    assert store.keys("replies") == {"k"}


def test_it_opens_again_with_what_was_written(path: Path) -> None:
    first = Store(path)

    async def body() -> None:
        first.put_reply("k", Reply(text="ok"))  # not awaited: close writes what is queued

    asyncio.run(body())
    first.close()
    for read_only in (False, True):
        again = Store(path, read_only=read_only)
        assert again.keys("replies") == {"k"}
        again.close()


@pytest.mark.parametrize("name", ["a?b.db", "100%.db", "a#b.db", "ü ж.db"])
def test_file_names_are_taken_literally(tmp_path: Path, name: str) -> None:
    Store(tmp_path / name).close()
    assert (tmp_path / name).is_file()


def foreign(path: Path, version: int) -> bytes:
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE bookmarks(url TEXT)")
    db.execute(f"PRAGMA user_version={version}")
    db.commit()
    db.close()
    return path.read_bytes()


@pytest.mark.parametrize("version", [0, SCHEMA_VERSION])
def test_another_programs_database_is_refused_and_left_alone(path: Path, version: int) -> None:
    before = foreign(path, version)
    with pytest.raises(UsageError, match="another program"):
        Store(path)
    assert path.read_bytes() == before


def test_a_file_that_is_no_database_is_refused_and_left_alone(path: Path) -> None:
    path.write_text("dear diary\n" * 200)
    with pytest.raises(UsageError, match="not a safeglot database"):
        Store(path)
    assert path.read_text().startswith("dear diary")


def test_another_version_is_refused_with_both_numbers(path: Path) -> None:
    Store(path).close()
    db = sqlite3.connect(path)
    db.execute(f"PRAGMA user_version={SCHEMA_VERSION + 7}")
    db.close()
    with pytest.raises(UsageError, match=f"version {SCHEMA_VERSION + 7}.*reads {SCHEMA_VERSION}"):
        Store(path)


def test_a_database_of_version_1_is_brought_up_and_keeps_its_rows(path: Path) -> None:
    db = sqlite3.connect(path)
    db.executescript(OLD_TABLES[1] + "PRAGMA user_version=1;")
    db.execute("INSERT INTO translations VALUES('k','p','de','Hallo','given','{}','[]',1,'')")
    db.commit()
    db.close()
    store = Store(path)
    assert list(store.rows("SELECT prompt, text, arm FROM translations")) == [
        ("p", "Hallo", "main")
    ]
    store.write("labels", [(1, "a", "unsafe", ""), (1, "a", "safe", "")])
    assert list(store.rows("SELECT label FROM labels")) == [("safe",)]
    store.clear("labels")
    assert list(store.rows("SELECT label FROM labels")) == []
    store.close()
    Store(path).close()


def test_a_read_only_store_of_nothing_is_refused(path: Path) -> None:
    with pytest.raises(UsageError, match="unable to open"):
        Store(path, read_only=True)


def test_a_store_in_memory_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    first, second = Store.in_memory(), Store.in_memory()
    first.write("labels", [(1, "1", "safe", "")])
    assert list(first.rows("SELECT label FROM labels")) == [("safe",)]
    assert list(second.rows("SELECT label FROM labels")) == []
    for opened in (first, second):
        opened.close()
    assert list(tmp_path.iterdir()) == []
