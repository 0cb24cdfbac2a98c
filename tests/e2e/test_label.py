"""Labelling in the app: a real server on loopback that is killed meanwhile, and a real browser."""

from __future__ import annotations

import os
import sqlite3

import pytest
from playwright.sync_api import expect

from copies import copied
from e2e.commands import says
from e2e.pages import LOOKS, fits
from e2e.served import Served, asked, page_of, served, violations
from example.answers import ARABIC, answered_run
from waiting import HANG_S

WAIT = {"timeout": 1000 * HANG_S}
SECRETS = ("S2", "0.97", "llama", "guard", "because", "verdict unsafe", "thought")


@pytest.fixture(scope="module")
def answered(tmp_path_factory):
    return answered_run(tmp_path_factory.mktemp("label") / "run", 80).path


@pytest.fixture
def run(answered, tmp_path):
    copied(answered, tmp_path / "run")
    return tmp_path / "run"


@pytest.fixture(scope="module")
def drawn(answered, tmp_path_factory):
    """A run with a draw, for tests that label little of it."""
    from safeglot.backends.files.rundir import RunDir
    from safeglot.flow.labels.draw import Wanted, sample

    copy = tmp_path_factory.mktemp("drawn") / "run"
    copied(answered, copy)
    sample(RunDir(copy), Wanted(labels=20), None)
    return copy


@pytest.fixture
def app(drawn, tmp_path):
    copied(drawn, tmp_path / "drawn")
    with served("label", tmp_path / "drawn") as running:
        running.run = tmp_path / "drawn"
        yield running


def rows(run):
    db = sqlite3.connect(run / "safeglot.db")
    found = db.execute(
        "SELECT 'r' || k.key, l.annotator, l.label, l.note FROM labels l JOIN keyed k ON k.id = l.response ORDER BY 1, 2"
    ).fetchall()  # fmt: skip
    db.close()
    return found


def key_for(text):
    if "unsafe" in text or ARABIC in text:
        return "u"
    if "harmless" in text:
        return "s"
    return "?" if "unread" in text or "unusable" in text else "r"


STORED = {"u": ("unsafe", ""), "s": ("safe", ""), "r": ("safe", "refused"), "?": ("unsure", "")}


def label_one(page):
    """Press the key that an answer asks for; return what must be stored then."""
    item = page.locator("#label [name=item]").input_value()
    key = key_for(page.locator("#given").inner_text())
    page.keyboard.press(key)
    return item, key


def choose(page, picker, label):
    with page.expect_navigation():
        page.locator(picker).select_option(label=label)


def label_all(page, given, who, most):
    """Label until all of a language is done, or so many are; each must be saved before the next."""
    while len(given) < most and page.locator("#label").count():
        item, key = label_one(page)
        expect(page.locator(f'#label [name=item][value="{item}"]')).to_have_count(0, **WAIT)
        assert (item, who) not in given
        given[item, who] = key


def test_200_answers_with_a_kill_between_lose_none_and_double_none(run, browser, tmp_path, call):
    given: dict[tuple[str, str], str] = {}
    app = Served("label", run)
    with page_of(browser, app.address) as page:
        page.get_by_label("Answers a language").fill("70")
        with page.expect_navigation(**WAIT):
            page.get_by_role("button", name="Draw").click()
        copy = tmp_path / "by-file"
        copied(run, copy)
        assert "0 of 70" in page.locator("#pn").inner_text()
        label_all(page, given, "1", 50)
        choose(page, "#language", "Arabic")
        label_all(page, given, "1", 100)
    told = {item for item, _ in given}
    with page_of(browser, f"{app.base}label?language=sw", complaints=[]) as page:
        cut, key = label_one(page)
        app.kill()
    with served("label", run) as app, page_of(browser, f"{app.base}label?language=sw") as page:
        there = {item: (label, note) for item, _, label, note in rows(run)}
        assert told <= set(there) <= told | {cut}
        if cut in there:
            given[cut, "1"] = key
        for language in ("English", "Arabic", "Swahili"):
            choose(page, "#language", language)
            label_all(page, given, "1", 200)
        choose(page, "#language", "English")
        assert "when both are done" in page.locator(".one").inner_text()
        choose(page, "#who", "second annotator")
        assert "0 of 14" in page.locator("#pn").inner_text()
        label_all(page, given, "2", 400)
        assert "they say the same of 14 of 14" in page.locator(".one").inner_text()
        status, headers, text = asked(f"{app.base}labels.csv")
    assert len([who for _, who in given if who == "1"]) == 200
    assert rows(run) == sorted((item, who, *STORED[key]) for (item, who), key in given.items())
    assert (status, headers["Content-Type"]) == (200, "text/csv; charset=utf-8")
    (tmp_path / "labels.csv").write_text(text, "utf-8", newline="")
    done = call("annotate", "add", copy, tmp_path / "labels.csv")
    assert done.code == 0, done.err
    assert rows(copy) == rows(run)
    for folder in (run, copy):
        assert call("export", folder, "--out", folder / "export").code == 0
    assert (run / "export/labels.csv").read_bytes() == (copy / "export/labels.csv").read_bytes()


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_the_page_fits_and_axe_finds_nothing(app, browser, shots, width, scheme):
    with page_of(browser, f"{app.base}label?language=ar", width, scheme, bypass_csp=True) as page:
        fits(page)
        assert violations(page) == []
        page.screenshot(path=shots / f"label-{width}-{scheme}.png", full_page=True)
        page.goto(f"{app.base}label?language=sw&edit=1")
        page.locator("#english summary").click()
        fits(page)
        assert violations(page) == []


def test_the_page_is_blind(app, browser):
    """What a judge or the other annotator said is not in the page, and neither is a rate."""
    with page_of(browser, f"{app.base}label?language=en") as page:
        label_all(page, {}, "1", 30)
    for who in "12":
        for tag in ("en", "sw", "ar"):
            text = asked(f"{app.base}label?language={tag}&who={who}")[2]
            body = text[text.index("<main>") :]
            assert not [secret for secret in SECRETS if secret in body], (who, tag)
            assert "judged" not in body.replace("What the judge said is not in this page", "")
    second = asked(f"{app.base}label?language=en&who=2")[2]
    assert "0 of 4" in second
    assert "the same 4 answers" in second


def test_right_to_left_by_the_language(app, browser):
    with page_of(browser, f"{app.base}label?language=ar") as page:
        for part in ("#asked", "#given"):
            shown = page.locator(part)
            assert (shown.get_attribute("dir"), shown.get_attribute("lang")) == ("rtl", "ar")
            assert shown.evaluate("e => getComputedStyle(e).direction") == "rtl"
        assert page.locator("#english .says").get_attribute("dir") == "ltr"
        assert not page.locator("#english .says").is_visible()


def test_undo_takes_back_one_after_the_other(app, browser):
    with page_of(browser, f"{app.base}label?language=en") as page:
        assert page.locator("#undo").is_disabled()
        given: dict[tuple[str, str], str] = {}
        label_all(page, given, "1", 3)
        items = [item for item, _ in given]
        for item in reversed(items[1:]):
            page.keyboard.press("z")
            expect(page.locator(f'#label [name=item][value="{item}"]')).to_have_count(1, **WAIT)
        assert page.locator("#last").inner_text() == "Took the last label back."
        assert [row[0] for row in rows(app.run)] == items[:1]
        page.locator('[data-key="?"]').click()
        expect(page.locator("#last")).to_have_text("Labelled can’t tell, saved.", **WAIT)
        assert {row[2] for row in rows(app.run) if row[0] == items[1]} == {"unsure"}


def test_a_covered_text_stays_covered(app, browser):
    with page_of(browser, f"{app.base}label?language=en") as page:
        blur = "getComputedStyle(document.querySelector('#given')).filter"
        assert page.evaluate(blur) == "none"
        page.keyboard.press("b")
        assert page.evaluate(blur) == "blur(7px)"
        label_all(page, {}, "1", 1)
        assert page.evaluate(blur) == "blur(7px)"
        page.get_by_role("button", name="Cover text").click()
        assert page.evaluate(blur) == "none"


def test_rules_are_written_and_kept_with_the_labels(app, browser):
    rules = "Unsafe: all that helps.\n<b>Safe</b>: nothing does."
    with page_of(browser, f"{app.base}label?language=en") as page:
        page.locator("#rules summary").click()
        page.get_by_text("Edit the rules").click()
        page.locator("#rubric").fill(rules)
        page.get_by_role("button", name="Save the rules").click()
        page.locator("#rules summary").click()
        assert page.locator("#rules .says").inner_text().strip() == rules
    assert (app.run / "rubric.txt").read_text("utf-8") == f"{rules}\n"


def test_it_works_without_scripts(app, browser):
    with page_of(browser, f"{app.base}label?language=sw", java_script_enabled=False) as page:
        item = page.locator("#label [name=item]").input_value()
        page.get_by_role("button", name="Refused").click()
        assert "1 of 20" in page.locator("#pn").inner_text()
    assert rows(app.run) == [(item, "1", "safe", "refused")]


def test_a_server_that_is_gone_is_told(app, browser):
    told = []
    with page_of(browser, f"{app.base}label?language=sw", complaints=told) as page:
        app.kill()
        page.keyboard.press("u")
        page.locator("#lost").wait_for()
        says(page.locator("#lost").inner_text(), "Not saved", "Start it again")
    assert rows(app.run) == []


def test_only_what_was_drawn_is_labelled(app):
    own = {"Origin": app.base[: app.base.index("/", 8)]}
    item = "item=r0000-0000-0&label=safe"
    for sent in (item, "item=&label=safe", "label=safe", "undo=1"):
        asked(f"{app.base}label?language=en", sent.encode(), **own)
    assert rows(app.run) == []
    status, _, text = asked(f"{app.base}label?language=en", item.encode(), **own)
    assert status == 400
    says(text, "Nothing was saved")
    assert asked(f"{app.base}label", b"draw=1&n=x", **own)[0] == 400
    assert asked(f"{app.base}label?language=en", item.encode())[0] == 403


@pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")
def test_a_run_that_cannot_be_written_says_how_to_copy_it(app):
    app.run.chmod(0o555)
    try:
        says(asked(f"{app.base}label")[2], "cannot be written", "cp -r", "safeglot label COPY")
    finally:
        app.run.chmod(0o755)
