"""Translations drawn for raters, their ratings read back, and the numbers that they give."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from e2e.commands import read_rows, says, write_rows
from example.sets import ROUNDTRIP, TRANSLATORS, make_set
from safeglot.flow.translation.gate import read_gate


@pytest.fixture
def folder(tmp_path):
    return make_set(tmp_path / "set", 60, ("sw", "yo"))


def filled(rows, folder):
    """Rate by the text's own first estimate."""
    good = {(r["text"]): r["quality"].get(ROUNDTRIP, 0) for r in folder.read_translations()}
    return [row | {"adequacy": str(1 + round(4 * good[row["translation"]]))} for row in rows]


def rated(call, folder, *flags):
    done = call("ratings", "sample", folder.path, "--out", "to-rate.csv", *flags)
    assert done.code == 0, done.err
    rows = filled(read_rows(call.folder / "to-rate.csv"), folder)
    done = call("ratings", "add", folder.path, write_rows(call.folder / "done.csv", rows))
    assert done.code == 0, done.err
    return rows


def test_from_the_draw_to_the_table(folder, call):
    done = call("ratings", "sample", folder.path, "--out", "to-rate.csv", "--texts", 20)
    assert done.code == 0, done.err
    says(done.out, "0 of 20", "to-rate.csv (48 rows)", "to-rate.txt", "ratings add")
    says((call.folder / "to-rate.txt").read_text("utf-8"), "1  none of the meaning", "Swahili, Yoruba")  # fmt: skip
    rows = read_rows(call.folder / "to-rate.csv")
    assert {row["rater"] for row in rows} == {"1", "2"}
    assert all(row["adequacy"] == row["comment"] == "" for row in rows)
    whole = (call.folder / "to-rate.csv").read_text("utf-8")
    assert not any(name in whole for name in (*TRANSLATORS, ROUNDTRIP))
    done = call("ratings", "add", folder.path, write_rows(call.folder / "done.csv", filled(rows, folder)))  # fmt: skip
    says(done.out, "48 ratings read", "20 of 20", "24 of 24", "translations.html", "ratings show")
    shown = call("ratings", "show", folder.path)
    says(shown.out, "sw (Swahili)", "20 of 20", "Human", "the mapping is ours", "20 rated, needs 100")  # fmt: skip
    says(folder.page.read_text("utf-8"), "People find the meaning kept", "Human")
    tables = json.loads(call("ratings", "show", folder.path, "--json").out)["tables"]
    assert tables[0]["rows"][0][2]["text"] == "20 of 20"
    says(call("ratings", "show", folder.path, "--markdown").out, "| language |")


def test_a_spreadsheet_runs_no_text(folder, call):
    rows = [json.loads(line) for line in folder.translations.read_text("utf-8").splitlines()]
    for row in rows:
        row["text"], row["source"] = "=1+1", "@source"
    folder.translations.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    call("ratings", "sample", folder.path, "--out", "a.csv", "--texts", 3)
    assert {(r["translation"], r["source"]) for r in read_rows(call.folder / "a.csv")} == {("'=1+1", "'@source")}  # fmt: skip


def test_a_hundred_ratings_give_a_threshold_that_translate_takes(tmp_path, call):
    folder = make_set(tmp_path / "set", 150, ("yo",))
    rated(call, folder, "--texts", 110, "--gated", 20)
    out = call("ratings", "show", folder.path).out
    lines = out[out.index("[yo]") :]
    (tmp_path / "gate.toml").write_text("default = 0.5\n" + lines, "utf-8")
    gate = read_gate(str(tmp_path / "gate.toml"))
    ((name, bound),) = gate.by_language["yo"].items()
    # a text is rated 4 or more from an estimate of 0.625 on, and a tenth may be below
    assert name == ROUNDTRIP
    assert 0.5 < bound <= 0.625


def test_a_larger_draw_asks_only_for_what_is_lacking(folder, call):
    rated(call, folder, "--texts", 10, "--overlap", 0)
    done = call("ratings", "sample", folder.path, "--out", "b.csv", "--texts", 15, "--overlap", 0)
    says(done.out, "10 of 15", "(10 rows)")
    before = {row["item"] for row in read_rows(call.folder / "to-rate.csv")}
    assert not before & {row["item"] for row in read_rows(call.folder / "b.csv")}
    says(call("ratings", "show", folder.path).out, "10 of 15")


def test_a_draw_that_loses_texts_needs_again(folder, call):
    rated(call, folder, "--texts", 10)
    for flags in (("--texts", 5), ("--texts", 10, "--seed", 1)):
        says(call.refuse("ratings", "sample", folder.path, "--out", "b.csv", *flags), "--again", "20 texts were drawn already (seed 0)")  # fmt: skip
    done = call("ratings", "sample", folder.path, "--out", "b.csv", "--seed", 1, "--texts", 10, "--again")  # fmt: skip
    assert done.code == 0, done.err
    says(call("ratings", "show", folder.path).out, "are not counted", "Their ratings are kept")


