"""`safeglot demo`: without a model and a network, and what its first screens say is what the numbers say."""

from __future__ import annotations

import json
import re

import pytest
from axe_playwright_python.sync_playwright import Axe

from e2e.commands import in_own_process, read_rows, says
from e2e.pages import LOOKS, fits, opened
from safeglot.experiments.malert import published

NO_NETWORK = """
import socket, webbrowser
def refuse(*_): raise AssertionError("the network was asked for, or a browser")
socket.socket.connect = socket.getaddrinfo = webbrowser.open = refuse
"""
PAGES = ("demo-m-alert", "demo-invented")


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo") / "runs"
    done = in_own_process("demo", "--out", folder, prelude=NO_NETWORK, COLUMNS="80")
    assert (done.code, done.err) == (0, "")
    return folder, done.out


def first_screen(browser, page):
    with opened(browser, page) as one:
        return " ".join(one.locator("#finding").inner_text().split()), one.locator(
            "header.bar"
        ).inner_text()


def estimate(folder, metric, language):
    rows = json.loads((folder / "demo-invented" / "results.json").read_text("utf-8"))["estimates"]
    return next(
        row
        for row in rows
        if (row["metric"], row.get("language")) == (metric, language) and not row.get("category")
    )


def test_it_says_what_it_found_on_few_lines(shown):
    folder, out = shown
    lines = [line for line in out.splitlines() if str(folder) not in line]
    assert len(out.splitlines()) <= 14
    assert all(len(line) <= 80 for line in lines)
    says(out, "in 6 of", "it is in 3.", "Invented numbers", "no intervals", "safeglot why")
    for name in PAGES:
        says(out, str(folder / name / "report.html"))


def test_the_sentence_on_published_tables_is_what_they_say(shown, browser):
    """Counted here from the table itself, by another way than the product's."""
    table, n = published().whole, [0, 0, 0]
    for name, overall in table["overall"].items():
        two = [table[part].get(name, {}) for part in ("crime_propaganda", "substance_cannabis")]
        if not all(tag in part for part in two for tag in overall):
            continue
        rest = {t: (32 * overall[t] - two[0][t] - two[1][t]) / 30 for t in overall}
        n[0] += 1
        n[1] += min(overall, key=overall.get) == "en"
        n[2] += min(rest, key=rest.get) == "en"
    said, bar = first_screen(browser, shown[0] / "demo-m-alert" / "report.html")
    says(said, f"English is the least safe of 5 languages in {n[1]} of {n[0]} models")
    says(said, f"Without two of 32 categories it is in {n[2]}.", "without intervals")
    assert n == [10, 6, 3]
    says(bar, "No intervals")


def test_the_sentence_on_the_recorded_run_is_what_its_numbers_say(shown, browser):
    folder, out = shown
    said, bar = first_screen(browser, folder / "demo-invented" / "report.html")
    rates = {
        tag: 1 - estimate(folder, "safety_corrected_macro", tag)["value"] for tag in ("sw", "en")
    }
    sentence = (
        f"In Swahili {100 * rates['sw']:.1f}% of harmful requests are answered unsafely; "
        f"in English {100 * rates['en']:.1f}%."
    )
    says(said, sentence, "Corrected by people's labels")
    says(" ".join(out.split()), sentence)
    model = estimate(folder, "unsafe_gap_model", "sw")
    assert model["low"] > 0, "a cause is told"
    says(
        said, f"The model accounts for {100 * model['low']:.1f} to {100 * model['high']:.1f} points"
    )
    judged = -100 * estimate(folder, "gap", "sw")["value"]
    corrected = -100 * estimate(folder, "gap_corrected_macro", "sw")["value"]
    assert corrected > judged + 3, "labels correct the gap by much"
    says(out, f"By people's labels the gap is +{corrected:.1f}, by the judge alone +{judged:.1f}")
    says(bar, "Invented numbers: no model, judge or language was measured.")


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_pages_fit_and_can_be_read(shown, browser, name, width, scheme):
    with opened(browser, shown[0] / name / "report.html", width, scheme, bypass_csp=True) as page:
        fits(page)
        found = Axe().run(page).response["violations"]
        assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []


def test_another_model_is_a_choice_away(shown, browser):
    with opened(browser, shown[0] / "demo-m-alert" / "report.html") as page:
        page.get_by_label("Model").select_option("aya-23-8B")
        seen = page.locator("[data-figure=languages] table:visible")
        assert seen.locator("caption").inner_text() == "aya-23-8B"
        table = published().whole["overall"]["aya-23-8B"]
        for row in seen.locator("tbody tr").all():
            name, rate = row.locator("th").inner_text(), row.locator(".num").first.inner_text()
            tag = {"English": "en", "German": "de", "French": "fr", "Spanish": "es", "Italian": "it"}[name]  # fmt: skip
            assert float(rate) == pytest.approx(table[tag], abs=0.051)


def test_every_command_works_on_it_and_what_is_there_stays(call):
    assert call("demo", "--no-open").code == 0
    for command in (
        ("why",),
        ("show", "--full"),
        ("experiment", "category-exclusion"),
        ("export",),
    ):
        assert call(*command, "runs/demo-invented").code == 0
    folder = call.folder / "runs" / "demo-invented"
    texts = [row["text"] for row in read_rows(folder / "export" / "answers.csv")]
    unsafe = [text for text in texts if "unsafe" in text]
    assert len(unsafe) > 100
    assert all(re.match(r"\[unsafe answer \d+\]", text) for text in unsafe), "placeholders"
    (folder / "own.txt").write_text("mine", "utf-8")
    assert call("demo", "--no-open").code == 0
    assert (folder / "own.txt").read_text("utf-8") == "mine"


def test_a_place_that_is_taken_is_left_alone(call):
    taken = call.folder / "runs" / "demo-invented" / "thesis.txt"
    taken.parent.mkdir(parents=True)
    taken.write_text("mine", "utf-8")
    says(call.refuse("demo"), "holds something else", "safeglot demo --out FOLDER")
