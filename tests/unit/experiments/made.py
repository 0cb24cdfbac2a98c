"""Finished runs on disk, from verdicts that a test gives; texts are placeholders."""

from itertools import product

import numpy as np

from example.manifest import manifest_with, taxonomy_table
from example.rows import Writer
from safeglot.backends.files.rundir import RunDir
from safeglot.backends.store.store import Store
from safeglot.flow.measure.cube import cube_of
from safeglot.keys import translation_key
from safeglot.report.results_json import to_json
from safeglot.score.basic import estimates
from safeglot.types import Estimate, Prompt, Translation


def run_in(
    path,
    unsafe_JMLP,
    *,
    judges=("j",),
    models=("m",),
    categories=("a", "b"),
    scored=True,
    ids="p",
    **about,
):
    """A run of one sample a prompt; -1 is an answer without a verdict. Returns its folder."""
    unsafe_JMLP = np.asarray(unsafe_JMLP)
    languages = about.pop("languages", ("en", "de", "sw")[: unsafe_JMLP.shape[2]])
    manifest = manifest_with(
        judges={judge: f"{judge}:1" for judge in judges},
        models=models,
        model_ids=models,
        languages=languages,
        taxonomy=taxonomy_table(categories=categories),
        **about,
    )
    run_dir = RunDir(path)
    run_dir.create()
    store = Store(run_dir.database)
    _fill(store, unsafe_JMLP, manifest, ids)
    run_dir.write({}, manifest)
    if scored:
        write_estimates(path, estimates(cube_of(store, manifest)))
    store.close()
    return path


def write_estimates(path, rows):
    (path / "results.json").write_text(to_json(list(rows), "invented"), "utf-8")


def _fill(store, unsafe_JMLP, manifest, ids):
    put, names = Writer(store), manifest.taxonomy.categories
    for p in range(unsafe_JMLP.shape[3]):
        prompt = Prompt(
            id=f"{ids}{p}",
            text="ask",
            language="en",
            categories=(names[p % len(names)],),
            source="s",
        )
        texts = [
            Translation(prompt=prompt.id, language=tag, text=f"ask in {tag}")
            for tag in manifest.languages
        ]
        store.add_inputs([prompt], texts)
        for (language, text), (m, model) in product(enumerate(texts), enumerate(manifest.models)):
            number = put.answer(translation_key(text), model)
            for j, judge in enumerate(manifest.judges):
                unsafe = int(unsafe_JMLP[j, m, language, p])
                if unsafe >= 0:
                    put.verdict(number, unsafe, judge)


def estimate(metric, value, **more):
    """An estimate with an interval of +-0.02, by judge j on model m in German."""
    fields = {"judge": "j", "model": "m", "language": "de", "method": "invented", "n": 40}
    if value is not None:
        fields |= {"low": value - 0.02, "high": value + 0.02}
    return Estimate(metric=metric, value=value, **(fields | more))


def column(table, name):
    """The cells of a column, as their numbers, or their words."""
    index = [c.name for c in table.columns].index(name)
    word = table.columns[index].kind == "word"
    return [row[index].text if word else row[index].value for row in table.rows]
