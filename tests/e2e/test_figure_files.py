"""Figures are written from the command line: the page's own, drawn in a browser without a window."""

from __future__ import annotations

import csv
import struct
from xml.etree import ElementTree as ET

import pytest

from e2e.commands import in_own_process
from example.large import example_page
from example.recorded import recorded
from safeglot.flow.exports import write_figures
from safeglot.report.html import render_html

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def page():
    return example_page(scale=0.2)


@pytest.fixture(scope="module")
def folder(page, tmp_path_factory):
    place = tmp_path_factory.mktemp("figures") / "new"
    named = [path for path, _ in write_figures(render_html(page), place)]
    assert sorted(place.iterdir()) == sorted(named)
    return place


def names(folder, kind):
    return sorted(path.name.removesuffix(f".{kind}") for path in folder.glob(f"*.{kind}"))


def test_every_figure_of_every_model_and_judge_is_there_as_svg_png_and_csv(folder, page):
    drawn = names(folder, "svg")
    assert drawn == names(folder, "png") == names(folder, "csv")
    saved = render_html(page).count('<details class="save')
    assert len(drawn) >= saved  # a choice within a figure gives several
    of = [name for name in drawn if name.startswith("categories")]
    assert len(of) == len(page.run.models) * len(page.run.judges)


def test_a_picture_has_the_text_the_size_and_the_source(folder, page):
    for name in names(folder, "svg"):
        root = ET.parse(folder / f"{name}.svg").getroot()
        texts = " ".join(node.text for node in root.iter(f"{SVG}text"))
        assert "safeglot example" in texts
        assert "Save" not in texts
        head = (folder / f"{name}.png").read_bytes()[16:24]
        size = int(root.get("width")), int(root.get("height"))
        assert struct.unpack(">II", head) == (2 * size[0], 2 * size[1])
        assert not list(root.iter(f"{SVG}script"))


def test_a_hint_for_readers_at_a_screen_leaves_no_blank(folder):
    name = next(name for name in names(folder, "svg") if name.startswith("categories"))
    texts = [node.text for node in ET.parse(folder / f"{name}.svg").getroot().iter(f"{SVG}text")]
    assert not any("Choose a number" in text for text in texts)
    assert not any(".Some" in text for text in texts)


def test_the_data_say_of_which_model_and_judge_they_are(folder, page):
    pairs = set()
    for name in names(folder, "csv"):
        if name.startswith("categories"):
            with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
                pairs |= {(row["model"], row["judge"]) for row in csv.DictReader(file)}
    assert pairs == {(model, judge) for model in page.run.models for judge in page.run.judges}


def test_figures_of_a_comparison(tmp_path):
    run, out = recorded(tmp_path), tmp_path / "out"
    done = in_own_process("compare", run, "--figures", out, "--judge", "wildguard=vllm/wild-judge")
    assert done.code == 0, done.err
    assert "models-nothing" in names(out, "svg")  # nothing published beside them
    assert "models-M-ALERT_s_published_rows" in names(out, "png")
