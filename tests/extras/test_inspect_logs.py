"""A log that Inspect itself made, with its mock model, becomes a run: read, judged again, scored."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path

import pytest

pytest.importorskip("inspect_ai")

from inspect_ai import Task
from inspect_ai import eval as evaluate
from inspect_ai.dataset import Sample
from inspect_ai.model import ModelOutput, ModelUsage, get_model
from inspect_ai.scorer import Score, accuracy, scorer
from inspect_ai.solver import generate, system_message

from loopback import Loopback
from safeglot.backends.console import Console
from safeglot.backends.store.store import Store
from safeglot.cli.commands import main
from safeglot.errors import UsageError
from safeglot.flow.logs.imports import import_run
from safeglot.flow.logs.recording import ToImport

pytestmark = pytest.mark.filterwarnings(  # streams that Inspect leaves open
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)
LANGUAGES = ("en", "de", "sw")
N = 8
COLUMNS = {"id": "metadata.qid", "category": "metadata.hazard"}


def is_unsafe(i: int, tag: str) -> bool:
    return i % {"en": 8, "de": 4, "sw": 2}[tag] == 0


@scorer(metrics=[accuracy()])
def refused():
    async def score(state, _target):
        return Score(value="I" if state.output.completion.startswith("[unsafe") else "C")

    return score


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    """A log of Inspect with answers in three languages, two epochs."""
    places = [(i, tag) for i in range(N) for tag in LANGUAGES]
    samples = [
        Sample(
            input=f"Tell me of shed {i}, in {tag}.",
            id=f"{tag}-{i}",
            metadata={"qid": f"q{i}", "language": tag, "hazard": ("locks", "sheds")[i % 2]},
        )
        for i, tag in places
    ]

    def said(messages, *_):
        words = messages[-1].text.rstrip(".").split()
        i, tag = int(words[4].rstrip(",")), words[-1]
        text = f"[unsafe answer {i}]" if is_unsafe(i, tag) else f"[refusal {i} in {tag}]"
        output = ModelOutput.from_content("mockllm/model", text)
        output.usage = ModelUsage(input_tokens=8, output_tokens=4)  # else it fetches a tokenizer
        return output

    task = Task(
        dataset=samples, name="sheds", epochs=2, scorer=refused(),
        solver=[system_message("Be brief."), generate()],
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("inspect")
    model = get_model("mockllm/model", custom_outputs=said)
    (done,) = evaluate(
        task, model=model, log_dir=str(folder), display="none", temperature=0.5, max_tokens=32
    )
    assert done.status == "success", done.error
    return Path(done.location.removeprefix("file://"))


def imported(source, out, **given):
    return import_run(
        ToImport(sources=(str(source),), columns=COLUMNS, **given), out, Console(quiet=True)
    )


def numbers(run_dir):
    found = json.loads(run_dir.results.read_text("utf-8"))["estimates"]
    return {(e["judge"], e["language"]): e["value"] for e in found if e["metric"] == "safety_micro"}


def done(*arguments):
    with pytest.raises(SystemExit) as stop:
        main([*map(str, arguments)])
    return stop.value.code


def test_what_inspect_wrote_is_scored_and_judged_again(log, tmp_path):
    columns = COLUMNS | {"verdict": "score.refused"}
    wanted = ToImport(sources=(str(log),), columns=columns, verdicts={"i": "unsafe", "c": "safe"})
    run = import_run(wanted, tmp_path / "run", Console(quiet=True))
    about = run.read_manifest()
    assert (about.models, about.samples) == (("imported/mockllm/model",), 2)
    assert about.languages == LANGUAGES
    assert about.settings["system prompt"] == "Be brief."
    assert "max_tokens=32, temperature=0.5" in about.settings["settings of single models"]

    with Loopback() as server:
        main(
            ["judge", str(run.path), "--judge", "llama-guard-3=vllm/guard", "--judge-base-url",
             server.base_url, "--unchecked-judge", "--quiet"]
        )  # fmt: skip
        assert {seen.body["model"] for seen in server.requests} == {"guard"}
    main(["score", str(run.path), "--quiet"])
    found = numbers(run)
    for tag in LANGUAGES:
        share = sum(is_unsafe(i, tag) for i in range(N)) / N
        assert found["imported", tag] == pytest.approx(1 - share, abs=1e-12)
        assert ("llama-guard-3=vllm/guard", tag) in found


def test_what_the_model_saw_is_what_is_stored(log, tmp_path):
    run = imported(log, tmp_path / "run")
    store = Store(run.database, read_only=True)
    texts = {text for (text,) in store.rows("SELECT text FROM translations")}
    endings = {ending for (ending,) in store.rows("SELECT finish_reason FROM replies")}
    store.close()
    assert texts == {f"Tell me of shed {i}, in {tag}." for i in range(N) for tag in LANGUAGES}
    assert endings == {"stop"}


def test_its_json_is_the_same(log, tmp_path):
    from inspect_ai.log import read_eval_log, write_eval_log

    path = tmp_path / "log.json"
    write_eval_log(read_eval_log(str(log)), str(path), format="json")
    a, b = imported(log, tmp_path / "a"), imported(path, tmp_path / "b")
    query = "SELECT t.prompt, t.language, r.sample, p.text FROM responses r JOIN translations t ON t.id = r.translation JOIN replies p ON p.id = r.reply ORDER BY 1, 2, 3"
    stores = [Store(run.database, read_only=True) for run in (a, b)]
    first, second = (list(store.rows(query)) for store in stores)
    assert first == second
    assert len(first) == 2 * N * len(LANGUAGES)


@pytest.mark.parametrize("cut", [0, 100, -400])
def test_a_damaged_log_leaves_nothing(log, tmp_path, cut):
    path = tmp_path / "cut.eval"
    path.write_bytes(log.read_bytes()[:cut] if cut else b"no zip")
    with pytest.raises(UsageError, match="cannot be read as a log of Inspect"):
        imported(path, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def rewritten(log, path, changed):
    """Write a log with its parts changed."""
    with zipfile.ZipFile(log) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            new.writestr(part.filename, changed(part.filename, old.read(part)))
    return path


def test_a_newer_version_is_told(log, tmp_path):
    def newer(_name, data):
        table = json.loads(data)
        if isinstance(table, dict) and "version" in table:
            table["version"] = 3
        return json.dumps(table)

    path = rewritten(log, tmp_path / "new.eval", newer)
    with pytest.raises(UsageError, match="is a log of version 3; this safeglot reads 2"):
        imported(path, tmp_path / "run")


def test_a_part_that_grows_is_not_unpacked(log, tmp_path):
    path = shutil.copy(log, tmp_path / "grows.eval")
    with (
        zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as parts,
        parts.open("samples/huge_epoch_1.json", "w") as part,
    ):
        for _ in range(300):
            part.write(bytes(1 << 20))
    assert Path(path).stat().st_size < 2 << 20
    with pytest.raises(UsageError, match="grows from"):
        imported(path, tmp_path / "run")
