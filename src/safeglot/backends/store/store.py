"""The database of a run: one SQLite file in WAL mode, the truth while running.

Rows are written by one connection in batches; `write` returns once its batch is committed, so
that after `kill -9` at most the calls in flight are lost.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safeglot.backends.files.links import check_own
from safeglot.backends.store.records import (
    REPLIES,
    prompt_of,
    reply_of,
    reply_row,
    text_row,
    verdict_of,
    verdict_row,
)
from safeglot.backends.store.rows import fit
from safeglot.backends.store.schema.shape import address, fault_of_tables, fault_of_values
from safeglot.backends.store.schema.tables import EMPTY, INSERT, SCHEMA_VERSION, UNNUMBERED
from safeglot.backends.store.schema.upgrade import check_present, check_room, upgrade
from safeglot.errors import SafeglotError, UsageError
from safeglot.keys import json_encoder
from safeglot.types import Failure, Prompt, Reply, Translation, Verdict

if TYPE_CHECKING:
    import asyncio

BATCH_WAIT_S = 0.01
STEPS_A_TICK = 1_000_000
"""About a hundredth of a second of SQLite's work."""
TICK_GAP_S = 1.0
QUERY_S = 600.0
"""How long SQLite may work without a pause: our own queries on large runs take seconds."""
ROWS = 20_000
"""Rows that `Store.columns` takes at a time."""

_ORDER = tuple(INSERT)


_json = json_encoder(ensure_ascii=False, separators=(",", ":"))


