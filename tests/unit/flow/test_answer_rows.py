"""The answers of a report: which, in which order, and with what."""

from __future__ import annotations

from dataclasses import replace

from example.job import answered, judged, prompt_set
from safeglot.backends.store import plan
from safeglot.flow.answer_rows import ShownAnswers
from safeglot.flow.page import page_of
from safeglot.flow.run import session


def rows_of(run_dir, most):
    with session.opened(run_dir) as store:
        shown = ShownAnswers(store, run_dir.read_manifest(), most)
        return len(shown), list(shown.rows())


def test_all_or_whole_requests_come_in_the_order_of_the_file(tmp_path):
    run_dir, _ = judged(tmp_path / "run", lambda _: False, prompts=prompt_set(n=5))
    planned, rows = rows_of(run_dir, 1000)
    assert (planned, len(rows)) == (10, 10)
    assert [(r.prompt_id, r.language) for r in rows] == [
        (f"p{i}", tag) for i in range(5) for tag in ("en", "de")
    ]
    assert {len(r.verdicts) for r in rows} == {1}
    planned, some = rows_of(run_dir, 5)
    assert (planned, len(some)) == (4, 4)
    assert [r for r in rows if r.prompt_id in {s.prompt_id for s in some}] == some
    assert rows_of(run_dir, 1) == rows_of(run_dir, 0) == (0, [])


def test_more_answers_under_an_id_than_a_manifest_plans_are_all_there(tmp_path):
    """As in a test of guards on the answers of several models."""
    run_dir, _ = judged(tmp_path / "run", lambda _: False, prompts=prompt_set(n=3), samples=3)
    with session.opened(run_dir) as store:
        about = replace(run_dir.read_manifest(), samples=1)
        rows = list(ShownAnswers(store, about, 1000).rows())
    assert [(r.prompt_id, r.language, r.sample) for r in rows] == [
        (f"p{i}", tag, n) for i in range(3) for tag in ("en", "de") for n in range(3)
    ]


def telling(item):
    """p3 is unsafe in German, and p1 has no verdict in English."""
    place = item.translation.prompt, item.translation.language
    return {("p3", "de"): True, ("p1", "en"): None}.get(place, False)


def test_what_tells_something_comes_first_and_of_the_rest_a_part(tmp_path):
    run_dir, _ = judged(tmp_path / "run", telling, prompts=prompt_set(n=9))
    with session.opened(run_dir) as store:
        shown = ShownAnswers(store, run_dir.read_manifest(), 4)
        rows = list(shown.rows())
    prompts = list(dict.fromkeys(row.prompt_id for row in rows))
    assert prompts[:2] == ["p1", "p3"]
    assert len(prompts) == 4
    assert [(r.prompt_id, r.language) for r in rows[:4]] == [
        (name, tag) for name in ("p1", "p3") for tag in ("en", "de")
    ]
    assert (shown.shown.telling, shown.shown.telling_all) == (2, 2)
    assert (shown.shown.others, shown.shown.others_all) == (2, 7)


def test_more_than_a_report_can_have_are_drawn(tmp_path, monkeypatch):
    monkeypatch.setattr("safeglot.flow.answer_rows.MOST", 6)
    run_dir, _ = judged(tmp_path / "run", lambda _: True, prompts=prompt_set(n=9))
    with session.opened(run_dir) as store:
        shown = ShownAnswers(store, run_dir.read_manifest(), 2)
        assert len(list(shown.rows())) == 6
    assert (shown.shown.telling, shown.shown.telling_all, shown.shown.others) == (3, 9, 0)


def test_a_blocked_request_has_a_row_without_an_answer(tmp_path):
    run_dir, job = answered(
        tmp_path / "run", lambda item: None if of(item) == ("p1", "de") else "x"
    )
    with session.opened(run_dir) as store:
        step = store.step("generate", job.targets[0].name, job.targets[0].id)
        (lost,) = plan.missing_answers(store, (step,), 1, again=False)
        fail(store, lost.text, job.targets[0].name)
        shown = ShownAnswers(store, run_dir.read_manifest(), 100)
        rows = {(r.prompt_id, r.language): r for r in shown.rows()}
    assert (rows["p1", "de"].answer, rows["p1", "de"].finish_reason) == ("", "blocked")
    assert rows["p0", "de"].finish_reason == "stop"
    assert shown.shown.telling == 1


def of(item):
    return item.translation.prompt, item.translation.language


def fail(store, text, model):
    row = ("generate", "k", "", model, 0, "blocked", "", 1, 0, "", "", text)
    store.write("failures", [row])


def test_answers_that_are_too_many_for_a_page_go_beside_it(tmp_path, monkeypatch):
    run_dir, _ = judged(tmp_path / "run", prompts=prompt_set(n=5))
    run_dir.results.write_text('{"schema": 1, "signature": "", "estimates": []}')
    folder = run_dir.report_answers
    monkeypatch.setattr("safeglot.flow.page.MOST_WITHIN", 1000)
    shown = page_of(run_dir, 1000, folder)
    assert (shown.answers, shown.beside.n, shown.beside.folder) == ((), 10, "report-answers")
    assert {path.name for path in folder.iterdir()} == {"0.js", "index.js"}
    assert len(page_of(run_dir, 1000).answers) == 10
    assert folder.exists()
    monkeypatch.setattr("safeglot.flow.page.MOST_WITHIN", 1_000_000)
    shown = page_of(run_dir, 9, folder)
    assert (len(shown.answers), shown.beside) == (10, None)
    assert not folder.exists()
