import json

from golden.conftest import DATA
from safeglot.backends.files.datasets import alert_toml
from safeglot.prompts.taxonomy import parse_taxonomy


def test_coverage_of_llama_guard_3_is_the_golden_map():
    golden = json.loads((DATA / "40_taxonomy_map.json").read_text("utf-8"))
    alert = parse_taxonomy(alert_toml(), "alert.toml")
    ours = {
        category: {"codes": list(found.codes), "coverage": found.text}
        for category, found in alert.coverage.items()
    }
    assert ours == golden["map"]
    assert len(alert.categories) == golden["categories"]


def test_categories_and_macro_categories_are_those_of_the_published_counts():
    counts = json.loads((DATA / "alert_taxonomy_counts.json").read_text("utf-8"))
    alert = parse_taxonomy(alert_toml(), "alert.toml")
    assert set(alert.categories) == set(counts["micro"])
    assert list(alert.macros) == list(counts["macro"])
    sums = dict.fromkeys(alert.macros, 0)
    for category, n in counts["micro"].items():
        sums[alert.macro[category]] += n
    assert sums == counts["macro"]
