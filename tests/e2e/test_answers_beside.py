"""A report whose answers lie in a folder beside it, in a real browser."""

from __future__ import annotations

import dataclasses
import shutil

import pytest

from e2e.pages import CONTRAST, LOOKS, fits, opened
from example.large import example_page
from safeglot.backends.files.page_folder import write_folder
from safeglot.report.answer_files import PART, AnswerFiles, kind_of
from safeglot.report.html import render_html

TRAP = "</script><script>document.title='ran'</script><img src=x onerror=\"document.title='ran'\">"


@pytest.fixture(scope="module")
def example():
    return example_page(scale=0.02)


@pytest.fixture(scope="module")
def rows(example):
    few = example.answers
    first = [row for row in few if row.model == few[0].model]
    many = [
        dataclasses.replace(first[i % len(first)], prompt_id=f"{i // 6}")
        for i in range(2 * PART + 7)
    ]
    many[-1] = dataclasses.replace(many[-1], answer=f"the needle {TRAP}", language="sw")
    return many


@pytest.fixture
def path(tmp_path, example, rows):
    files = AnswerFiles(example.run)
    write_folder(tmp_path / "report-answers", files.texts(rows))
    page = dataclasses.replace(
        example, answers=(), beside=files.beside("report-answers"), n_answers_total=len(rows)
    )
    (tmp_path / "report.html").write_text(render_html(page), encoding="utf-8")
    return tmp_path / "report.html"


def unfold(page):
    page.click("#answers-fold > summary")


def counted(page, n, *, first=1):
    """Wait until the list says that it shows some of n answers."""
    last = min(n, first + 24)
    text = f"{first} to {last} of {n:,} answer{'' if n == 1 else 's'}"
    page.locator("#answer-count").get_by_text(text, exact=True).wait_for()


def kind(row):
    return kind_of(row, row.verdicts[0].judge)


def names(loaded):
    return [url.rpartition("/")[2] for url in loaded]


@pytest.mark.parametrize("look", LOOKS)
def test_it_fits_and_can_be_read(browser, path, rows, look, shots):
    with opened(browser, path, *look, beside="report-answers") as page:
        unfold(page)
        counted(page, len(rows))
        page.locator("#answer-list summary").first.click()
        page.locator("#answer-list .body").first.wait_for()
        fits(page)
        assert page.evaluate(CONTRAST)[0][0] >= 4.5
        page.locator("#answers").screenshot(path=shots / f"beside-{look[0]}-{look[1]}.png")


def test_parts_are_read_when_they_are_looked_at_and_shown_after_two_clicks(browser, path, rows):
    loaded = []
    with opened(browser, path, beside="report-answers") as page:
        page.on("request", lambda request: loaded.append(request.url))
        assert rows[0].prompt not in page.content()
        unfold(page)
        counted(page, len(rows))
        assert names(loaded) == ["index.js", "0.js"]
        assert not page.get_by_text("[request 1 of").count()
        assert page.locator("#answer-list .pill").first.inner_text() == "unsafe"
        page.locator("#answer-list summary").first.click()
        page.locator("#answer-list .body").get_by_text("[request 1 of").wait_for()
        page.select_option("#filter-kind", "refused")
        last = sum(kind(row) == "refused" for row in rows[:PART]) // 25
        for _ in range(last + 1):
            page.click("#next")
        page.locator("#answer-count").get_by_text(f"{25 * (last + 1) + 1} to").wait_for()
        assert names(loaded)[:3] == ["index.js", "0.js", "1.js"]


def test_filters_and_the_search_work_over_all(browser, path, rows):
    with opened(browser, path, beside="report-answers") as page:
        unfold(page)
        page.select_option("#filter-language", "sw")
        wanted = [row for row in rows if row.language == "sw"]
        counted(page, len(wanted))
        page.select_option("#filter-kind", "unsafe")
        wanted = [row for row in wanted if kind(row) == "unsafe"]
        counted(page, len(wanted))
        page.select_option("#filter-kind", "")
        page.fill("#filter-text", "THE NEEDLE")
        counted(page, 1)
        page.locator("#answer-list summary").first.click()
        page.get_by_text(TRAP).wait_for()
        assert page.title() != "ran"


def test_without_its_folder_it_says_so(browser, path):
    shutil.rmtree(path.with_name("report-answers"))
    with opened(browser, path, beside="report-answers") as page:
        fits(page)
        unfold(page)
        said = page.locator("#answer-count").get_by_text("The answers are not here")
        said.wait_for()
        assert "report-answers, which has to lie beside this file" in said.inner_text()


def test_a_folder_of_another_report_or_a_damaged_one_is_told(browser, path, example, rows):
    folder = path.with_name("report-answers")
    (folder / "0.js").write_text("")
    with opened(browser, path, beside="report-answers") as page:
        unfold(page)
        page.get_by_text("report-answers/0.js is damaged").wait_for()
    write_folder(folder, AnswerFiles(example.run).texts(rows[:9]))
    with opened(browser, path, beside="report-answers") as page:
        unfold(page)
        page.get_by_text("beside this file belongs to another report").wait_for()


def test_markup_that_stands_in_the_page_runs_no_script(browser, path):
    text = path.read_text("utf-8")
    assert "<main>" in text
    path.write_text(text.replace("<main>", f"<main>{TRAP}"), encoding="utf-8")
    said = []
    with opened(browser, path, beside="report-answers", complaints=said) as page:
        assert page.title() != "ran"
    assert any("Content Security Policy" in text for text in said)


def test_flips_are_read_from_the_folder_when_they_are_asked_for(browser, path, rows):
    loaded = []
    with opened(browser, path, beside="report-answers") as page:
        page.on("request", lambda request: loaded.append(request.url))
        page.click("#flips-fold > summary")
        page.locator(".flip-card").first.wait_for()
        assert names(loaded) == ["index.js", "0.js"]
        shutil.rmtree(path.with_name("report-answers"))
        found = int(page.locator("#flip-language option").last.inner_text().split("(")[1][:-1])
        assert found > 20
        page.click("#flip-previous")
        page.get_by_text("The answers are not here").wait_for()
