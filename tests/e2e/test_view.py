"""Reading a run in the app: a real server on loopback, a real browser."""

from __future__ import annotations

import os

import pytest
from playwright.sync_api import expect

from copies import copied
from e2e.commands import in_own_process, says, without
from e2e.pages import LOOKS, fits
from e2e.runs import safeglot
from e2e.served import asked, page_of, served, violations
from example.answers import ARABIC, answered_run
from example.recorded import recorded
from waiting import HANG_S, until

NAME = "<b>\"x'& %20 é?#"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return answered_run(tmp_path_factory.mktemp("view") / "run").path


@pytest.fixture(scope="module")
def app(run):
    with served("view", run) as running:
        yield running


def rows(page):
    return page.locator("#rows a")


def changed(page, act):
    """Do something that puts another answer or list in place, and wait for it."""
    before = page.url
    act()
    page.wait_for_url(lambda url: url != before)


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_the_page_fits_and_axe_finds_nothing(app, browser, shots, width, scheme):
    with page_of(browser, app.address, width, scheme, bypass_csp=True) as page:
        fits(page)
        assert violations(page) == []
        for part in page.locator("details:not(.filters)").all():
            part.evaluate("part => part.open = true")
        page.locator(".filters").evaluate("part => part.open = true")
        fits(page)
        assert violations(page) == []
        page.screenshot(path=shots / f"view-{width}-{scheme}.png", full_page=True)


def test_unsafe_answers_come_first_folded_and_refusals_are_open(app, browser):
    with page_of(browser, app.address) as page:
        assert page.locator(".lh").inner_text().startswith("36 answers, unsafe first")
        kinds = rows(page).locator(".pill").all_inner_texts()
        assert kinds[:8] == ["unsafe"] * 8
        order = ["unsafe", "no verdict", "blocked", "unusable", "harmless", "refused"]
        assert list(dict.fromkeys(kinds)) == order
        assert not page.locator("#answer .says").is_visible()
        page.get_by_text("Show unsafe answer").first.click()
        assert page.locator("#answer .says").is_visible()
        refused = page.locator(".ln", has_text="English").locator(".says")
        assert refused.inner_text() == "I can't help with that."


def test_filters_narrow_the_list_with_counts_and_an_address(app, browser):
    with page_of(browser, app.address) as page:
        changed(page, lambda: page.get_by_label("Swahili").check())
        assert "12 answers" in page.locator(".lh").inner_text()
        kinds = page.locator("fieldset", has_text="Kind of answer")
        assert kinds.get_by_text("blocked by the service").locator("..").inner_text().split()[-1] == "2"  # fmt: skip
        changed(page, lambda: page.get_by_label("unusable").check())
        assert rows(page).locator(".pill").all_inner_texts() == ["unusable", "unusable"]
        link = page.url
        page.go_back()
        expect(rows(page)).to_have_count(12, timeout=1000 * HANG_S)
        page.goto(link)
        assert rows(page).count() == 2
        page.get_by_text("Clear all filters").first.click()
        expect(rows(page)).to_have_count(36, timeout=1000 * HANG_S)


def test_flips_and_judges_that_disagree(app, browser):
    with page_of(browser, f"{app.base}read?show=flips") as page:
        assert page.get_by_label("Safe in English, unsafe here").is_checked()
        assert rows(page).count() == 8
        changed(page, lambda: page.get_by_label("Judges disagree").check())
        assert rows(page).count() == 8
        changed(page, lambda: page.locator("#f-judge").select_option(label="wildguard"))  # fmt: skip
        changed(page, lambda: page.get_by_label("All answers").check())
        assert "unsafe" not in rows(page).locator(".pill").all_inner_texts()


def test_a_search_finds_requests_and_answers(app, browser):
    with page_of(browser, app.address) as page:
        changed(page, lambda: page.get_by_label("Search requests").fill("UNUSABLE ANSWER 3"))
        assert "1 found" in page.locator(".lh").inner_text()
        changed(page, lambda: page.get_by_label("Search requests").fill("كيف"))
        assert rows(page).count() == 12
        changed(page, lambda: page.get_by_label("Search requests").fill("nowhere"))
        assert "Nothing here" in page.locator(".list").inner_text()