def test_a_draw_that_is_rated_through_says_so(folder, call):
    rated(call, folder, "--texts", 4)
    says(call.refuse("ratings", "sample", folder.path, "--out", "b.csv", "--texts", 4), "all 8 texts", "--texts")  # fmt: skip


def test_texts_that_are_chosen_anew_are_not_counted_by_old_ratings(folder, call):
    rated(call, folder, "--texts", 10)
    rows = [json.loads(line) for line in folder.translations.read_text("utf-8").splitlines()]
    for row in rows:
        if row["language"] == "yo" and row["text"]:
            row["text"] += " [other]"
    folder.translations.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    folder.write_manifest(replace(folder.read_manifest(), digest="0" * 16))
    out = call("ratings", "show", folder.path).out
    says(out, "10 rated texts are not counted", "the set has changed since")
    assert "yo (Yoruba)   kept" not in out


def test_all_problems_are_told_with_their_places(folder, call):
    call("ratings", "sample", folder.path, "--out", "a.csv", "--texts", 10, "--overlap", 0)
    rows = read_rows(call.folder / "a.csv")
    one = rows[0]
    bad = [
        rows[0] | {"adequacy": "4"},
        one | {"adequacy": "5"},
        rows[2] | {"adequacy": "6"},
        rows[3] | {"adequacy": "4", "item": rows[3]["item"][:-1] + "x"},
        rows[4],
    ]
    write_rows(call.folder / "bad.csv", bad)
    (call.folder / "empty.csv").write_text("", "utf-8")
    (call.folder / "lacks.csv").write_text("item,rating\nt1,4\n", "utf-8")
    write_rows(call.folder / "none.csv", rows)
    (call.folder / "a.xlsx").write_bytes(b"x")
    message = call.refuse("ratings", "add", folder.path, "bad.csv", "empty.csv", "lacks.csv", "none.csv", "a.xlsx", "gone.csv")  # fmt: skip
    says(
        message, "bad.csv:3", "keep one", "bad.csv:2", "bad.csv:4", "'6'", "whole numbers from 1 to 5",
        "bad.csv:5", "did you mean", "empty.csv", "is empty", "lacks.csv", "no column adequacy",
        "none.csv", "no adequacy filled in", "a.xlsx", "gone.csv", "no such file",
    )  # fmt: skip
    assert "bad.csv:6" not in message


def test_ratings_in_parts_of_json_lines_with_names(folder, call):
    call("ratings", "sample", folder.path, "--out", "a.jsonl", "--texts", 5, "--overlap", 1)
    rows = [json.loads(line) for line in (call.folder / "a.jsonl").read_text("utf-8").splitlines()]
    for name in ("1", "2"):
        own = [row | {"rater": f"anna {name}", "adequacy": 4} for row in rows if row["rater"] == name]  # fmt: skip
        part = call.folder / f"{name}.jsonl"
        part.write_text("".join(json.dumps(row) + "\n" for row in own), "utf-8")
        assert call("ratings", "add", folder.path, part).code == 0
    says(call("ratings", "show", folder.path).out, "5 of 5")
    changed = own[0] | {"adequacy": 5}
    (call.folder / "new.jsonl").write_text(json.dumps(changed) + "\n", "utf-8")
    says(call("ratings", "add", folder.path, "new.jsonl").out, "1 ratings read, 1 of them changed")


@pytest.mark.parametrize(
    ("flags", "parts"),
    [
        (("--texts", -1), ("--texts", "from 0 on")),
        (("--texts", 0), ("at least one",)),
        (("--overlap", 1.5), ("--overlap", "0 to 1")),
        (("--out", "a.xlsx"), (".csv", ".jsonl")),
        (("--out", "none/a.csv"), ("no folder",)),
    ],
)
def test_draws_that_cannot_be_are_refused(folder, call, flags, parts):
    if "--out" not in flags:
        flags = (*flags, "--out", "a.csv")
    says(call.refuse("ratings", "sample", folder.path, *flags), *parts)


def test_ratings_before_a_draw_or_without_a_set_are_refused(folder, call):
    (call.folder / "a.csv").write_text("item,adequacy\nt1,4\n", "utf-8")
    says(call.refuse("ratings", "add", folder.path, "a.csv"), "ratings sample")
    says(call.refuse("ratings", "show", folder.path), "no texts were drawn")
    for command in (("show",), ("add", "a.csv"), ("sample", "--out", "b.csv")):
        says(call.refuse("ratings", command[0], "nowhere", *command[1:]), "no translation set here")
