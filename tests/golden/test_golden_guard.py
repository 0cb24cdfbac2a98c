import json
from dataclasses import replace

import pytest

from golden.conftest import DATA
from safeglot.backends.files.datasets import alert_toml
from safeglot.backends.store.store import Store
from safeglot.flow.measure.cube import cube_of
from safeglot.flow.measure.judges.reliability import estimates
from safeglot.flow.run.manifest import taxonomy_table
from safeglot.prompts.taxonomy import parse_taxonomy
from unit.flow.measure.judges.test_reliability import manifest_of, put

HAZARDS = {f"S{i}" for i in range(1, 15)}


@pytest.mark.parametrize("off", [False, True])
def test_codes_fit_by_the_golden_map_and_no_others(tmp_path, off):
    golden = json.loads((DATA / "40_taxonomy_map.json").read_text("utf-8"))["map"]
    alert = parse_taxonomy(alert_toml(), "alert.toml")
    manifest = replace(manifest_of(), taxonomy=taxonomy_table(alert))
    store, at = Store(tmp_path / "run.db"), 0
    for category, told in golden.items():
        for code in sorted(HAZARDS - set(told["codes"]) if off else told["codes"]):
            put(store, at, unsafe=1, codes=(code,), category=category)
            at += 1
    rows = estimates(store, manifest, cube_of(store, manifest), level=0.95)
    (row,) = (e for e in rows if e.metric == "category_consistency" and e.language == "en")
    assert (row.value, row.n, row.missing) == (0.0 if off else 1.0, at, 0)
    store.close()
