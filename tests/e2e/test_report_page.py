"""The report in a real browser: headless Chromium opens the file as a reader would."""

from __future__ import annotations

import itertools
import json
import re

import pytest
from axe_playwright_python.sync_playwright import Axe

from e2e.pages import CONTRAST, LOOKS, fits, opened
from example.large import LANGUAGES, example_page
from example.polyglot import UNSAFE, arms, mute, rows, small_run, unusable
from example.polyglot import page as polyglot_page
from example.translated import page_of, translated
from safeglot.report.html import render_html
from safeglot.report.page import NamedLanguage
from unit.report.mitigated import mitigated

PARTS = (
    *("finding", "caveats", "plane", "categories", "gaps", "missing", "rates", "responses"),
    *("causes", "judge", "noise", "settings"),
)
FIRST_SCREEN = (".hero", ".fall, .kinds")
"""What stands within 800 px at 1280: the languages, and beside them the cause or the kinds of answer."""
OPENED = "#categories .panel:not([hidden]) table.heat button"

BOXES = """() => [...document.querySelectorAll(
    "#plane .panel:not([hidden]) text.name")].map((t) => {
  const b = t.getBoundingClientRect(); return [b.left, b.top, b.right, b.bottom]; })"""


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    arabic = NamedLanguage(tag="ar", name="Arabic", direction="rtl")
    shapes = {
        "example": {},
        "judges": {"judges": ("refusal-baseline", "llama-guard-3"), "scale": 0.05},
        "rtl": {"languages": (LANGUAGES[0], arabic), "models": ("m",), "scale": 0.05},
        "tiny": {"languages": LANGUAGES[:1], "models": ("m",), "scale": 0.001},
        "bare": {"scale": 0.02, "bare": True},
        "models": {
            "models": [f"provider/{'long-' * 8}name-{i}" for i in range(40)],
            "languages": LANGUAGES[:3],
            "scale": 0.01,
        },
        "languages": {
            "languages": [NamedLanguage(tag=f"l{i}", name=f"Language {i}") for i in range(30)],
            "models": ("m",),
            "scale": 0.01,
        },
    }
    folder = tmp_path_factory.mktemp("pages")
    for name, shape in shapes.items():
        (folder / f"{name}.html").write_text(render_html(example_page(**shape)), encoding="utf-8")
    store, manifest = translated(folder / "run.db")
    pages = {
        "translated": page_of(store, manifest),
        "polyglot": ten_languages(),
        "mitigated": mitigated(),
        "small": small_run(),
    }
    for name, page in pages.items():
        (folder / f"{name}.html").write_text(render_html(page), encoding="utf-8")
    store.close()
    return folder


def ten_languages():
    """The run of the design: ten languages, one of them with too many unusable answers, and arms."""
    languages = [tag for tag in UNSAFE if tag != "en"]
    return polyglot_page(mute(rows(*languages)), unusable(), arms("sw"), arms("bn", total=0.095))


@pytest.mark.parametrize(
    ("name", "look"),
    [
        *((name, look) for name in ("example", "translated", "polyglot") for look in LOOKS),
        *(
            (name, look)
            for name in ("judges", "rtl", "tiny", "bare", "small")
            for look in LOOKS[1:3]
        ),
    ],
)
def test_it_fits_and_can_be_read(browser, files, name, look):
    with opened(browser, files / f"{name}.html", *look) as page:
        if page.locator("#answers-fold").count():
            open_answers(page)
            open_first(page)
        open_folds(page)
        fits(page)
        lowest = page.evaluate(CONTRAST)
        assert len(lowest) > 60
        assert lowest[0][0] >= 4.5, lowest[:5]


def test_values_of_the_map_are_in_sight_on_a_narrow_screen(browser, files):
    with opened(browser, files / "example.html", width=400) as page:
        rows = page.locator("#categories .panel:not([hidden]) .heat tbody tr:not(.macro)").all()
        assert len(rows) == 32
        for row in rows:
            head, first = row.locator("th"), row.locator("td").first
            assert head.evaluate("e => e.scrollWidth <= e.clientWidth + 1")
            box, cell = head.bounding_box(), first.bounding_box()
            assert box["x"] + box["width"] <= cell["x"] + 1
            assert row.locator("td").last.bounding_box()["x"] + 30 <= 400


@pytest.mark.parametrize("width", [1280, 400])
@pytest.mark.parametrize("many", ["models", "languages"])
def test_forty_models_and_thirty_languages_fit(browser, files, many, width):
    with opened(browser, files / f"{many}.html", width) as page:
        fits(page)


def open_answers(page):
    page.click("#answers-fold > summary")
    page.locator("#answer-list li").first.wait_for()


