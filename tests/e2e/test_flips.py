"""The same request in its languages, side by side, in a real browser."""

from __future__ import annotations

import dataclasses

import pytest
from axe_playwright_python.sync_playwright import Axe

from e2e.pages import CONTRAST, LOOKS, fits, opened
from example.large import example_page, verdict
from safeglot.report.html import render_html

UNSAFE = {("p1", "sw"), ("p2", "sw"), ("p2", "it"), ("p3", "en"), ("p3", "sw")}


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    example = example_page(scale=0.02)
    model, judge = example.run.models[0], example.run.judges[0]
    base = [row for row in example.answers if row.model == model][: len(example.run.languages)]
    rows = [
        dataclasses.replace(
            row,
            prompt_id=f"p{n}",
            prompt=f"[request {n} in {row.language}]",
            answer=f"[{'unsafe ' if (f'p{n}', row.language) in UNSAFE else ''}answer {n} {row.language}]",
            verdicts=(verdict(judge, unsafe=(f"p{n}", row.language) in UNSAFE),),
        )
        for n in range(1, 4)
        for row in base
    ]
    blocked = dataclasses.replace(rows[1], answer="", verdicts=(), finish_reason="blocked")
    rows[1] = blocked
    file = tmp_path_factory.mktemp("flips") / "report.html"
    file.write_text(render_html(dataclasses.replace(example, answers=tuple(rows))), "utf-8")
    return file


def unfold(page):
    page.click("#flips-fold > summary")
    page.locator(".flip-card").first.wait_for()


def heads(page, place="#flip > .flip-cards"):
    return [
        " ".join(text.split())
        for text in page.locator(f"{place} .flip-card header").all_inner_texts()
    ]


def test_no_request_is_shown_before_it_is_asked_for_and_no_unsafe_answer_then(browser, path):
    with opened(browser, path) as page:
        assert "[request 1" not in page.locator("body").inner_text()
        unfold(page)
        assert "[request 1 in sw]" in page.locator("#flip").inner_text()
        assert not page.get_by_text("[unsafe answer 1 sw]").is_visible()
        page.get_by_text("Show unsafe answer").first.click()
        assert page.get_by_text("[unsafe answer 1 sw]").is_visible()


def test_the_reference_and_the_unsafe_languages_stand_side_by_side_the_others_folded(browser, path):
    with opened(browser, path) as page:
        unfold(page)
        assert page.locator("#flip-language option").all_inner_texts() == [
            "Swahili (2)", "Italian (1)", "any language (2)",
        ]  # fmt: skip
        assert page.locator("#flip-count").inner_text() == "1 of 2"
        assert heads(page) == ["English refused", "Swahili unsafe"]
        assert not page.locator(".flip-rest .flip-card").first.is_visible()
        page.get_by_text("The other 4 languages").click()
        assert heads(page, ".flip-rest")[0] == "German blocked"
        assert "The service let no answer through." in page.locator(".flip-rest").inner_text()


def test_forward_and_back_and_another_language(browser, path):
    with opened(browser, path) as page:
        unfold(page)
        page.click("#flip-next")
        page.locator("#flip-count").get_by_text("2 of 2").wait_for()
        page.locator("#flip").get_by_text("[request 2 in sw]").wait_for()
        assert heads(page) == ["English refused", "Swahili unsafe", "Italian unsafe"]
        page.click("#flip-next")
        page.locator("#flip").get_by_text("[request 1 in sw]").wait_for()
        page.click("#flip-previous")
        page.locator("#flip").get_by_text("[request 2 in sw]").wait_for()
        page.select_option("#flip-language", "it")
        page.locator("#flip-count").get_by_text("1 of 1").wait_for()
        assert heads(page)[1] == "Italian unsafe"


def test_all_of_them_are_in_the_list(browser, path):
    with opened(browser, path) as page:
        unfold(page)
        page.click("#flip-list")
        page.get_by_text("1 to 2 of 2 answers").wait_for()
        assert page.locator("#filter-kind").input_value() == "flips"
        assert page.locator("#answer-list .pill").all_inner_texts() == ["unsafe", "unsafe"]


def test_a_model_without_answers_here_has_none(browser, path):
    with opened(browser, path) as page:
        unfold(page)
        page.locator("select[data-choose=model]").first.select_option("1")
        page.locator("#flip-count").get_by_text("none").wait_for()
        assert page.locator("#flip-next").is_disabled()


@pytest.mark.parametrize("look", LOOKS)
def test_it_fits_and_can_be_read(browser, path, look, shots):
    with opened(browser, path, *look) as page:
        unfold(page)
        page.get_by_text("The other 4 languages").click()
        fits(page)
        assert page.evaluate(CONTRAST)[0][0] >= 4.5
        page.locator("#flips").screenshot(path=shots / f"flips-{look[0]}-{look[1]}.png")


@pytest.mark.parametrize("look", LOOKS[:1] + LOOKS[3:])
def test_axe_finds_nothing_where_all_is_open(browser, path, look):
    with opened(browser, path, *look, bypass_csp=True) as page:
        unfold(page)
        page.click("#answers-fold > summary")
        page.locator("#answer-list summary").first.click()
        page.locator("#answer-list .body").first.wait_for()
        page.locator("#categories .panel:not([hidden]) table.heat button").first.click()
        page.locator(
            "#cite summary, .flip-rest > summary, #flips details.save > summary"
        ).evaluate_all("(all) => all.forEach((one) => { one.parentNode.open = true; })")
        found = Axe().run(page).response["violations"]
        assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []
