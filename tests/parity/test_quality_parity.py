"""Our CometKiwi and MetricX against the packages of their authors, each in its own environment.

`scripts/parity_environment.sh DIR` makes that environment and prints the variables to set.
Without weights the architectures are compared on tiny random ones; where the published weights are
present, their folders are named by SAFEGLOT_COMETKIWI (a list, split as PATH is) and SAFEGLOT_METRICX.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="parity needs torch: pip install 'safeglot[neural]'")
pytest.importorskip(
    "transformers", reason="parity needs transformers: pip install 'safeglot[neural]'"
)

from extras.tiny_models import APART, PAIRS, comet, mt5, xlmr_encoder
from safeglot.backends.estimators import comet_model, metricx_model, quality_models

pytestmark = pytest.mark.parity

HERE = Path(__file__).parent
TOKENIZER_FILES = ("config.json", "spiece.model", "tokenizer.json", "tokenizer_config.json")
TOKENIZER = "google/mt5-xl"
"""MetricX brings no tokenizer; all sizes of mT5 have the same one."""
TOLERANCE = {"tiny": 2e-5, "published": 2e-4}
MAKE = "make its environment with scripts/parity_environment.sh"


def given(variable: str, what: str) -> str:
    value = os.environ.get(variable, "")
    if not value:
        pytest.skip(f"{variable} is not set, so {what}")
    return value


def folders(variable: str) -> list[Path]:
    value = given(variable, "the published weights are not compared: name their folders in it")
    return [Path(one) for one in value.split(os.pathsep)]


def reference(script: str, *arguments: object) -> dict[str, list]:
    python = given("SAFEGLOT_PARITY_PYTHON", f"the reference package does not run: {MAKE}")
    pairs = json.dumps([{"src": src, "mt": mt} for src, mt in PAIRS])
    done = subprocess.run(
        [python, str(HERE / script), *map(str, arguments)],
        input=pairs, capture_output=True, text=True, check=False, timeout=3600,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def compare(weights, told, tolerance: float, record_property) -> None:
    rows = [weights.tokens(mt, src) for src, mt in PAIRS]
    assert [list(row) for row in rows] == told["ids"]
    ours = weights.numbers(rows)
    largest = max(abs(a - b) for a, b in zip(ours, told["scores"], strict=True))
    record_property("largest_difference", largest)
    print(f"largest difference: {largest:.2e} on {len(rows)} pairs")
    assert largest <= tolerance


TINY = {
    "wmt22": (False, {}),
    "wmt23": (True, {"encoder_model": "XLM-RoBERTa-XL"}),
    "sparsemax-and-layer-norm": (
        True,
        {
            "encoder_model": "XLM-RoBERTa-XL",
            "layer_transformation": "sparsemax",
            "layer_norm": True,
        },
    ),
    "one-layer": (False, {"sent_layer": 2, "layer": 2, "final_activation": "Sigmoid"}),
    "africomet": (False, APART),
    "africomet-normed-sparsemax": (
        False,
        {**APART, "layer_norm": True, "layer_transformation": "sparsemax"},
    ),
    "africomet-largest-of-a-layer": (False, {**APART, "layer": 1, "pool": "max"}),
}


@pytest.mark.parametrize("which", TINY)
def test_cometkiwi_on_tiny_random_weights(which, tmp_path, record_property):
    large, changes = TINY[which]
    encoder = xlmr_encoder(tmp_path / "encoder", large=large)
    folder = comet(tmp_path / "kiwi", encoder, **changes)
    told = reference("comet_reference.py", folder)
    weights = comet_model.load(folder, str(encoder), device="cpu", dtype="float32")
    compare(weights, told, TOLERANCE["tiny"], record_property)


def test_cometkiwi_on_the_published_weights(record_property):
    for folder in folders("SAFEGLOT_COMETKIWI"):
        told = reference("comet_reference.py", folder)
        encoder, _ = quality_models.locate(
            quality_models.encoder_name(folder), only=comet_model.ENCODER_FILES
        )
        weights = comet_model.load(folder, str(encoder), device="cpu", dtype="float32")
        compare(weights, told, TOLERANCE["published"], record_property)


@pytest.mark.parametrize("edition", ["23", "24"])
def test_metricx_on_tiny_random_weights(edition, tmp_path, record_property):
    source = given("SAFEGLOT_METRICX_SOURCE", f"google-research/metricx does not run: {MAKE}")
    folder = mt5(tmp_path / "metricx")
    told = reference("metricx_reference.py", source, edition, folder, folder)
    weights = metricx_model.load(
        folder, str(folder), edition=metricx_model.EDITIONS[edition], device="cpu", dtype="float32"
    )
    compare(weights, told, TOLERANCE["tiny"], record_property)


def test_metricx_on_the_published_weights(record_property):
    for folder in folders("SAFEGLOT_METRICX"):
        source = given("SAFEGLOT_METRICX_SOURCE", f"google-research/metricx does not run: {MAKE}")
        edition = metricx_model.edition_of(str(folder))
        number = next(key for key, one in metricx_model.EDITIONS.items() if one is edition)
        pieces, _ = quality_models.locate(TOKENIZER, only=TOKENIZER_FILES)
        told = reference("metricx_reference.py", source, number, folder, pieces)
        weights = metricx_model.load(
            folder, str(pieces), edition=edition, device="cpu", dtype="float32"
        )
        compare(weights, told, TOLERANCE["published"], record_property)