class Store:
    """Open, write and read one run's database.

    Raises: UsageError where the file is not a safeglot database; Stopped where there is no room to
    bring one of an older version up.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path = path
        self._pending: dict[str, list[tuple[Any, ...]]] = {}
        self._batch: asyncio.Future[None] | None = None
        self._began = self._ticked = time.monotonic()
        self._required: dict[str, frozenset[int]] = {}
        self._last: dict[str, int] = {}
        if str(path) != ":memory:":
            check_own(path.with_name(path.name + end) for end in ("", "-wal", "-shm", "-journal"))
        try:
            self._db = sqlite3.connect(
                address(path, read_only=read_only),
                uri=True,
                isolation_level=None,
                check_same_thread=False,
            )
        except sqlite3.DatabaseError as error:
            raise self._foreign(str(error)) from error
        try:
            self._prepare(read_only=read_only)
        except sqlite3.DatabaseError as error:
            self._db.close()
            raise self._foreign(str(error)) from error
        except SafeglotError:
            self._db.close()
            raise
        self._db.set_progress_handler(self._tick, STEPS_A_TICK)  # an upgrade takes what it takes

    def _tick(self) -> bool:
        """Return whether a query is to be given up: SQLite asks after so many steps of all of them."""
        now = time.monotonic()
        if now - self._ticked > TICK_GAP_S:  # nothing was asked meanwhile
            self._began = now
        self._ticked = now
        return now - self._began > QUERY_S

    @classmethod
    def in_memory(cls) -> Store:
        """Return an empty store that no file holds, gone once it is closed."""
        return cls(Path(":memory:"))

    def _foreign(self, why: str) -> UsageError:
        return UsageError(
            f"{self.path}: not a safeglot database ({why}). Give another --out, or move this file away."
        )

    def _prepare(self, *, read_only: bool) -> None:
        version = self._db.execute("PRAGMA user_version").fetchone()[0]
        if not 0 <= version <= SCHEMA_VERSION:
            raise UsageError(
                f"{self.path}: written by another version of safeglot (database version {version}, "
                f"this one reads {SCHEMA_VERSION}). Use that version, or give another --out."
            )
        tables = {name for (name,) in self._db.execute("SELECT name FROM sqlite_master")}
        if tables and (version == 0 or "replies" not in tables):
            raise self._foreign("it holds the tables of another program")
        if read_only:
            check_present(self.path, version)
            self._check_shape()
            return
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        if version != SCHEMA_VERSION:
            try:
                upgrade(self._db, version)
            except sqlite3.OperationalError as error:
                check_room(self.path, error)
                raise
        self._check_shape()
        for table in _ORDER:
            columns = self._db.execute(f"PRAGMA table_info({table})").fetchall()
            first = int(table in UNNUMBERED)
            self._required[table] = frozenset(c[0] - first for c in columns[first:] if c[3])

    def _check_shape(self) -> None:
        """Check that only our tables are read: a view or trigger of others would run. Raises: UsageError."""
        if fault := fault_of_tables(self._db):
            raise self._foreign(fault)

    def damage(self) -> str:
        """Return what in the rows we would not have written; "" for nothing. Reads all of them."""
        try:
            return fault_of_values(self._db)
        except sqlite3.DatabaseError as error:
            return str(error)

    def close(self) -> None:
        """Write what is pending and close; the WAL is folded into the one file."""
        try:
            self.flush()
        finally:
            self._db.close()

    # ---- writing

    def put(self, table: str, row: tuple[Any, ...]) -> asyncio.Future[None]:
        """Return a future that is done once the row, which is queued, is committed.

        Raises: ValueError for a row that the database would refuse.
        """
        row = fit(table, row, self._required.get(table, ()))
        self._pending.setdefault(table, []).append(row)
        if self._batch is None:
            import asyncio

            loop = asyncio.get_running_loop()
            self._batch = loop.create_future()
            loop.call_later(BATCH_WAIT_S, self._flush_batch)
        return self._batch

    def _flush_batch(self) -> None:
        batch = self._batch
        try:
            self.flush()
        except Exception as error:  # noqa: BLE001 - whatever it is, nobody may wait for ever
            if batch is not None and not batch.done():
                batch.set_exception(error)

    def flush(self) -> None:
        """Commit all queued rows in one transaction."""
        batch, self._batch = self._batch, None
        pending, self._pending = self._pending, {}
        if pending:
            try:
                self._commit(pending)
            except BaseException:
                self._pending = pending  # a full disk may have room again; nothing is lost silently
                raise
        if batch is not None and not batch.done():
            batch.set_result(None)

    def _commit(self, rows: Mapping[str, Iterable[tuple[Any, ...]]]) -> None:
        """Write rows, each as it comes, in one transaction."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            for table in _ORDER:
                if table in rows:
                    self._db.executemany(INSERT[table], rows[table])
        except BaseException:
            if self._db.in_transaction:  # a full disk has ended it
                self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def add_inputs(
        self, prompts: Iterable[Prompt], translations: Iterable[Translation], at: Sequence[int] = ()
    ) -> None:
        """Write the prompts `at` their positions, and their translations; texts that are there stay."""
        self.flush()
        self._commit(
            {
                "prompts": (
                    (p.id, i, p.text, p.language, _json(p.categories), p.source, p.kind)
                    for i, p in (zip(at, prompts, strict=True) if at else enumerate(prompts))
                ),
                "translations": map(text_row, translations),
            }
        )

    def write(self, table: str, rows: Iterable[tuple[Any, ...]]) -> None:
        """Write rows in one transaction; where a row of that key is there, the new one stays."""
        self._pending.setdefault(table, []).extend(rows)
        self.flush()

    def clear(self, table: str) -> None:
        """Forget all rows of a table of labels, draws or traits."""
        self._db.execute(EMPTY[table])

    def numbers(self, table: str, n: int = 1) -> int:
        """Return the first of n further numbers in a row, for replies or responses to be written."""
        if table not in self._last:
            self._last[table] = self.count(f"SELECT ifnull(MAX(id), 0) FROM {table}")  # noqa: S608 - our own names
        first = self._last[table] + 1
        self._last[table] += n
        return first

    def step(self, stage: str, name: str, key: str = "", mode: str = "") -> int:
        """Return the number of a step; it takes the key that it has now, where one is given."""
        self._db.execute(
            "INSERT INTO steps(stage, name, key, mode) VALUES(?, ?, ?, ?) "
            "ON CONFLICT(stage, name) DO UPDATE SET key = excluded.key, mode = excluded.mode "
            "WHERE excluded.key <> '' AND key <> excluded.key",
            (stage, name, key, mode),
        )
        query = "SELECT id FROM steps WHERE stage = ? AND name = ?"
        return self.count(query, (stage, name))

    def put_reply(self, key: str | None, reply: Reply, number: int = 0) -> asyncio.Future[None]:
        """Return a future that is done once a model's raw reply is committed."""
        return self.put("replies", reply_row(number or self.numbers("replies"), key, reply))

    def put_answer(
        self, translation: int, step: int, sample: int, reply: Reply
    ) -> tuple[int, asyncio.Future[None]]:
        """Return the number of an answer, and a future that is done once it is committed."""
        kept = self.numbers("replies")
        self.put("replies", reply_row(kept, None, reply))
        number = self.numbers("responses")
        return number, self.put("responses", (number, translation, step, sample, kept, None))

    def put_verdict(self, response: int, step: int, v: Verdict, reply: int | None = None) -> None:
        """Queue a step's verdict on an answer; `reply` is the number of the first reply behind it."""
        self.put("verdicts", verdict_row(response, step, v, reply))

    def put_failure(
        self, failure: Failure, *, parent: str, by: str, sample: int, work: int | None = None
    ) -> None:
        """Queue a failure; `parent` is the key of what was worked on, `by` the model or judge."""
        f = failure
        row = (
            f.stage, f.key, parent, by, sample, f.kind, f.message, f.attempts, f.transient, f.text,
            f.thought, work,
        )  # fmt: skip
        self.put("failures", row)

    def recovered(self, stage: str, key: str) -> None:
        """Forget the failure of an earlier try."""
        self.put("recovered", (stage, key))

    # ---- reading by a query, for the modules of this folder

    def rows(
        self, query: str, parameters: Sequence[Any] | Mapping[str, Any] = ()
    ) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a query.

        By a loop: what is delegated to is closed once more when a reader gives up, and by then the
        file may be closed.
        """
        for row in self._db.execute(query, parameters):  # noqa: UP028
            yield row

    def columns(
        self, query: str, parameters: Sequence[Any] = ()
    ) -> Iterator[tuple[Sequence[Any], ...]]:
        """Yield the rows of a query turned into columns, many rows at a time."""
        rows = self._db.execute(query, parameters)
        while chunk := list(islice(rows, ROWS)):
            yield tuple(zip(*chunk, strict=True))

    def table(self, query: str) -> tuple[tuple[str, ...], Iterator[tuple[Any, ...]]]:
        """Return the names of a query's columns, and its rows."""
        cursor = self._db.execute(query)
        return tuple(column[0] for column in cursor.description), cursor

    def count(self, query: str, parameters: Sequence[Any] = ()) -> int:
        """Return the one number that a query gives."""
        return int(self._db.execute(query, parameters).fetchone()[0])

    def holds(self, query: str, parameters: Sequence[Any] = ()) -> bool:
        """Return whether the one value that a query gives is true."""
        return bool(self.count(query, parameters))

    # ---- reading

    def reply(self, key: str) -> Reply | None:
        """Return the reply under a key, None where there is none yet."""
        row = self._db.execute(f"{REPLIES} WHERE key = ?", (key,)).fetchone()
        return None if row is None else reply_of(row)

    def replies(self, first: int, n: int) -> list[Reply]:
        """Return n replies by their numbers, those that are there."""
        query = f"{REPLIES} WHERE id BETWEEN ? AND ? ORDER BY id"
        return [reply_of(row) for row in self._db.execute(query, (first, first + n - 1))]

    def keyed_replies(self) -> list[tuple[str, Reply]]:
        """Return the replies that stand under a key, for another store."""
        self.flush()
        keys = sorted(self.keys("replies"))
        return [(key, reply) for key in keys if (reply := self.reply(key)) is not None]

    def add_replies(self, replies: Iterable[tuple[str, Reply]]) -> None:
        """Write replies under their keys; those that are there already stay."""
        number = self.numbers("replies", len(rows := list(replies)))
        self.write("replies", (reply_row(number + i, *row) for i, row in enumerate(rows)))

    def keys(self, table: str) -> set[str]:
        """Return all keys of responses, translations or replies."""
        where = "keyed" if table == "responses" else table
        query = f"SELECT key FROM {where} WHERE key IS NOT NULL"  # noqa: S608 - our own names
        return {key for (key,) in self._db.execute(query)}

    def failed(self, *, final_only: bool) -> set[tuple[str, str]]:
        """Return (stage, key) of the failures; `final_only` leaves out those worth another try."""
        where = " WHERE transient = 0" if final_only else ""
        return set(self._db.execute(f"SELECT stage, key FROM failures{where}"))  # noqa: S608 - our own text

    def prompts(self) -> list[Prompt]:
        """Return the prompts in the order of the file."""
        query = "SELECT id, text, language, categories, source, kind FROM prompts ORDER BY position"
        return list(map(prompt_of, self._db.execute(query)))

    def verdicts(self) -> Iterator[Verdict]:
        """Yield all verdicts, those of one response in the order of the judges' names."""
        query = (
            "SELECT k.key, s.name, s.mode, v.unsafe, v.unsafe_loose, v.label, v.p_unsafe, v.codes, "
            "v.refusal, v.response_class, v.rationale, v.reason FROM verdicts v "
            "JOIN steps s ON s.id = v.step JOIN keyed k ON k.id = v.response ORDER BY s.name"
        )
        yield from map(verdict_of, self._db.execute(query))

    def drop_replies(self, keys: Iterable[str]) -> None:
        """Forget replies, so that they are asked for again."""
        self.flush()
        self._db.executemany("DELETE FROM replies WHERE key = ?", ((key,) for key in keys))

    def drop_verdicts(self, judge: str) -> None:
        """Forget a judge's verdicts and failures."""
        of_judge = "(SELECT id FROM steps WHERE stage = 'judge' AND name = ?)"
        self._db.execute(f"DELETE FROM verdicts WHERE step IN {of_judge}", (judge,))  # noqa: S608 - our own text
        self._db.execute("DELETE FROM failures WHERE stage = 'judge' AND by = ?", (judge,))
