"""Each request that ended is there once, with its verdicts or its failure."""

from __future__ import annotations

from collections import Counter

from example.recorded import recorded
from safeglot.backends.files.rundir import RunDir
from safeglot.backends.store.reading.requests import ended_requests
from safeglot.flow.run.session import opened

MODEL = "vllm/family-a-8b-instruct"


def test_exchanges_are_those_of_the_database(tmp_path):
    run_dir = RunDir(recorded(tmp_path, "recorded"))
    judges = tuple(run_dir.read_manifest().judges)
    with opened(run_dir) as store:
        rows = list(ended_requests(store, MODEL, judges[:1]))
        query = "SELECT COUNT(*) FROM answers WHERE model = ? AND arm = 'main'"
        answered = store.count(query, (MODEL,))
    assert sum(not row.failure for row in rows) == answered
    assert len({(row.prompt, row.language, row.sample) for row in rows}) == len(rows)
    assert {name for row in rows for name in row.verdicts} == set(judges[:1])
    said = Counter(v.unsafe for row in rows for v in row.verdicts.values())
    assert set(said) == {True, False, None}
    assert all(v.reason for row in rows for v in row.verdicts.values() if v.unsafe is None)