def test_keys_lead_through_list_and_languages(app, browser):
    with page_of(browser, app.address) as page:
        first = page.locator(".dh").inner_text()
        for key in "jjk":
            changed(page, lambda key=key: page.keyboard.press(key))
        assert "2 of 36" in page.locator(".dh").inner_text()
        changed(page, lambda: page.keyboard.press("k"))
        assert page.locator(".dh").inner_text() == first
        changed(page, lambda: page.keyboard.press("l"))
        assert page.locator(".ln.now").count() == 1
        changed(page, lambda: page.keyboard.press("h"))
        assert page.locator(".dh").inner_text() == first
        page.keyboard.press("o")
        assert page.locator("#answer .fold").get_attribute("open") is not None
        page.keyboard.press("t")
        assert page.locator("#thought .says").is_visible()
        page.keyboard.press("?")
        assert page.locator("#keys").is_visible()
        page.keyboard.press("Escape")
        page.keyboard.press("/")
        page.keyboard.type("f")
        assert page.locator("#q").input_value() == "f"
        page.keyboard.press("Escape")
        changed(page, lambda: page.keyboard.press("f"))
        assert "show=flips" in page.url


def test_a_thought_is_folded_beside_its_answer_with_its_length(app, browser):
    with page_of(browser, f"{app.base}read?q=thought") as page:
        assert rows(page).count() == 0, "a thought is no answer"
    with page_of(browser, f"{app.base}read?language=ar") as page:
        assert page.locator("#thought summary").inner_text().endswith("characters")
        assert "[thought" not in page.locator("#answer").inner_text()


def test_right_to_left_is_by_the_language(app, browser):
    with page_of(browser, f"{app.base}read?language=ar") as page:
        page.keyboard.press("o")
        says_it = page.locator("#answer .says")
        assert says_it.inner_text() == ARABIC
        assert (says_it.get_attribute("dir"), says_it.get_attribute("lang")) == ("rtl", "ar")
        assert says_it.evaluate("e => getComputedStyle(e).direction") == "rtl"
        english = page.locator(".ln", has_text="English").locator(".says")
        assert english.get_attribute("dir") == "ltr"


def test_hostile_texts_are_inert(app, browser):
    with page_of(browser, f"{app.base}read?language=sw&verdict=unsafe") as page:
        for part in page.locator("details").all():
            part.evaluate("part => part.open = true")
        told = page.locator("#detail").inner_text()
        says(told, "<script>", "onerror=", "<U+202E>", "<U+2066>", "<U+001B>", "{{ 7 * 7 }}", "javascript:")  # fmt: skip
        assert not set("\u202e\u2066\x1b\x00") & set(page.content())
        assert page.locator("#panes script, #panes img").count() == 0
        assert page.title() != "owned"


def test_without_scripts_all_of_it_works(app, browser):
    with page_of(browser, app.address, java_script_enabled=False) as page:
        page.get_by_label("Swahili").check()
        page.get_by_role("button", name="Show").click()
        assert rows(page).count() == 12
        rows(page).nth(3).click()
        assert "4 of 12" in page.locator(".dh").inner_text()


def test_only_whoever_has_the_address_is_answered(app):
    root = app.base[: app.base.index("/", 8) + 1]
    wrong = app.base[:-2] + ("A" if app.base[-2] != "A" else "B") + "/read"
    for url in (root, wrong, f"{root}read", f"{root}app.css"):
        status, headers, text = asked(url)
        assert (status, "token" in text) == (403, True), url
        assert headers["Content-Security-Policy"].startswith("default-src 'none'")
    host = {"Host": "rebound.example:80"}
    assert asked(app.address, **host)[0] == 403
    assert asked(app.address, b"a=1", Origin="http://evil.example")[0] == 403
    assert asked(app.address, b"a=1")[0] == 403
    assert asked(f"{app.base}nosuch")[0] == 404
    status, headers, _ = asked(app.base)
    assert (status, headers["Location"]) == (303, app.address[app.address.index("/", 8) :])
    status, headers, _ = asked(app.address)
    assert status == 200
    assert headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in headers


def test_a_run_that_goes_on_shows_how_far_it_is(run, tmp_path, browser):
    from safeglot.backends.files.rundir import RunDir
    from safeglot.backends.store.store import Store

    copy = tmp_path / "going"
    copied(run, copy)
    store = Store(copy / "safeglot.db")
    with RunDir(copy).locked():
        text, step = next(store.rows("SELECT work, (SELECT MIN(id) FROM steps) FROM failures"))
        with served("view", copy) as app, page_of(browser, app.address) as page:
            store.write("replies", [(900, None, "[late answer]", "stop", 3, 3, None, "", None, "", 0)])  # fmt: skip
            page.locator("#live").wait_for()
            assert "34 of 36" in page.locator("#live").inner_text()
            store.write("responses", [(900, text, step, 0, 900, None)])
            page.get_by_text("35 of 36").wait_for()
            page.get_by_text("new answers: show").wait_for()
            page.get_by_text("new answers: show").click()
            until(lambda: "1 found" in asked(f"{app.base}read?q=late+answer")[2])
            page.goto(f"{app.base}read?q=late+answer")
            assert page.locator("#answer").inner_text().startswith("Answer")
    store.close()


