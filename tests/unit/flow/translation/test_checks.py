import contextlib

import pytest

from safeglot.backends.engine import workers
from safeglot.flow.translation import checks
from safeglot.types import Candidate, Source

ITALIAN = "Come posso riparare la vecchia recinzione di legno dietro casa mia, per favore?"
TEXTS = (
    ITALIAN,
    "",
    ITALIAN + "\u200b",
    "Mi dispiace molto, ma non posso tradurre un contenuto del genere.",
    ITALIAN[:20] * 6,
)


def candidates(n):
    """Two translators' texts for each source, some of them broken."""
    found = []
    for i in range(n):
        source = Source(
            prompt=f"p{i}",
            text=f"How can I repair fence {i} behind my house, please? It is made of old wood.",
            language="en",
            target="it",
        )
        found += [
            Candidate(source=source, translator=f"mt-{k}", text=TEXTS[(i + k) % len(TEXTS)])
            for k in range(2)
        ]
    return found


@pytest.fixture
def few_are_many(monkeypatch):
    monkeypatch.setattr(checks, "MANY", 10)
    monkeypatch.setattr(checks, "SHARE", 7)  # parts that cut between the candidates of a source


def test_several_processes_find_what_one_finds(monkeypatch, few_are_many, pools):
    given = candidates(20)
    with monkeypatch.context() as patch:
        patch.setattr(workers, "cores", lambda: 1)
        alone = checks.hard_checks(given)
    names = {name for found in alone for name in found}
    assert {"empty", "control-characters", "degenerate"} <= names
    assert {} in alone
    assert checks.hard_checks(given) == alone
    assert len(pools) == 1


def test_where_no_process_starts_this_one_checks(monkeypatch, few_are_many):
    @contextlib.contextmanager
    def none_start():
        raise OSError("no more processes")
        yield

    given = candidates(20)
    monkeypatch.setattr(workers, "cores", lambda: 1)
    alone = checks.hard_checks(given)
    monkeypatch.setattr(workers, "cores", lambda: 2)
    monkeypatch.setattr(workers, "pool", none_start)
    assert checks.hard_checks(given) == alone
