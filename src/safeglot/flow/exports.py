"""A run in the forms of others: logs of Inspect, Every Eval Ever, a paper's tables and figures."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path

from safeglot import __version__
from safeglot.backends.browser import drawings
from safeglot.backends.files.links import check_folder, replaced
from safeglot.backends.files.manifest import Manifest
from safeglot.backends.files.rundir import RunDir, write_bytes, write_text
from safeglot.backends.store.reading.requests import ended_requests
from safeglot.backends.store.store import Store
from safeglot.errors import UsageError
from safeglot.flow.measure.estimates import signature
from safeglot.flow.page import page_of
from safeglot.flow.run import session
from safeglot.keys import digest
from safeglot.report.environment import file_text
from safeglot.report.formats import every_eval, paper_tables
from safeglot.report.formats.every_eval import plain_name
from safeglot.report.results_json import from_json
from safeglot.report.table import to_csv
from safeglot.score.catalogue.metric import RANGES, WORSE
from safeglot.score.catalogue.metrics import metric

Written = Iterator[tuple[Path, int | None]]
"""The path of each file with the number of its rows, as it is written; a picture has none."""


def write(run_dir: RunDir, form: str, folder: Path) -> Written:
    """Yield each file of a run in one of `FORMS`. Raises: UsageError."""
    session.of_models(run_dir)
    _make(folder, "--out")
    yield from FORMS[form](run_dir, folder)


def _make(folder: Path, flag: str) -> None:
    check_folder(folder, folder.parent)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"{flag} {folder}: {error.strerror or error}. Give a folder that can be written."
        ) from None


def _tables(run_dir: RunDir, folder: Path) -> Written:
    tables = paper_tables.paper_tables(page_of(run_dir, 0))
    for name, text in (("tables.tex", paper_tables.latex(tables)), ("tables.csv", to_csv(tables))):
        write_text(folder / name, text)
        yield folder / name, sum(len(table.rows) for table in tables)


def _figures(run_dir: RunDir, folder: Path) -> Written:
    from safeglot.report.html import render_html

    yield from write_figures(render_html(page_of(run_dir, 0)), folder)


def write_figures(html: str, folder: Path) -> Written:
    """Yield each figure of one of our pages as SVG, PNG and CSV. Raises: UsageError."""
    _make(folder, "--figures")
    taken: set[str] = set()
    for drawing in drawings(html, file_text("scripts/figures.js")):
        stem = "-".join(map(plain_name, drawing.names))
        if stem in taken:  # names that differ in signs that no file name has
            stem = f"{stem}-{digest('figure', drawing.names)[:6]}"
        taken.add(stem)
        write_text(folder / f"{stem}.svg", drawing.svg)
        yield folder / f"{stem}.svg", None
        if drawing.png is not None:
            write_bytes(folder / f"{stem}.png", drawing.png)
            yield folder / f"{stem}.png", None
        write_text(folder / f"{stem}.csv", drawing.csv)
        yield folder / f"{stem}.csv", drawing.csv.count("\n") - 1
    if not taken:
        raise UsageError("--figures: the page has no figure, as of a run of one language.")


def _inspect(run_dir: RunDir, folder: Path) -> Written:
    from safeglot.backends.logs.inspect_writer import write_log

    with session.opened(run_dir) as store:
        about = run_dir.read_manifest().rating
        line = signature(store, about)
        told = {
            "created": _time(about).isoformat(), "prompts": about.source.name, "version": __version__,
            "signature": line,
        }  # fmt: skip
        for model in about.models:
            path = folder / f"{_file_name(model)}.eval"
            rows = ended_requests(store, model, tuple(about.judges))
            yield path, write_log(path, rows, model=model, judges=tuple(about.judges), about=told)


def _every_eval(run_dir: RunDir, folder: Path) -> Written:
    estimates, _ = from_json(run_dir.read_results())
    with session.opened(run_dir) as store:
        manifest = run_dir.read_manifest().rating
        scales = {name: _scale(name) for name in {e.metric for e in estimates}}
        for model in manifest.models:
            about = _evaluation(store, manifest, model, scales)
            path = folder / about.path
            beside = path.with_name(f"{path.stem}_samples.jsonl")
            path.parent.mkdir(parents=True, exist_ok=True)
            n = 0
            with replaced(beside) as partial, partial.open("w", encoding="utf-8") as file:
                for row in every_eval.samples(
                    about, ended_requests(store, model, tuple(manifest.judges))
                ):
                    file.write(json.dumps(row, ensure_ascii=False) + "\n")
                    n += 1
            whole = every_eval.result(about, estimates)
            whole["detailed_evaluation_results"] = {
                "format": "jsonl", "file_path": beside.relative_to(folder).as_posix(),
                "total_rows": n,
            }  # fmt: skip
            write_text(path, json.dumps(whole, ensure_ascii=False, indent=1) + "\n")
            yield beside, n
            yield path, len(whole["evaluation_results"])


def _scale(name: str) -> every_eval.MetricScale:
    try:
        entry = metric(name)
    except KeyError:  # results of another version
        return every_eval.MetricScale()
    least, most = RANGES[entry.unit] or (-math.inf, math.inf)
    is_worse = entry.polarity == WORSE
    return every_eval.MetricScale(unit=entry.unit, least=least, most=most, is_worse_higher=is_worse)


def _evaluation(
    store: Store, manifest: Manifest, model: str, scales: Mapping[str, every_eval.MetricScale]
) -> every_eval.Evaluation:
    return every_eval.Evaluation(
        model=model,
        signature=signature(store, manifest),
        created=_time(manifest).isoformat(),
        timestamp=str(_time(manifest).timestamp()),
        prompts=manifest.source.name,
        judges=manifest.judges,
        settings=manifest.settings,
        version=__version__,
        scales=scales,
    )


def _time(manifest: Manifest) -> datetime:
    return datetime.fromisoformat(manifest.created)


def _file_name(model: str) -> str:
    """Return a name that no other model has, of signs that every system takes."""
    kept = plain_name(model)
    return kept if kept == model else f"{kept}-{digest('file', model)[:6]}"


FORMS: dict[str, Callable[[RunDir, Path], Written]] = {
    "inspect": _inspect,
    "every-eval-ever": _every_eval,
    "latex": _tables,
    "figures": _figures,
}
