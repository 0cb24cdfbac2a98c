"""The page of a translation set in a real browser: headless Chromium opens the file as a reader would."""

from __future__ import annotations

from dataclasses import replace

import pytest

from e2e.pages import CONTRAST, LOOKS, fits, opened
from example.sets import ROUNDTRIP, TRANSLATORS, make_set
from safeglot.flow.translation import ratings_summary
from safeglot.flow.translation.page import write_page
from safeglot.text.languages import all_tags
from safeglot.translate.choice.choice import Gate
from safeglot.translate.choice.ratings import Rating, RatingPlan, draw

PARTS = ("outcomes", "translators", "quality", "ratings", "settings")
MANY = ("ar", "es", "sw", "yo", "zh")


def rate(folder, texts=30):
    """Rate a draw by the first estimate of a text."""
    wanted = RatingPlan(texts=texts, gated=10, overlap=0.4)
    drawn, shown = draw(
        ratings_summary.chosen_texts(folder), wanted, of=folder.read_manifest().digest
    )
    told = [_rated(one, 1 + round(4 * shown[one.item].quality[ROUNDTRIP])) for one in drawn]
    ratings_summary.write_drawn(folder, told)


def _rated(one, grade):
    grades = [grade, max(grade - 1, 1)][: one.raters]
    return replace(one, ratings={str(i): Rating(adequacy=g) for i, g in enumerate(grades)})


