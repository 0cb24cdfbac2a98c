"""Plans by cell: when they look, and what an entry tells."""

from itertools import islice, pairwise

from safeglot.score.plans.cells import even_steps
from safeglot.score.plans.certify import Certify
from safeglot.score.plans.stopping import follow
from unit.score.plans.pools import answered, pool_of


def test_looks_come_every_twenty_prompts_and_later_every_sixteenth_more():
    steps = list(islice(even_steps(), 60))
    assert steps[:5] == [20, 40, 60, 80, 100]
    for before, after in pairwise(steps):
        assert after - before == max(20, before // 16)


def test_an_entry_counts_the_prompts_of_its_cell_and_a_stopped_cell_has_no_more():
    pool = pool_of((10, 50, 800), languages=("en", "de"))
    ledger = follow(Certify(), pool, answered(pool, 0.2))
    for entry in ledger.entries:
        size = (10, 50, 800)[pool.categories.index(entry.category)]
        assert entry.pool == size
        assert entry.drawn == min(20 * entry.look, size)
        assert (entry.n, entry.missing) == (entry.drawn, 0)
    cells = [(e.language, e.category) for e in ledger.entries if e.state != "goes-on"]
    assert len(cells) == len(set(cells)) == 6
    assert max(e.look for e in ledger.entries) < 40
