"""Rating the translations of a set in the app."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from e2e.commands import says
from e2e.pages import LOOKS, fits
from e2e.served import Served, page_of, served, violations
from example.sets import make_set
from safeglot.flow.translation.ratings_summary import read_drawn
from waiting import HANG_S


@pytest.fixture
def folder(tmp_path):
    return make_set(tmp_path / "set", 30, ("ar", "sw"))


def stored(folder):
    return {(t.item, who): r.adequacy for t in read_drawn(folder) for who, r in t.ratings.items()}


def rate(page, key):
    item = page.locator("#label [name=item]").input_value()
    page.keyboard.press(key)
    expect(page.locator(f'#label [name=item][value="{item}"]')).to_have_count(0, timeout=1000 * HANG_S)  # fmt: skip
    return item


def test_a_set_is_drawn_and_rated_by_keys_over_a_kill(folder, browser, call):
    app = Served("label", folder.path)
    with page_of(browser, app.address) as page:
        page.get_by_label("Texts a language").fill("5")
        with page.expect_navigation():
            page.get_by_role("button", name="Draw").click()
        given = {(rate(page, key), "1"): int(key) for key in "53"}
    app.kill()
    assert stored(folder) == given
    with served("label", folder.path) as app, page_of(browser, app.address) as page:
        page.keyboard.press("z")
        expect(page.locator("#pn")).to_have_text("1 of 5", timeout=1000 * HANG_S)
        given.popitem()
        given |= {(rate(page, key), "1"): int(key) for key in "4411"}
        assert "All are done" in page.locator(".one").inner_text()
    assert stored(folder) == given
    says(call("ratings", "show", folder.path).out, "5 of")


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_the_page_fits_and_axe_finds_nothing(folder, browser, shots, width, scheme):
    with (
        served("label", folder.path) as app,
        page_of(browser, app.address, width, scheme, bypass_csp=True) as page,
    ):
        fits(page)
        assert violations(page) == []
        with page.expect_navigation():
            page.get_by_role("button", name="Draw").click()
        page.locator("#rules summary").click()
        fits(page)
        assert violations(page) == []
        page.screenshot(path=shots / f"rate-{width}-{scheme}.png", full_page=True)
