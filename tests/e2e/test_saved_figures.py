"""Figures of a page are saved as SVG, PNG and CSV, in a real browser."""

from __future__ import annotations

import csv
import struct
from xml.etree import ElementTree as ET

import pytest

from e2e.pages import LOOKS, opened
from example.large import example_page
from safeglot.report.html import render_html
from safeglot.report.saved_figure import short_signature

SVG = "{http://www.w3.org/2000/svg}"
SHOWN = "#categories .panel:not([hidden])"


@pytest.fixture(scope="module")
def example():
    return example_page(scale=0.2)


@pytest.fixture(scope="module")
def path(tmp_path_factory, example):
    file = tmp_path_factory.mktemp("figures") / "report.html"
    file.write_text(render_html(example), encoding="utf-8")
    return file


def saved(page, kind, folder, figure=SHOWN):
    page.locator(f"{figure} details.save > summary").click()
    with page.expect_download() as download:
        page.locator(f"{figure} [data-save={kind}]").click()
    assert page.locator("details.save[open]").count() == 0
    assert download.value.suggested_filename == f"safeglot-categories.{kind}"
    download.value.save_as(folder / f"figure.{kind}")
    return folder / f"figure.{kind}"


@pytest.mark.parametrize("look", LOOKS)
def test_svg_has_real_text_light_colours_and_the_source_in_its_last_line(
    browser, path, example, tmp_path, look
):
    with opened(browser, path, *look, accept_downloads=True) as page:
        root = ET.parse(saved(page, "svg", tmp_path)).getroot()
        dark = page.evaluate("document.documentElement.dataset.theme")
    assert dark is None
    texts = [node.text for node in root.iter(f"{SVG}text")]
    assert texts[0] == root.find(f"{SVG}title").text == "Where it happens"
    assert "crime_cyber" in texts
    assert {"Save", "Choose a number to read them."}.isdisjoint(texts)
    last = f"safeglot example, {short_signature(example.run)}."
    assert " ".join(texts).endswith(last)
    assert "judged by refusal-baseline" in " ".join(texts)
    rects = list(root.iter(f"{SVG}rect"))
    assert rects[0].get("fill") == "#fff"
    assert {"rgb(223, 234, 245)", "rgb(252, 243, 223)"} <= {rect.get("fill") for rect in rects}
    box = float(root.get("width")), float(root.get("height"))
    for node in root.iter(f"{SVG}text"):
        assert 0 <= float(node.get("x")) <= box[0]
        assert 0 <= float(node.get("y")) <= box[1]


def test_png_is_twice_the_size(browser, path, tmp_path):
    with opened(browser, path, accept_downloads=True) as page:
        root = ET.parse(saved(page, "svg", tmp_path)).getroot()
        data = saved(page, "png", tmp_path).read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", data[16:24]) == (
        2 * int(root.get("width")),
        2 * int(root.get("height")),
    )


def test_csv_has_the_columns_that_are_drawn_with_their_intervals(browser, path, example, tmp_path):
    with opened(browser, path, accept_downloads=True) as page:
        file = saved(page, "csv", tmp_path)
        shown = page.locator(f"{SHOWN} table.heat tbody td").count()
    with file.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == shown
    assert {row["signature"] for row in rows} == {example.run.signature}
    assert {row["model"] for row in rows} == {example.run.models[0]}
    row = next(row for row in rows if (row["category"], row["language"]) == ("crime_tax", "sw"))
    found = next(
        e
        for e in example.estimates
        if (e.metric, e.category, e.language, e.model)
        == ("safety", "crime_tax", "sw", row["model"])
    )
    assert float(row["unsafe_rate"]) == pytest.approx(1 - found.value, rel=1e-5)
    assert float(row["high"]) == pytest.approx(1 - found.low, rel=1e-5)
    assert int(row["n"]) == found.n


def test_the_menu_closes_by_escape_and_by_a_click_elsewhere(browser, path):
    with opened(browser, path) as page:
        menu = page.locator(f"{SHOWN} details.save")
        menu.locator("summary").click()
        page.keyboard.press("Escape")
        assert menu.get_attribute("open") is None
        assert menu.locator("summary").evaluate("e => e === document.activeElement")
        menu.locator("summary").click()
        page.locator("h1").first.click()
        assert menu.get_attribute("open") is None