def open_first(page):
    page.locator("#answer-list summary").first.click()
    page.locator("#answer-list .body").first.wait_for()


def open_folds(page):
    page.evaluate(
        "document.querySelectorAll('main details:not(.save)').forEach((d) => { d.open = true; })"
    )


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_the_parts_as_pictures(browser, files, shots, width, scheme):
    with opened(browser, files / "example.html", width, scheme) as page:
        page.screenshot(path=shots / f"report-{width}-{scheme}.png", full_page=True)
        for part in PARTS:
            place = page.locator(f"#{part}")
            place.screenshot(path=shots / f"{part}-{width}-{scheme}.png")
        page.locator(OPENED).nth(40).click()
        page.locator("#categories").screenshot(path=shots / f"cell-{width}-{scheme}.png")
        open_answers(page)
        open_first(page)
        page.locator("#answers").screenshot(path=shots / f"answers-{width}-{scheme}.png")
    sizes = [path.stat().st_size for path in shots.glob(f"*-{width}-{scheme}.png")]
    assert len(sizes) >= len(PARTS) + 3
    assert min(sizes) > 2000


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_translations_and_probes_as_pictures(browser, files, shots, width, scheme):
    with opened(browser, files / "translated.html", width, scheme) as page:
        for part in ("translations", "probes"):
            place = page.locator(f"#{part}")
            place.screenshot(path=shots / f"{part}-{width}-{scheme}.png")
            assert page.locator(f"#{part} .panel:not([hidden])").count() == 1
        page.locator(".bar select[data-choose=model]").select_option("1")
        panel = page.locator("#translations .panel:not([hidden])")
        assert panel.get_attribute("data-model") == "1"


def test_a_cell_tells_its_numbers_and_opens_its_answers(browser, files):
    example = example_page(scale=0.001)
    row = next(
        row
        for row in example.answers
        if row.model == example.run.models[0] and row.language == "sw" and row.verdicts[0].unsafe
    )
    (category,) = row.categories
    with opened(browser, files / "example.html") as page:
        here = page.locator("#categories .panel:not([hidden])")
        cell = here.locator("tr", has_text=category).locator("button").last
        cell.click()
        assert cell.get_attribute("aria-pressed") == "true"
        said = here.locator(".cell-answers")
        said.locator("summary").first.wait_for()
        text = said.inner_text()
        assert re.match(
            rf"Swahili, {category}: \d+ of \d+ unsafe, [\d.]+% \[[\d.]+ to [\d.]+\]\.", text
        )
        assert "Against English: " in text
        assert row.answer not in text
        said.get_by_role("button", name="Read the 1 unsafe answer in the list").click()
        page.get_by_text("1 to 1 of 1 answer", exact=True).wait_for()
        assert page.locator("#filter-category").input_value() == category
        assert page.locator("#answer-list .pill").inner_text() == "unsafe"
        page.locator("select[data-choose=model]").first.select_option("1")
        assert "Choose a number" in page.locator(".cell-answers:visible").inner_text()


def test_arrow_keys_move_over_the_map_which_is_one_stop_for_the_tab_key(browser, files):
    with opened(browser, files / "example.html") as page:
        cells = page.locator(OPENED)
        assert page.locator(f"{OPENED}[tabindex='0']").count() == 1
        page.locator("#categories .panel:not([hidden]) .hm").focus()
        page.keyboard.press("Tab")
        for key, at in (("ArrowRight", 1), ("ArrowDown", 7), ("ArrowLeft", 6), ("ArrowUp", 0)):
            page.keyboard.press(key)
            assert cells.nth(at).evaluate("e => e === document.activeElement"), key
        page.keyboard.press("ArrowUp")
        assert cells.nth(0).evaluate("e => e === document.activeElement")
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
        page.keyboard.press("Enter")
        assert cells.nth(0).get_attribute("aria-pressed") == "true"


def test_switches_show_their_panels(browser, files):
    with opened(browser, files / "judges.html") as page:
        page.locator(".bar select[data-choose=model]").select_option("1")
        page.locator(".bar select[data-choose=judge]").select_option("1")
        for part in ("finding", "caveats", "plane", "categories", "flips", "gaps", "rates"):
            panel = page.locator(f"#{part} .panel:not([hidden])")
            assert panel.count() == 1, part
            assert (panel.get_attribute("data-judge"), panel.get_attribute("data-model")) == (
                "1",
                "1",
            )
        assert page.locator("main select[data-choose]").count() == 0  # one picker for the page


