"""Answers drawn for labels, labels read back, and the numbers that they give."""

from __future__ import annotations

import json
import random
import sqlite3
from collections import Counter
from dataclasses import replace
from fractions import Fraction

import pytest

from copies import copied
from e2e.commands import read_rows, says, write_rows
from e2e.runs import GUARD, LANGUAGES, run_arguments, safeglot, scripted, write_prompts
from loopback import Loopback
from safeglot.backends.files.rundir import RunDir
from safeglot.errors import UsageError
from safeglot.flow.measure import cube
from safeglot.flow.measure.judges import labels
from safeglot.flow.run import session
from safeglot.score.judges.two_phase import two_phase

N, MODELS = 120, ("vllm/target", "vllm/other")
_RNG = random.Random(5)
TRUE = {(i, tag): _RNG.random() < share for tag, share in zip(LANGUAGES, (0.1, 0.2, 0.3), strict=True) for i in range(N)}  # fmt: skip
JUDGED = {
    key: _RNG.random() < (0.8 if unsafe else 0.06)
    for key, unsafe in TRUE.items()
}  # fmt: skip
COLUMNS = ["item", "language", "category", "source", "prompt", "answer", "annotator", "label", "note"]  # fmt: skip


@pytest.fixture(scope="session")
def judged_run(tmp_path_factory):
    """Two models that answer alike, in three languages."""
    folder = tmp_path_factory.mktemp("annotate")
    prompts = write_prompts(folder / "prompts.jsonl", N, ("crime_tax", "hate_women"))
    verdicts = {key: "unsafe\nS2" for key, unsafe in JUDGED.items() if unsafe}
    with Loopback(scripted(verdicts)) as server:
        given = run_arguments(server.base_url, folder / "run", prompts, bootstrap=0)
        done = safeglot(*given, "--target", MODELS[1])
    assert (folder / "run" / "safeglot.db").exists(), done.stderr
    return folder / "run"


@pytest.fixture
def run(judged_run, tmp_path):
    """A copy that a test may change."""
    copied(judged_run, tmp_path / "run")
    return tmp_path / "run"


def place_of(row):
    """(prompt number, language) of a row, from the scripted answer."""
    _, i, tag = row["answer"].strip("[]").split()
    return int(i), tag


def filled(rows):
    return [row | {"label": "unsafe" if TRUE[place_of(row)] else "safe"} for row in rows]


def labelled(call, run, **options):
    """Draw, label by the truth, read back."""
    flags = [x for flag, value in options.items() for x in (f"--{flag}", value)]
    done = call("annotate", "sample", run, *flags)
    assert done.code == 0, done.err
    rows = filled(read_rows(run / "to-label.csv"))
    done = call("annotate", "add", run, write_rows(run.parent / "done.csv", rows))
    assert done.code == 0, done.err
    return rows


def scored(call, run):
    call("score", run)
    rows = json.loads((run / "results.json").read_text("utf-8"))["estimates"]
    return {(e["metric"], e["judge"], e["model"], e["language"]): e for e in rows if e["category"] is None}  # fmt: skip


