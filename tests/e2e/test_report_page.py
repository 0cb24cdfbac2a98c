"""The report in a real browser: headless Chromium opens the file as a reader would."""

from __future__ import annotations

import itertools
import re

import pytest

from e2e.pages import CONTRAST, LOOKS, fits, opened
from example.large import LANGUAGES, example_page
from example.translated import page_of, translated
from safeglot.report.html import render_html
from safeglot.report.page import NamedLanguage

PARTS = (
    *("top", "safety", "categories", "consistency", "gaps", "causes", "responses", "refusals"),
    *("judge", "noise", "missing", "settings"),
)
OPENED = "#categories .panel:not([hidden]) table.heat button"

BOXES = """() => [...document.querySelectorAll(
    "#refusals .panel:not([hidden]) text.name")].map((t) => {
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
    (folder / "translated.html").write_text(render_html(page_of(store, manifest)), encoding="utf-8")
    store.close()
    return folder


@pytest.mark.parametrize(
    ("name", "look"),
    [
        *((name, look) for name in ("example", "translated") for look in LOOKS),
        *((name, look) for name in ("judges", "rtl", "tiny", "bare") for look in LOOKS[1:3]),
    ],
)
def test_it_fits_and_can_be_read(browser, files, name, look):
    with opened(browser, files / f"{name}.html", *look) as page:
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
    page.evaluate("document.querySelectorAll('details.fold').forEach((d) => { d.open = true; })")


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_the_parts_as_pictures(browser, files, shots, width, scheme):
    with opened(browser, files / "example.html", width, scheme) as page:
        page.screenshot(path=shots / f"report-{width}-{scheme}.png", full_page=True)
        for part in PARTS:
            place = page.locator("header.top" if part == "top" else f"#{part}")
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
        page.locator("#probes select[data-choose=model]").select_option("1")
        panel = page.locator("#translations .panel:not([hidden])")
        assert panel.get_attribute("data-model") == "1"


def test_a_cell_tells_its_numbers_and_opens_its_answers(browser, files):
    with opened(browser, files / "example.html") as page:
        cell = page.locator(OPENED).nth(41)
        cell.click()
        assert cell.get_attribute("aria-pressed") == "true"
        said = page.locator("#categories .panel:not([hidden]) .cell-answers")
        text = said.inner_text()
        assert re.match(r"\w+, \w+: \d+ of \d+ unsafe, [\d.]+% \[[\d.]+ to [\d.]+\]\.", text)
        assert "Against English: " in text
        said.get_by_role("button", name="Read the answers").click()
        page.locator("#answer-list li").first.wait_for()
        category = text.split(", ")[1].split(":")[0]
        assert page.locator("#filter-category").input_value() == category
        assert {category} == {
            who.split(" · ")[1] for who in page.locator("#answer-list .who").all_text_contents()
        }


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
        shown = page.locator("#safety .panel[data-average]:not([hidden])")
        assert shown.count() == 1
        assert shown.get_attribute("data-average") == "safety_macro32"
        page.get_by_label("micro", exact=True).check()
        assert shown.get_attribute("data-average") == "safety_micro"
        page.locator("#gaps select[data-choose=model]").select_option("1")
        page.locator("#consistency select[data-choose=judge]").select_option("1")
        for part in ("categories", "consistency", "gaps"):
            panel = page.locator(f"#{part} .panel:not([hidden])")
            assert (panel.get_attribute("data-judge"), panel.get_attribute("data-model")) == (
                "1",
                "1",
            )
        assert shown.get_attribute("data-judge") == "1"


def test_the_switches_turn_every_section_that_has_numbers(browser, files):
    with opened(browser, files / "judges.html") as page:
        page.locator("#safety select[data-choose=model]").first.select_option("1")
        for part in ("categories", "gaps", "causes", "responses", "refusals", "noise"):
            panel = page.locator(f"#{part} .panel:not([hidden])")
            assert panel.count() == 1, part
            assert panel.get_attribute("data-model") == "1"
        assert "All models together" in page.locator("#judge").inner_text()
        page.locator("#judge select[data-choose=judge]").select_option("1")
        assert page.locator("#judge .panel:not([hidden])").count() == 0  # no labels for this judge
        assert "Judges that nobody checked" in page.locator("#judge").inner_text()


@pytest.mark.parametrize("width", [1280, 400])
def test_names_in_the_plane_do_not_overlap(browser, files, width):
    with opened(browser, files / "example.html", width) as page:
        boxes = page.evaluate(BOXES)
        assert len(boxes) >= 4
        for one, other in itertools.combinations(boxes, 2):
            apart = one[2] <= other[0] + 1 or other[2] <= one[0] + 1
            assert apart or one[3] <= other[1] + 4 or other[3] <= one[1] + 4
        frame = page.locator("#refusals .panel:not([hidden]) figure").bounding_box()
        assert all(frame["x"] <= b[0] and b[2] <= frame["x"] + frame["width"] for b in boxes)


def test_plots_have_words_for_those_who_do_not_see_them(browser, files):
    with opened(browser, files / "example.html") as page:
        for part, words in (
            ("causes", "Swahili: total +"),
            ("responses", "Swahili: refusal "),
            ("refusals", "en: 93.2% of benign prompts answered"),
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
        page.select_option("#filter-verdict", "unsafe")
        open_first(page)
        assert "[unsafe answer 11]" in seen()
        assert "[request 1 of" in seen()


def test_the_filters_and_the_pages(browser, files):
    data = example_page()
    with opened(browser, files / "example.html") as page:
        open_answers(page)
        counted = page.locator("#answer-count")
        assert counted.inner_text() == f"1 to 25 of {len(data.answers)} answers"
        page.click("#next")
        assert counted.inner_text().startswith("26 to 50 of")
        page.select_option("#filter-language", "sw")
        page.select_option("#filter-model", data.run.models[1])
        assert counted.inner_text() == "1 to 25 of 32 answers"
        page.select_option("#filter-category", "weapon_other")
        assert counted.inner_text() == "1 to 1 of 1 answer"
        for key in ("language", "model", "category"):
            page.select_option(f"#filter-{key}", "")
        wanted = [row for row in data.answers if row.verdicts[0].unsafe is None]
        page.select_option("#filter-verdict", "none")
        assert counted.inner_text() == f"1 to {len(wanted)} of {len(wanted)} answers"
        page.select_option("#filter-verdict", "")
        page.fill("#filter-text", "SIWEZI KUKUSAIDIA")
        wanted = [row for row in data.answers if "Siwezi" in row.answer]
        assert counted.inner_text() == f"1 to 25 of {len(wanted)} answers"
        page.fill("#filter-text", "no such text")
        assert counted.inner_text() == "No answer fits these filters."


def test_text_of_right_to_left_scripts_runs_right_to_left(browser, files):
    with opened(browser, files / "rtl.html") as page:
        open_answers(page)
        page.select_option("#filter-language", "ar")
        page.select_option("#filter-verdict", "safe")
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
        assert page.locator("#safety .panel").nth(2).is_visible()
        assert "[unsafe answer" not in page.locator("body").inner_text()
    with opened(browser, files / "example.html") as page:
        page.pdf(path=shots / "report.pdf", format="A4", print_background=True)
        assert page.evaluate("matchMedia('print')") is not None
    assert (shots / "report.pdf").read_bytes().startswith(b"%PDF")