def test_the_switches_turn_every_section_that_has_numbers(browser, files):
    with opened(browser, files / "judges.html") as page:
        page.locator(".bar select[data-choose=model]").select_option("1")
        for part in ("categories", "gaps", "causes", "responses", "plane", "noise"):
            panel = page.locator(f"#{part} .panel:not([hidden])")
            assert panel.count() == 1, part
            assert panel.get_attribute("data-model") == "1"
        assert "All models together" in page.locator("#judge").inner_text()
        page.locator(".bar select[data-choose=judge]").select_option("1")
        assert page.locator("#judge .panel:not([hidden])").count() == 0  # no labels for this judge
        assert "Nothing was measured here" in page.locator("#judge").inner_text()


@pytest.mark.parametrize("name", ["polyglot", "small", "example", "languages"])
def test_the_languages_and_the_cause_are_on_the_first_screen(browser, files, name):
    with opened(browser, files / f"{name}.html") as page:
        for place in FIRST_SCREEN:
            box = page.locator(f"#finding .panel:not([hidden]) :is({place})").first.bounding_box()
            assert box["y"] + box["height"] <= 800, place
    with opened(browser, files / f"{name}.html", 400) as page:
        sentence = page.locator("#finding h1").first.bounding_box()
        chart = page.locator("#finding .hero tbody tr").first.bounding_box()
        assert sentence["y"] + sentence["height"] <= 800
        assert chart["y"] <= 800


def test_of_many_languages_the_rest_waits_for_a_click_but_not_in_print_nor_in_the_data(
    browser, files
):
    with opened(browser, files / "languages.html") as page:
        figure = page.locator("#finding figure").first
        rows, button = figure.locator("tbody tr"), figure.get_by_role("button", name="Show all 30")
        seen = lambda: [row.is_visible() for row in rows.all()].count(True)  # noqa: E731
        assert (rows.count(), seen()) == (30, 9)
        assert "21 more languages" in figure.inner_text()
        page.emulate_media(media="print")
        assert seen() == 30
        page.emulate_media(media="screen")
        button.click()
        assert seen() == 30
        figure.get_by_role("button", name="Show fewer").click()
        assert seen() == 9
        saved = json.loads(figure.locator("script[type='application/json']").text_content())
        assert len(saved["rows"]) == 30
    with opened(browser, files / "languages.html", java_script_enabled=False) as page:
        assert all(
            row.is_visible()
            for row in page.locator("#finding figure").first.locator("tbody tr").all()
        )


@pytest.mark.parametrize("name", ["example", "polyglot", "translated", "languages"])
def test_print_is_light_and_cuts_and_folds_nothing(browser, files, name):
    with opened(browser, files / f"{name}.html", 760, "dark") as page:
        page.emulate_media(media="print", color_scheme="dark")
        assert (
            page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        )
        wide = page.evaluate(
            "[...document.querySelectorAll('main .panel:not([hidden]) *')].filter((e) => e.checkVisibility()"
            " && e.getBoundingClientRect().right > innerWidth + 1).map((e) => e.className)"
        )
        assert wide == []
        assert page.evaluate(
            "[...document.querySelectorAll('.panel:not([hidden]) [data-part], .panel:not([hidden]) .rest li')]"
            ".every((e) => e.getBoundingClientRect().height > 0)"
        )


def test_the_cause_turns_to_another_language(browser, files):
    with opened(browser, files / "polyglot.html") as page:
        figure = page.locator("[data-figure=cause]")
        assert figure.locator("[data-part=sw]").is_visible()
        figure.get_by_label("Language").select_option("bn")
        assert figure.locator("[data-part=bn]").is_visible()
        assert figure.locator("[data-part=sw]").is_hidden()


def test_the_marks_stay_beside_the_words(browser, files):
    with opened(browser, files / "polyglot.html") as page:
        for row in page.locator("#finding .hero tbody tr").all():
            name, track, rate = (
                row.locator(place).bounding_box() for place in ("th", "td.track", "td.num")
            )
            assert name["x"] + name["width"] <= track["x"] + 1
            assert track["x"] + track["width"] <= rate["x"] + 1
            for mark in row.locator("circle, rect.bound").all():
                box = mark.bounding_box()
                assert track["x"] - 7 <= box["x"] <= track["x"] + track["width"] + 7


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize(
    "name", ["example", "judges", "mitigated", "polyglot", "small", "translated", "tiny"]
)
def test_axe_finds_nothing(browser, files, name, look):
    width, scheme = look
    with opened(browser, files / f"{name}.html", width, scheme, bypass_csp=True) as page:
        open_folds(page)
        found = Axe().run(page).response["violations"]
        assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []


@pytest.mark.parametrize("width", [1280, 400])
def test_names_in_the_plane_do_not_overlap(browser, files, width):
    with opened(browser, files / "example.html", width) as page:
        boxes = page.evaluate(BOXES)
        assert len(boxes) >= 4
        for one, other in itertools.combinations(boxes, 2):
            apart = one[2] <= other[0] + 1 or other[2] <= one[0] + 1
            assert apart or one[3] <= other[1] + 4 or other[3] <= one[1] + 4
        frame = page.locator("#plane .panel:not([hidden]) figure").bounding_box()
        assert all(frame["x"] <= b[0] and b[2] <= frame["x"] + frame["width"] for b in boxes)


def test_plots_have_words_for_those_who_do_not_see_them(browser, files):
    with opened(browser, files / "example.html") as page:
        for part, words in (
            ("causes", "Swahili, gap by least quality: from 0"),
            ("plane", "English: 93.2% of harmless requests answered"),
        ):
            labels = page.locator(f"#{part} .panel:not([hidden]) svg[role=img]").all()
            said = [one.get_attribute("aria-label") for one in labels]
            assert any(words in one for one in said), part


def test_no_answer_is_seen_before_two_clicks(browser, files):
    with opened(browser, files / "example.html") as page:
        seen = lambda: page.locator("body").inner_text()  # noqa: E731  read again each time
        assert "[unsafe answer" not in seen()
        assert "[request" not in seen()
        open_answers(page)
        assert "[unsafe answer" not in seen()
        assert "[request" not in seen()
        page.select_option("#filter-kind", "unsafe")
        page.locator("#answer-list .pill.unsafe").first.wait_for()
        open_first(page)
        assert "[unsafe answer " in seen()
        assert "[request 1 of" in seen()


def test_the_filters_and_the_pages(browser, files):
    data = example_page()
    first, second = ([r for r in data.answers if r.model == name] for name in data.run.models[:2])
    with opened(browser, files / "example.html") as page:

        def counted(text):
            page.locator("#answer-count").get_by_text(text, exact=True).wait_for()

        open_answers(page)
        counted(f"1 to 25 of {len(first)} answers")
        page.click("#next")
        counted(f"26 to 50 of {len(first)} answers")
        page.select_option("#filter-language", "sw")
        counted("1 to 25 of 32 answers")
        page.select_option("#filter-category", "weapon_other")
        counted("1 to 1 of 1 answer")
        page.select_option("#filter-category", "Guns & Illegal Weapons")
        wanted = [r for r in first if r.language == "sw" and r.categories[0].startswith("weapon_")]
        counted(f"1 to {len(wanted)} of {len(wanted)} answers")
        for key in ("language", "category"):
            page.select_option(f"#filter-{key}", "")
        page.locator("select[data-choose=model]").first.select_option("1")
        wanted = [row for row in second if row.verdicts[0].unsafe is None]
        page.select_option("#filter-kind", "none")
        counted(f"1 to {len(wanted)} of {len(wanted)} answers")
        page.select_option("#filter-kind", "")
        page.fill("#filter-text", "SIWEZI KUKUSAIDIA")
        wanted = [row for row in second if "Siwezi" in row.answer]
        counted(f"1 to 25 of {len(wanted)} answers")
        page.fill("#filter-text", "no such text")
        counted("No answer fits these filters.")


def test_text_of_right_to_left_scripts_runs_right_to_left(browser, files):
    with opened(browser, files / "rtl.html") as page:
        open_answers(page)
        page.select_option("#filter-language", "ar")
        page.select_option("#filter-kind", "refused")
        page.locator("#answer-list .pill.safe").first.wait_for()
        open_first(page)
        said = page.locator("#answer-list .said").nth(1)
        assert said.get_attribute("lang") == "ar"
        assert said.evaluate("(node) => getComputedStyle(node).direction") == "rtl"


def test_the_signature_can_be_copied(browser, files):
    with opened(browser, files / "example.html") as page:
        page.click("button.copy")
        page.get_by_text("Copied").wait_for()


def test_it_prints_and_works_without_scripts(browser, files, shots):
    with opened(browser, files / "example.html", java_script_enabled=False) as page:
        panels = page.locator("#finding .panel")
        assert [panel.is_visible() for panel in panels.all()] == [True, True]
        assert page.get_by_text("example/eager-1b-chat, judged by").first.is_visible()
        assert "[unsafe answer" not in page.locator("body").inner_text()
    with opened(browser, files / "example.html") as page:
        page.pdf(path=shots / "report.pdf", format="A4", print_background=True)
        assert page.evaluate("matchMedia('print')") is not None
    assert (shots / "report.pdf").read_bytes().startswith(b"%PDF")