@pytest.fixture(scope="module")
def sets(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sets")
    found = {
        "rated": make_set(folder / "rated", 80),
        "plain": make_set(folder / "plain", 6, ("ar",), gate=Gate(threshold=None), scales={}),
        "many": make_set(folder / "many", 4, all_tags()[:30]),
        "none": make_set(folder / "none", 9, ("sw", "zh"), gate=Gate(threshold=1.0)),
    }
    rate(found["rated"])
    for one in found.values():
        write_page(one)
    return found


def open_list(page):
    page.click("#answers-fold > summary")
    page.locator("#answer-list li").first.wait_for()


def open_first(page):
    page.locator("#answer-list summary").first.click()
    page.locator("#answer-list .body").first.wait_for()


@pytest.mark.parametrize(
    ("name", "look"),
    [*(("rated", look) for look in LOOKS), *((n, k) for n in ("plain", "none") for k in LOOKS[1:3])],
)  # fmt: skip
def test_it_fits_and_can_be_read(browser, sets, name, look):
    with opened(browser, sets[name].page, *look) as page:
        open_list(page)
        open_first(page)
        fits(page)
        lowest = page.evaluate(CONTRAST)
        assert len(lowest) > 40
        assert lowest[0][0] >= 4.5, lowest[:5]


@pytest.mark.parametrize("width", [1280, 400])
def test_thirty_languages_fit(browser, sets, width):
    with opened(browser, sets["many"].page, width) as page:
        assert page.locator("#outcomes svg[role=img]").count() == 30
        fits(page)


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_the_parts_as_pictures(browser, sets, shots, width, scheme):
    with opened(browser, sets["rated"].page, width, scheme) as page:
        page.locator("header.top").screenshot(path=shots / f"set-top-{width}-{scheme}.png")
        for part in PARTS:
            page.locator(f"#{part}").screenshot(path=shots / f"set-{part}-{width}-{scheme}.png")
        open_list(page)
        open_first(page)
        page.locator("#texts").screenshot(path=shots / f"set-texts-{width}-{scheme}.png")
    sizes = [path.stat().st_size for path in shots.glob(f"set-*-{width}-{scheme}.png")]
    assert len(sizes) == len(PARTS) + 2
    assert min(sizes) > 2000


def test_no_text_is_seen_before_two_clicks(browser, sets):
    with opened(browser, sets["rated"].page) as page:
        seen = lambda: page.locator("body").inner_text()  # noqa: E731  read again each time
        assert "[request" not in seen()
        open_list(page)
        assert "[request" not in seen()
        assert "I cannot help" not in seen()
        open_first(page)
        assert "[request 0] </script><b>&" in seen()
        assert page.locator("#answer-list .candidate").count() == 3


def test_the_filters(browser, sets):
    rows, candidates = (list(read()) for read in (sets["rated"].read_translations, sets["rated"].read_candidates))  # fmt: skip
    refused = {(c.prompt, c.language) for c in candidates if "refusal" in c.faults}
    broken = {(c.prompt, c.language) for c in candidates if c.broken}
    with opened(browser, sets["rated"].page) as page:
        open_list(page)
        counted = page.locator("#answer-count")
        assert counted.inner_text() == f"1 to 25 of {len(rows)} texts"
        for key, value, wanted in (
            ("language", "yo", sum(r["language"] == "yo" for r in rows)),
            ("outcome", "gated", sum(r["outcome"] == "gated" for r in rows)),
            ("outcome", "failed", sum(r["outcome"] == "failed" for r in rows)),
            ("check", "refusal", len(refused)),
            ("check", "no text", len(broken)),
            ("translator", TRANSLATORS[0], sum(r["translator"] == TRANSLATORS[0] for r in rows)),
            ("kind", "benign", sum(r["kind"] == "benign" for r in rows)),
        ):
            page.select_option(f"#filter-{key}", value)
            assert f" of {wanted} text" in counted.inner_text(), (key, value)
            assert wanted > 0
            page.select_option(f"#filter-{key}", "")
        page.fill("#filter-text", "[REQUEST 17]")
        assert counted.inner_text() == "1 to 5 of 5 texts"
        page.fill("#filter-text", "no such text")
        assert counted.inner_text() == "No text fits these filters."


def test_a_gated_and_a_failed_text_tell_why(browser, sets):
    with opened(browser, sets["rated"].page) as page:
        open_list(page)
        page.select_option("#filter-outcome", "gated")
        open_first(page)
        body = page.locator("#answer-list .body").first.inner_text()
        assert "best, but gated" in body
        assert "gated: quality: roundtrip-chrf 0." in body
        page.select_option("#filter-outcome", "failed")
        open_first(page)
        body = page.locator("#answer-list .body").first.inner_text()
        assert "Did not pass: " in body or "No text: " in body
        assert "chosen" not in body


def test_text_of_right_to_left_scripts_runs_right_to_left(browser, sets):
    with opened(browser, sets["rated"].page) as page:
        open_list(page)
        page.select_option("#filter-language", "ar")
        open_first(page)
        source, first = (page.locator("#answer-list .said").nth(i) for i in (0, 1))
        assert source.evaluate("(node) => getComputedStyle(node).direction") == "ltr"
        assert source.get_attribute("lang") == "en"
        assert first.evaluate("(node) => getComputedStyle(node).direction") == "rtl"
        assert first.get_attribute("lang") == "ar"


def test_plots_have_words_for_those_who_do_not_see_them(browser, sets):
    with opened(browser, sets["rated"].page) as page:
        said = [one.get_attribute("aria-label") for one in page.locator("#quality svg[role=img]").all()]  # fmt: skip
        assert len(said) == 3 * len(MANY) - 1  # one estimator does not cover Yoruba
        assert any("Yoruba: " in one and "threshold 0.4" in one for one in said)
        assert page.locator("#outcomes svg[role=img]").count() == len(MANY)


def test_it_prints_and_works_without_scripts(browser, sets, shots):
    with opened(browser, sets["rated"].page, java_script_enabled=False) as page:
        assert page.locator("#ratings table").first.is_visible()
        assert "[request" not in page.locator("body").inner_text()
    with opened(browser, sets["rated"].page) as page:
        page.click("button.copy")
        page.pdf(path=shots / "set.pdf", format="A4", print_background=True)
    assert (shots / "set.pdf").read_bytes().startswith(b"%PDF")