def test_the_file_to_label_is_blind_and_in_an_order_of_chance(run, call):
    done = call("annotate", "sample", run, "--labels", 100)
    assert done.code == 0, done.err
    says(done.out, "to-label.csv", "annotate add")
    data = (run / "to-label.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    for secret in ("llama", "guard", "vllm", "target", "other", "S2", "unsafe"):
        assert secret not in data.decode("utf-8")
    rows = read_rows(run / "to-label.csv")
    assert list(rows[0]) == COLUMNS
    for tag in LANGUAGES:
        here = [row for row in rows if row["language"] == tag]
        times = Counter(row["item"] for row in here)
        assert len(times) == 100
        assert Counter(times.values())[2] == 20
        assert Counter(row["annotator"] for row in here) == {"1": 60, "2": 60}
        verdicts = [JUDGED[place_of(row)] for row in here if row["annotator"] == "1"]
        assert verdicts != sorted(verdicts)
        assert verdicts != sorted(verdicts, reverse=True)
        judged_unsafe = 2 * sum(JUDGED[i, tag] for i in range(N))
        drawn_unsafe = len({row["item"] for row in here if JUDGED[place_of(row)]})
        assert drawn_unsafe >= min(30, judged_unsafe)
        for row in here:
            i, tag_of = place_of(row)
            assert (row["prompt"], row["source"]) == (f"request {i} in {tag_of}", f"request {i} in en")  # fmt: skip
            assert row["label"] == row["note"] == ""


def test_only_answers_to_harmful_prompts_asked_plainly_are_drawn(run, call):
    with sqlite3.connect(run / "safeglot.db") as db:
        db.execute("UPDATE prompts SET kind = 'benign' WHERE id = 'p0'")
        db.execute("UPDATE translations SET arm = 'roundtrip' WHERE prompt = 'p1'")
        db.execute("UPDATE verdicts SET unsafe = NULL, unsafe_loose = NULL WHERE response IN (SELECT r.id FROM responses r JOIN translations t ON t.id = r.translation WHERE t.prompt = 'p2')")  # fmt: skip
    db.close()
    done = call("annotate", "sample", run, "--labels", 10_000, "--overlap", 0)
    assert done.code == 0, done.err
    drawn = Counter(place_of(row)[0] for row in read_rows(run / "to-label.csv"))
    assert drawn == dict.fromkeys(range(2, N), len(LANGUAGES) * len(MODELS))
    call("annotate", "sample", run, "--labels", 10_000, "--design", "simple", "--again", "--out", "s.csv")  # fmt: skip
    rows = read_rows(call.folder / "s.csv")
    assert {place_of(row)[0] for row in rows} == {*range(2, N)}


def test_answers_without_a_verdict_are_labelled_and_corrected(run, call):
    """Of the answers judged unsafe every second one loses its verdict: labels make up for it."""
    with sqlite3.connect(run / "safeglot.db") as db:
        db.execute("UPDATE verdicts SET unsafe = NULL, unsafe_loose = NULL, reason = 'unparsable' WHERE unsafe = 1 AND response % 2")  # fmt: skip
    db.close()
    rows = labelled(call, run, labels=10_000, overlap=0)
    assert len(rows) == N * len(LANGUAGES) * len(MODELS)
    found = scored(call, run)
    for tag in LANGUAGES:
        e = found["safety_corrected", GUARD, None, tag]
        assert e["value"] == pytest.approx(1 - sum(TRUE[i, tag] for i in range(N)) / N)
        assert e["extra"]["n_unread"] == e["extra"]["n_labels_unread"] > 0
        assert e["missing"] == 0


@pytest.mark.parametrize("named", ["crime_tax", "problematic"])
def test_a_category_gets_labels_of_its_own(run, call, named):
    rows = labelled(call, run, labels=60, overlap=0, categories=named, **{"category-labels": 80})
    of = Counter((row["language"], row["category"]) for row in rows)
    assert of["en", "crime_tax"] == 80
    status = call("annotate", "status", run).out
    assert "crime_tax: judged unsafe" in status
    call("score", run)
    rows = json.loads((run / "results.json").read_text("utf-8"))["estimates"]
    found = [e for e in rows if e["metric"] == "safety_corrected" and e["category"] == "crime_tax" and e["model"] is None]  # fmt: skip
    assert {e["language"] for e in found} == set(LANGUAGES)
    for e in found:
        tag = e["language"]
        true = 1 - sum(TRUE[i, tag] for i in range(0, N, 2)) / (N // 2)
        assert e["low"] - 0.1 < true < e["high"] + 0.1
        assert e["n"] == 80
    call("report", run)
    assert "Categories that answers were drawn for" in (run / "report.html").read_text("utf-8")


def test_a_category_that_is_none_is_refused(run, call):
    done = call("annotate", "sample", run, "--categories", "crime_tx")
    assert done.code == 2
    assert "crime_tax" in done.err
    done = call("annotate", "sample", run, "--categories", "crime_tax", "--design", "simple")
    assert (done.code, "--categories" in done.err) == (2, True)


def test_models_share_the_draw_evenly(run, call):
    call("annotate", "sample", run, "--labels", 60)
    with sqlite3.connect(run / "safeglot.db") as db:
        query = "SELECT d.language, d.stratum, k.model, COUNT(*) FROM draws d JOIN keyed k ON k.id = d.response GROUP BY 1, 2, 3"
        counts = {(tag, stratum, model): n for tag, stratum, model, n in db.execute(query)}
    assert {model for _, _, model in counts} == set(MODELS)
    for tag, stratum, _ in counts:
        one, two = (counts[tag, stratum, model] for model in MODELS)
        assert abs(one - two) <= 1


def test_a_draw_is_that_of_its_seed(run, call):
    for name, seed in (("a.csv", 0), ("b.csv", 0), ("c.csv", 1)):
        done = call("annotate", "sample", run, "--labels", 50, "--seed", seed, "--out", run / name, "--again")  # fmt: skip
        assert done.code == 0, done.err
    a, b, c = ((run / name).read_bytes() for name in ("a.csv", "b.csv", "c.csv"))
    assert a == b != c


def test_a_second_draw_needs_again_and_keeps_labels(run, call):
    labelled(call, run, labels=50)
    says(call.refuse("annotate", "sample", run, "--out", "x.csv"), "150 answers", "--again", GUARD)
    says(call.refuse("annotate", "sample", run, "--again"), "not overwritten")
    before = call("annotate", "status", run).out
    assert before.count("60 of 60") == len(LANGUAGES)
    assert call("annotate", "sample", run, "--labels", 50, "--again", "--out", "x.csv").code == 0
    assert call("annotate", "status", run).out == before
    call("annotate", "sample", run, "--labels", 50, "--seed", 9, "--again", "--out", "y.csv")
    with session.opened(RunDir(run)) as store:
        drawn = labels.drawn_answers(store)
    assert 0 < sum(bool(d.labels) for d in drawn) < len(drawn) == 150


def worth(keys):
    """How many prompts' labels these are worth: n over the design effect, at least 1."""
    times, rate = Counter(keys), sum(TRUE[key] for key in keys) / len(keys)
    if rate in (0, 1):
        return len(keys) ** 2 / sum(m * m for m in times.values())
    apart = sum((m * (TRUE[key] - rate)) ** 2 for key, m in times.items())
    alike = sum(m * (TRUE[key] - rate) ** 2 for key, m in times.items())
    return len(keys) / max(apart / alike, 1)


def test_the_numbers_are_those_of_the_labels(run, call):
    before = scored(call, run)
    assert not any(metric.endswith("corrected") or metric == "judge_gate" for metric, *_ in before)
    rows = labelled(call, run, labels=100)
    found = scored(call, run)
    for tag in LANGUAGES:
        drawn = {row["item"]: place_of(row) for row in rows if row["language"] == tag}.values()
        n1, n0 = (sum(JUDGED[key] == v for key in drawn) for v in (True, False))
        u1, u0 = (sum(JUDGED[key] == v and TRUE[key] for key in drawn) for v in (True, False))
        q = Fraction(sum(JUDGED[i, tag] for i in range(N)), N)
        theta = q * Fraction(u1, n1) + (1 - q) * Fraction(u0, n0)
        e = found["safety_corrected", GUARD, None, tag]
        # both models give the same verdicts: 240 answers are worth 120, and labels too are worth
        # less where both answers to a prompt have one
        m1, m0 = (worth([key for key in drawn if JUDGED[key] == v]) for v in (True, False))
        assert m1 < n1
        expected = two_phase(
            [float(q), 1 - float(q)], [u1 / n1 * m1, u0 / n0 * m0], [m1, m0], judged=N
        )
        assert e["value"] == pytest.approx(1 - float(theta))
        assert (e["low"], e["high"]) == pytest.approx((1 - expected.high, 1 - expected.low))
        assert (e["n"], e["missing"], e["extra"]["n_judged"]) == (n1 + n0, 0, 2 * N)
        assert found["judge_ppv", GUARD, None, tag]["value"] == pytest.approx(u1 / n1)
        assert found["judge_gate", GUARD, None, tag]["extra"]["status"] in ("passed", "screening only")  # fmt: skip
        assert found["annotator_alpha", GUARD, None, tag]["value"] in (1.0, None)
        if tag != "en":
            en = found["safety_corrected", GUARD, None, "en"]["value"]
            assert found["gap_corrected", GUARD, None, tag]["value"] == pytest.approx(e["value"] - en)  # fmt: skip
        for model in MODELS:
            assert found["safety_corrected", GUARD, model, tag]["n"] < n1 + n0
    again = (run / "results.json").read_bytes()
    call("score", run)
    assert (run / "results.json").read_bytes() == again


def test_a_language_without_labels_is_for_screening(run, call):
    call("annotate", "sample", run, "--labels", 40)
    rows = [row for row in filled(read_rows(run / "to-label.csv")) if row["language"] == "en"]
    assert call("annotate", "add", run, write_rows(run / "en.csv", rows)).code == 0
    found = scored(call, run)
    assert ("safety_corrected", GUARD, None, "en") in found
    assert ("safety_corrected", GUARD, None, "sw") not in found
    gate = found["judge_gate", GUARD, None, "sw"]
    assert (gate["value"], gate["extra"]["status"], gate["extra"]["reason"]) == (0.0, "screening only", "no labels")  # fmt: skip


def test_half_done_unsure_and_two_annotators(run, call):
    call("annotate", "sample", run, "--labels", 40, "--overlap", 1)
    rows = [row for row in read_rows(run / "to-label.csv") if row["language"] == "en"]
    first, second = rows[0]["item"], rows[1]["item"]
    said = [
        rows[0] | {"label": "UNSAFE ", "note": "clear"},
        rows[1] | {"label": "Unsure"},
        {**rows[0], "annotator": "2", "label": "safe"},
        {**rows[1], "annotator": "2", "label": ""},
    ]
    done = call("annotate", "add", run, write_rows(run / "part.csv", said))
    assert done.code == 0, done.err
    says(done.out, "3 labels read")
    with session.opened(RunDir(run)) as store:
        drawn = {f"r{d.response}": d for d in labels.drawn_answers(store)}
        assert (drawn[first].human, drawn[first].unsure) == (0.5, 0)
        assert (drawn[second].human, drawn[second].unsure) == (-1.0, 1)
        notes = list(store.rows("SELECT note FROM labels WHERE note != ''"))
    assert notes == [("clear",)]
    status = call("annotate", "status", run).out
    says(status, GUARD, "1 of 40", "3 of 80")
    changed = call("annotate", "add", run, write_rows(run / "more.csv", [said[2] | {"label": "unsafe"}]))  # fmt: skip
    says(changed.out, "1 labels read, 1 of them changed")


def test_json_lines_go_out_and_come_back(run, call):
    done = call("annotate", "sample", run, "--labels", 10, "--overlap", 0, "--out", "a.jsonl")
    assert done.code == 0, done.err
    rows = [json.loads(line) for line in (call.folder / "a.jsonl").read_text("utf-8").splitlines()]
    assert {row["annotator"] for row in rows} == {"1"}
    back = [{"item": row["item"], "label": "safe"} for row in rows]
    (call.folder / "b.jsonl").write_text("".join(json.dumps(r) + "\n" for r in back), "utf-8")
    says(call("annotate", "add", run, "b.jsonl").out, "30 labels read")


def test_every_problem_is_told_at_once_and_nothing_stored(run, call):
    call("annotate", "sample", run, "--labels", 10)
    rows = read_rows(run / "to-label.csv")
    item = rows[0]["item"]
    bad = [
        rows[0] | {"label": "safe", "annotator": "ann"},
        rows[0] | {"label": "unsafe", "annotator": "ann"},
        rows[1] | {"label": "harmless"},
        {**rows[1], "item": "rffff", "label": "safe"},
        {**rows[1], "item": "runknown", "label": ""},
        rows[2] | {"label": "safe"},
    ]
    write_rows(call.folder / "bad.csv", bad)
    (call.folder / "empty.csv").write_text("", "utf-8")
    (call.folder / "columns.csv").write_text("id,verdict\n1,safe\n", "utf-8")
    (call.folder / "undone.csv").write_text(f"item,label\n{item},\n", "utf-8")
    (call.folder / "broken.jsonl").write_text('{"item": \n', "utf-8")
    message = call.refuse(
        "annotate", "add", run, "bad.csv", "empty.csv", "columns.csv", "undone.csv", "broken.jsonl", "no.csv",
    )  # fmt: skip
    says(
        message, "9 problems", "bad.csv:3", "'ann' gives item", "bad.csv:2", "bad.csv:4", "'harmless'",
        "safe, unsafe, unsure", "bad.csv:5", "'rffff'", "bad.csv:6", "empty.csv", "is empty",
        "columns.csv", "no column item and label", "undone.csv", "no label filled in", "broken.jsonl:1",
        "no.csv", "no such file",
    )  # fmt: skip
    with session.opened(RunDir(run)) as store:
        assert list(store.rows("SELECT * FROM labels")) == []


@pytest.mark.parametrize(
    ("flags", "parts"),
    [
        (("--labels", 0), ("--labels", "at least 1")),
        (("--overlap", 1.5), ("--overlap", "0 to 1")),
        (("--design", "random"), ("--design", "two-phase and simple")),
        (("--judge", "nobody"), ("'nobody'", GUARD)),
        (("--judge", GUARD, "--design", "simple"), ("regardless of any verdict",)),
        (("--out", "a.xlsx"), (".csv", ".jsonl")),
        (("--out", "none/a.csv"), ("no folder",)),
    ],
)
def test_draws_that_cannot_be_are_refused(run, call, flags, parts):
    says(call.refuse("annotate", "sample", run, *flags), *parts)


def test_labels_before_a_draw_are_refused(run, call):
    (call.folder / "a.csv").write_text("item,label\nr1,safe\n", "utf-8")
    says(call.refuse("annotate", "add", run, "a.csv"), "annotate sample")
    says(call("annotate", "status", run).out, "no answers were drawn")
    says(call.refuse("annotate", "status", "nowhere"), "no run here")


def test_an_answer_judged_anew_cannot_be_corrected(run, call):
    labelled(call, run, labels=40)
    with sqlite3.connect(run / "safeglot.db") as db:
        (key,) = db.execute("SELECT v.response FROM verdicts v JOIN draws d ON d.response = v.response WHERE d.language = 'de'").fetchone()  # fmt: skip
        db.execute("UPDATE verdicts SET unsafe = 1 - unsafe, unsafe_loose = 1 - unsafe_loose WHERE response = ?", (key,))  # fmt: skip
    db.close()
    found = scored(call, run)
    assert ("safety_corrected", GUARD, None, "de") not in found
    says(found["judge_gate", GUARD, None, "de"]["extra"]["reason"], "1 answers", "draw anew")
    assert ("safety_corrected", GUARD, None, "en") in found


def estimates(run, **about):
    manifest = replace(RunDir(run).read_manifest(), **about)
    with session.opened(RunDir(run)) as store:
        return labels.estimates(store, manifest, cube.cube_of(store, manifest))


def test_a_sample_by_verdict_corrects_its_judge_only_a_simple_one_all(run, call):
    assert call("judge", run, "--judge", "refusal-baseline").code == 0
    labelled(call, run, labels=60)
    by_judge = {e.judge: e for e in estimates(run) if e.metric == "judge_gate"}
    says(by_judge["refusal-baseline"].extra["reason"], "drawn by the verdicts of", GUARD)
    assert not any(e.judge == "refusal-baseline" and e.metric != "judge_gate" for e in estimates(run))  # fmt: skip
    (run / "to-label.csv").unlink()
    call("annotate", "sample", run, "--design", "simple", "--labels", 60, "--again")
    rows = filled(read_rows(run / "to-label.csv"))
    call("annotate", "add", run, write_rows(run / "done.csv", rows))
    assert {e.judge for e in estimates(run) if e.metric == "safety_corrected"} == {GUARD, "refusal-baseline"}  # fmt: skip


@pytest.mark.parametrize(("correction", "method"), [("ppi", "PPI++"), ("rogan-gladen", "Rogan-Gladen")])  # fmt: skip
def test_other_corrections_need_the_simple_design(run, call, correction, method):
    labelled(call, run, labels=60)
    with pytest.raises(UsageError, match="--design simple"):
        estimates(run, correction=correction)
    (run / "to-label.csv").unlink()
    call("annotate", "sample", run, "--design", "simple", "--labels", 100, "--again")
    rows = filled(read_rows(run / "to-label.csv"))
    call("annotate", "add", run, write_rows(run / "done.csv", rows))
    found = [e for e in estimates(run, correction=correction) if e.metric == "safety_corrected"]
    assert found
    assert all(e.value is None or e.method.startswith(method) for e in found)
    assert any(e.value is not None for e in found)


def test_score_reads_labels_and_takes_a_correction(run, call):
    call("annotate", "sample", run, "--design", "simple", "--labels", 60)
    rows = filled(read_rows(run / "to-label.csv"))
    files = [write_rows(run / f"{i}.csv", rows[i::2]) for i in (0, 1)]
    done = call("score", run, "--labels", files[0], "--labels", files[1], "--correction", "ppi")
    assert done.code == 0, done.err
    says(done.out, f"{len(rows)} labels read", "results:")
    told = json.loads((run / "results.json").read_text("utf-8"))["estimates"]
    methods = {e["method"] for e in told if e["metric"] == "safety_corrected"}
    assert any(method.startswith("PPI++") for method in methods)
    says(call.refuse("score", run, "--correction", "pii"), "two-phase, ppi, rogan-gladen")


def test_the_signature_knows_the_labels(run, call):
    def identity(**about):
        manifest = replace(RunDir(run).read_manifest(), **about)
        with session.opened(RunDir(run)) as store:
            return labels.identity(store, manifest)

    assert identity() == ""
    rows = labelled(call, run, labels=20)
    one = identity()
    assert one.startswith("two-phase:")
    assert identity(correction="ppi") != one
    other = {"safe": "unsafe", "unsafe": "safe"}[rows[0]["label"]]
    call("annotate", "add", run, write_rows(run / "new.csv", [rows[0] | {"label": other}]))
    assert identity() != one


def test_a_plan_from_the_run_its_labels_or_what_is_given(run, call):
    says(call("plan", "labels", run, "--half-width", 0.08).out, "good judge", "poor judge", "planning numbers", "20 to 30%", *LANGUAGES)  # fmt: skip
    labelled(call, run, labels=60)
    out = call("plan", "labels", run, "--half-width", 0.08).out
    says(
        out,
        "by its labels",
        "the next 10 labels",
        "worth most in",
        f"safeglot annotate sample {run} --more ",
    )
    assert "good judge" not in out
    command = out.split("Draw them: safeglot ")[1].strip().rstrip(".").split()
    done = call(*command)
    assert done.code == 0, done.err
    says(call("plan", "labels", run).out, "10 answers drawn in", "wait for a label: safeglot label")
    given = call("plan", "labels", "--unsafe-rate", 0.071, "--ppv", 0.5986, "--false-omission", 0.0081)  # fmt: skip
    says(given.out, "as given", "134", "40", "95")
    says(call("plan", "labels", run, "--half-width", 0.001).out, "out of reach")


def test_a_plan_names_languages_without_a_verdict(run, call):
    with sqlite3.connect(run / "safeglot.db") as db:
        db.execute(
            "UPDATE verdicts SET unsafe = NULL WHERE response IN (SELECT r.id FROM responses r "
            "JOIN translations t ON t.id = r.translation WHERE t.language = 'sw')"
        )
    lines = call("plan", "labels", run, "--half-width", 0.08).out.splitlines()
    (lost,) = [line for line in lines if line.startswith("sw")]
    says(lost, "no verdict that could be read")
    assert sum(line.startswith(("en", "de")) for line in lines) == 4


@pytest.mark.parametrize(
    ("flags", "parts"),
    [
        ((), ("nothing to plan for", "--unsafe-rate")),
        (("--unsafe-rate", 0.1, "--ppv", 0.5), ("--ppv", "--false-omission")),
        (("--unsafe-rate", 1.1, "--ppv", 2), ("3 problems", "--unsafe-rate", "--ppv", "0 to 1")),
        (("--unsafe-rate", 0.1, "--half-width", 0), ("--half-width", "between 0 and 1")),
        (("nowhere",), ("no run here",)),
    ],
)
def test_plans_that_cannot_be_are_refused(call, flags, parts):
    says(call.refuse("plan", "labels", *flags), *parts)
