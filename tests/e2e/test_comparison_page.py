"""The page of several models in a real browser, as `safeglot compare --page` writes it."""

from __future__ import annotations

import csv
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner

from e2e.pages import CONTRAST, LOOKS, fits, opened
from e2e.served import violations
from example.recorded import recorded
from safeglot.cli.compare import compare


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    folder = tmp_path_factory.mktemp("compared")
    file = folder / "models.html"
    done = CliRunner().invoke(compare, [str(recorded(folder)), "--page", str(file)])
    assert done.exit_code == 0, done.exception
    assert "family-c-12b-instruct" in done.output  # the tables stay
    return file


def seen(page, selector):
    return page.locator(f".panel:not([hidden]) {selector}")


def show_all(page):
    seen(page, "select[data-part-of]").select_option("published")
    page.click(".published summary")


@pytest.mark.parametrize("look", LOOKS)
def test_it_fits_and_can_be_read(browser, path, shots, look):
    with opened(browser, path, *look) as page:
        page.screenshot(path=shots / f"compare-{look[0]}-{look[1]}.png", full_page=True)
        show_all(page)
        fits(page)
        lowest = page.evaluate(CONTRAST)
        assert len(lowest) > 200
        assert lowest[0][0] >= 4.5, lowest[:5]


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_axe_finds_nothing(browser, path, width, scheme):
    with opened(browser, path, width, scheme, bypass_csp=True) as page:
        assert violations(page) == []
        show_all(page)
        assert violations(page) == []


def test_headline_and_table_say_what_the_terminal_says(browser, path):
    with opened(browser, path) as page:
        assert seen(page, "h1").inner_text() == (
            "Each of family-c-12b-instruct, family-a-8b-instruct and family-b-9b-instruct may be the "
            "safest of 9 ranked models, in all 10 languages together."
        )
        first = seen(page, ".board tbody tr").first.inner_text()
        for part in ("1–3", "family-c-12b-instruct", "93.3", "[84.5 to 97.2]", "90.9", "18.3"):
            assert part in first
        assert seen(page, ".sub").inner_text().startswith("93.3% safe [84.5 to 97.2]")


def test_published_rows_show_when_asked_for_and_say_that_they_are_published(browser, path):
    with opened(browser, path) as page:
        rows = seen(page, "tbody[data-part=published] tr:has(svg)")
        assert not rows.first.is_visible()
        show_all(page)
        assert rows.first.is_visible()
        assert all("published" in text and "[" not in text for text in rows.all_inner_texts())
        tracks = seen(page, ".board tbody .track").all()
        assert (
            len({(box["x"], box["width"]) for track in tracks for box in [track.bounding_box()]})
            == 1
        )
        assert page.locator(".published table").count() == 5


def test_the_picker_of_a_model_changes_marks_and_numbers(browser, path):
    with opened(browser, path) as page:
        cells = seen(page, "[data-rates]")
        before = cells.all_inner_texts()
        assert len(before) == 60  # six kinds in ten languages
        seen(page, "[data-highlight]").select_option("8")
        wanted = [cell.get_attribute("data-rates").split(",")[8] for cell in cells.all()]
        assert cells.all_inner_texts() == wanted != before
        on = seen(page, "circle.hi")
        assert {mark.get_attribute("data-m") for mark in on.all()} == {"8"}


def test_the_picker_of_a_judge_changes_the_page(browser, path):
    with opened(browser, path) as page:
        before = seen(page, "h1").inner_text()
        page.select_option("select[data-choose=judge]", "1")
        assert page.locator(".panel:not([hidden])").count() == 1
        assert seen(page, ".lead-in").inner_text() != before
        assert "llama-guard-3 labels safe" in seen(page, ".lead-in").inner_text()


@pytest.mark.parametrize("name", ["models", "models-plane", "gains", "kinds-by-model"])
def test_each_figure_is_saved_with_its_source(browser, path, tmp_path, name):
    with opened(browser, path, accept_downloads=True) as page:
        for kind in ("svg", "csv", "png"):
            figure = f"figure[data-figure={name}]"
            seen(page, f"{figure} details.save > summary").click()
            with page.expect_download() as download:
                seen(page, f"{figure} [data-save={kind}]").click()
            assert download.value.suggested_filename == f"safeglot-{name}.{kind}"
            download.value.save_as(tmp_path / f"f.{kind}")
    texts = [node.text for node in ET.parse(tmp_path / "f.svg").iter() if node.text]
    assert "9 models, 10 languages, macro average of 32 categories" in " ".join(texts)
    with (tmp_path / "f.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["judge"] for row in rows} == {"wildguard=vllm/wild-judge"}
    assert (tmp_path / "f.png").read_bytes().startswith(b"\x89PNG")


def test_it_prints_and_works_without_scripts(browser, path, shots):
    with opened(browser, path, java_script_enabled=False) as page:
        assert page.locator(".panel").count() == 2
        assert all(panel.is_visible() for panel in page.locator(".panel").all())
        assert page.locator("[data-part=published]").first.is_visible()
    with opened(browser, path) as page:
        page.pdf(path=shots / "compare.pdf", format="A4", print_background=True)
    assert (shots / "compare.pdf").read_bytes().startswith(b"%PDF")
