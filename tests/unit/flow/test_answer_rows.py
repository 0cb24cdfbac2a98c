"""The answers of a report: which, in which order, and with what."""

from __future__ import annotations

from example.job import judged, prompt_set
from safeglot.flow.answer_rows import ShownAnswers
from safeglot.flow.page import page_of
from safeglot.flow.run import session
from safeglot.report import page as report_page


def rows_of(run_dir, most):
    with session.opened(run_dir) as store:
        shown = ShownAnswers(store, run_dir.read_manifest(), most)
        return len(shown), list(shown.rows())


def test_all_or_whole_prompts_come_in_the_order_of_the_file(tmp_path):
    run_dir, _ = judged(tmp_path / "run", prompts=prompt_set(n=5))
    planned, rows = rows_of(run_dir, 1000)
    assert (planned, len(rows)) == (10, 10)
    assert [(r.prompt_id, r.language) for r in rows] == [
        (f"p{i}", tag) for i in range(5) for tag in ("en", "de")
    ]
    assert {len(r.verdicts) for r in rows} == {1}
    planned, some = rows_of(run_dir, 5)
    assert (planned, len(some)) == (4, 4)
    assert [r for r in rows if r.prompt_id in {s.prompt_id for s in some}] == some
    assert rows_of(run_dir, 1) == (0, [])


def test_answers_that_are_too_many_for_a_page_go_beside_it(tmp_path, monkeypatch):
    run_dir, _ = judged(tmp_path / "run", prompts=prompt_set(n=5))
    run_dir.results.write_text('{"schema": 1, "signature": "", "estimates": []}')
    folder = run_dir.report_answers
    monkeypatch.setattr("safeglot.flow.page.MOST_WITHIN", 9)
    shown = page_of(run_dir, 1000, folder)
    assert (shown.answers, shown.beside.n, shown.beside.folder) == ((), 10, "report-answers")
    assert {path.name for path in folder.iterdir()} == {"0.js", "index.js"}
    assert len(page_of(run_dir, 1000).answers) == 10
    assert folder.exists()
    shown = page_of(run_dir, 9, folder)
    assert (len(shown.answers), shown.beside) == (8, None)
    assert not folder.exists()
    assert report_page.MOST_WITHIN == 2000
