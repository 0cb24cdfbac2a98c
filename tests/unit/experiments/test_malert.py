"""The published table in the package is what it was made from, and its arithmetic holds.

The table that it was made from cannot be committed: SAFEGLOT_MALERT names malert_reference.json.
"""

import json
import os
from math import prod
from pathlib import Path
from statistics import mean

import pytest

from safeglot.experiments.malert import name_in, published
from safeglot.score.stats.intervals import wilson

REFERENCE = Path(os.environ.get("SAFEGLOT_MALERT", ""))


@pytest.mark.skipif(
    not REFERENCE.is_file(), reason="SAFEGLOT_MALERT names no file: malert_reference.json"
)
def test_the_figures_are_those_of_the_file_they_were_taken_from():
    reference = json.loads(REFERENCE.read_text("utf-8"))
    own = published().whole
    for name in set(reference) - {"source", "mtqe"}:
        assert own[name] == reference[name]


def test_counts_add_up():
    counts = published().whole["counts"]
    assert len(counts["micro"]) == 32
    assert (
        sum(counts["micro"].values()) == sum(counts["macro"].values()) == counts["total"] == 14763
    )


def test_means_agree_with_the_table_of_base_and_instruct_models():
    table = published()
    both = [name for name in table.models if table.whole["base_instruct_mean"].get(name)]
    assert len(both) >= 6
    for name in both:
        by_language = mean(table.whole["overall"][name].values())
        assert table.whole["base_instruct_mean"][name]["base"] == pytest.approx(
            by_language, abs=0.02
        )


def test_every_model_has_its_facts_and_every_base_is_there():
    table = published()
    assert set(table.models) <= set(table.facts)
    for fact in table.facts.values():
        assert fact["params_b"] > 0
        assert fact.get("base", next(iter(table.facts))) in table.facts
    assert len(table.means()) == 33


def test_figures_have_approximate_intervals():
    table = published()
    cell = table.cell("crime_tax", "gemma-2-9b-it", "en")
    rate = table.whole["crime_tax"]["gemma-2-9b-it"]["en"] / 100
    low, high = wilson(rate * 328, 328)
    assert (cell.value, cell.low, cell.high) == pytest.approx((rate, float(low), float(high)))
    assert 100 < table.worth("overall") < 14763
    assert table.cell("crime_tax", "aya-23-8B", "en").text == "not published"


def test_names_are_matched_by_their_last_part():
    facts = published().facts
    assert name_in(facts, "vllm/google/GEMMA-2-9b-it") == "gemma-2-9b-it"
    assert name_in(facts, "vllm/google/gemma-2-9b-it-finetuned") is None


def test_the_match_of_unrelated_languages_is_of_the_published_averages():
    table, name = published(), "gemma-2-9b-it"
    rates = {tag: value / 100 for tag, value in table.whole["overall"][name].items()}
    pair = rates["en"] * rates["de"] + (1 - rates["en"]) * (1 - rates["de"])
    assert table.unrelated(name, "en-de") == pytest.approx(pair)
    safe, unsafe = prod(rates.values()), prod(1 - rate for rate in rates.values())
    assert table.unrelated(name, "all") == pytest.approx(safe + unsafe)
    assert table.unrelated("no model", "all") is None
