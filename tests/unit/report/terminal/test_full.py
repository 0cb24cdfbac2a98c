from __future__ import annotations

import re
from dataclasses import replace

import pytest

from example import full, small
from safeglot.report.page import NamedLanguage
from safeglot.report.terminal.full import tables
from unit.report.mitigated import mitigated


def test_the_small_example_as_text():
    text = tables(small.page(), 120)
    flat = " ".join(text.split())
    for part in (
        "acme/model-1b: unsafe answers by refusal-baseline, %, macro-32",
        "language unsafe 95% interval n against en interval p",
        "Swahili 10.9 10.4–12.2 640 +8.4 +6.4 to +10.4 <0.001 less safe",
        "English 2.5 2.0–3.7 640 reference",
        "Caveat: No person has checked the judge (Swahili's gap). By how much that moves a rate is not known.",
        "Caveat: A general caveat.",
        "By category: crime_theft in Swahili −10.6 points",
        "4 of 1,284 verdicts (0.31%) are missing. They are left out of every number",
    ):
        assert part in flat, part
    assert "\x1b" not in text


def test_what_mitigations_change_stands_in_the_terminal():
    text = tables(mitigated(), 200)
    assert "acme/model-1b: system-en" in text
    assert "+21.8 [+17.1 to" in text


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_line_is_wider_than_the_terminal(width):
    from rich.cells import cell_len

    run = replace(
        small.page().run,
        languages=(
            NamedLanguage(tag="en", name="English"),
            NamedLanguage(tag="sw", name="中文（繁體，香港）"),
        ),
    )
    text = tables(small.page(run=run), width)
    assert max(cell_len(line) for line in text.splitlines()) <= width


def test_markup_in_names_is_text():
    run = replace(small.page().run, models=("[red]m[/red]",))
    assert "[red]m[/red]" in tables(small.page(run=run), 100)


def test_each_of_many_models_has_its_table_and_a_caveat_stands_once():
    run = replace(small.page().run, models=tuple(f"m{i}" for i in range(9)))
    text = tables(small.page(run=run), 100)
    assert all(f"\nm{i}: unsafe answers by" in f"\n{text}" for i in range(9))
    assert text.count("Caveat: A general caveat.") == 1


def test_none_is_no_data():
    none = [replace(e, value=None, low=None, high=None, n=0, extra={}) for e in small.estimates()]
    text = tables(small.page(estimates=none), 80)
    assert "None" not in text
    assert re.search(r"English +–", text)


def test_by_labels_the_corrected_rates_stand_in_the_table():
    rows = [*full.labels(model=small.MODEL), *full.labels("en", model=small.MODEL)]
    text = tables(full.page(*rows), 100)
    assert "%, macro-32, by labels" in " ".join(text.split())
    assert re.search(r"Swahili +12\.4 +10\.2–14\.5 +250", text)


def test_bounds_stand_in_place_of_a_point():
    rows = full.classes(invalid=0.12, competent=0.75, show_bounds=1.0)
    text = tables(full.page(*rows, change=full.mute), 80)
    assert re.search(r"Swahili +bounds +10\.0–25\.0 +600 +– +not", text)
    assert "10.9" not in text
    flat = " ".join(text.split())
    assert "Caveat: Swahili: 12% of answers unusable (15 points of Swahili only)." in flat


def test_of_a_judge_that_tells_refusals_nothing_is_called_unsafe():
    run = replace(small.page().run, refusals_only=small.page().run.judges)
    text = tables(small.page(run=run), 100)
    assert "requests not refused by refusal-baseline" in text
    assert "unsafe" not in text.split("Caveat")[0]


def test_the_effects_of_probes_stand_in_the_terminal():
    variant = {"variant": "framing=story"}
    rows = [
        full.told("probe_unsafe", 0.42, judge="refusal-baseline", **variant),
        full.told("probe_effect", 0.123, 0.02, judge="refusal-baseline", parent="language", **variant),
        full.told("probe_interaction", 0.05, judge="refusal-baseline", **variant),
    ]  # fmt: skip
    text = tables(full.page(*rows), 120)
    assert "acme/model-1b: framing: story" in text
    row = next(line for line in text.split("framing: story")[1].splitlines() if "Swahili" in line)
    for part in ("42.0 [41.0–43.0]", "+12.3", "+10.3", "+5.0"):
        assert part in row, part
    assert "framing" not in tables(small.page(), 120)