def test_a_run_that_cannot_be_written_is_read(run, tmp_path):
    copy = tmp_path / "of somebody"
    copied(run, copy)
    for path in copy.iterdir():
        path.chmod(0o444)
    copy.chmod(0o555)
    before = {p.name: p.stat().st_mtime_ns for p in copy.iterdir()}
    try:
        with served("view", copy) as app:
            assert "36 answers" in asked(app.address)[2].replace("<b>", "").replace("</b>", "")
            if os.getuid():  # root may write everywhere
                assert {p.name: p.stat().st_mtime_ns for p in copy.iterdir()} == before
    finally:
        copy.chmod(0o755)


def test_it_ends_quietly_and_says_what_is_lacking(app, run, call):
    with served("view", run) as own:
        code, said = own.end()
    assert code == 0
    assert "Traceback" not in said
    message = in_own_process("view", run, prelude=without("starlette"))
    assert message.code == 2
    says(message.err, "pip install 'safeglot[app]'")
    says(call.refuse("view", "nowhere"), "no run here")
    port = app.base.split(":")[2].split("/")[0]
    says(call.refuse("view", run, "--port", port), "--port", "leave --port out")


@pytest.fixture(scope="module")
def runs(run, tmp_path_factory):
    """A folder of runs, one under a hostile name and one with a report and answers beside it."""
    folder = tmp_path_factory.mktemp("runs")
    for name in ("first", NAME):
        copied(run, folder / name)
    (folder / "no-run").mkdir()
    (folder / "elsewhere").symlink_to(run)
    safeglot("report", recorded(folder))
    return folder


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_the_bar_leads_to_the_runs_beside_this_one(runs, browser, width, scheme):
    with served("view", runs / "first") as app, page_of(browser, app.address, width, scheme, bypass_csp=True) as page:  # fmt: skip
        picker = page.locator(".runs")
        picker.locator("summary").click()
        assert picker.locator("a").all_inner_texts() == [NAME, "first", "recorded"]
        assert picker.locator("[aria-current]").inner_text() == "first"
        fits(page)
        assert violations(page) == []
        assert page.get_by_role("link", name="Report").count() == 0
        picker.get_by_text(NAME).click()
        assert page.locator(".lh").inner_text().startswith("36 answers")
        assert page.title() == f"Answers of {NAME} - safeglot"
        changed(page, lambda: rows(page).nth(2).click())
        page.get_by_role("link", name="Label").click()
        page.locator(".runs summary").click()
        changed(page, lambda: page.locator(".runs").get_by_text("first").click())
        assert page.url == f"{app.base}run/first/label"
        assert asked(f"{app.base}run/elsewhere/read")[0] == 400
        assert asked(f"{app.base}run/..%2Ffirst/read")[0] == 400
        assert asked(f"{app.base}run/first/")[1]["Location"].endswith("/run/first/read")


def test_a_report_is_read_in_the_app_and_can_do_nothing_there(runs, browser):
    with served("view", runs / "recorded") as app, page_of(browser, app.address) as page:
        page.get_by_role("link", name="Report").click()
        page.locator("#answers-fold > summary").click()
        page.locator("#answer-list summary").first.wait_for()  # they come from a file beside it
        page.locator(".save summary").first.click()
        with page.expect_download() as saved:
            page.locator("[data-save=png]").first.click()
        assert saved.value.suggested_filename.endswith(".png")
        assert page.evaluate("origin") == "null"
        for secret in ("report-answers/../safeglot.db", "report-answers%2F..%2Fsafeglot.db", "run.toml"):  # fmt: skip
            assert asked(f"{app.base}{secret}")[0] in (400, 404), secret
        part = f"{app.base}report-answers/index.js"
        assert asked(part)[1]["Content-Type"].startswith("text/javascript")
        (runs / "secret").write_text("elsewhere", encoding="utf-8")
        (runs / "recorded" / "report-answers" / "x.js").symlink_to(runs / "secret")
        status, _, text = asked(f"{app.base}report-answers/x.js")
        assert (status, "elsewhere" in text) == (400, False)


def test_a_report_of_somebody_can_reach_nothing_of_the_app(run, tmp_path, browser):
    copy = tmp_path / "foreign"
    copied(run, copy)
    (copy / "report.html").write_text(
        "<title>foreign</title><script>fetch('read').then(r => r.text()).then(t => { document.title = t; },"
        " () => { document.title = 'refused'; })</script><script src='progress'></script>",
        encoding="utf-8",
    )
    complaints = []
    with served("view", copy) as app, page_of(browser, f"{app.base}report.html", complaints=complaints) as page:  # fmt: skip
        expect(page).to_have_title("refused")
        assert any("violates" in complaint for complaint in complaints)
