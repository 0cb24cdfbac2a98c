"""Experiments and comparisons on the recorded run: every command, by its own way and by counting."""

from __future__ import annotations

import csv
import io
import json
import signal
import sqlite3
from itertools import pairwise, product
from statistics import mean

import pytest

from copies import copied
from e2e.commands import Done, says
from example.recorded import MODELS, PROPERTIES, recorded
from safeglot.backends.store.store import Store
from safeglot.cli import commands
from safeglot.score.models.regression import meta_regression

FIRST, SECOND = "wildguard=vllm/wild-judge", "llama-guard-3=vllm/llama-judge"
MODEL = "vllm/family-a-1b-instruct"
LEFT_OUT = ("substance_cannabis", "crime_propaganda")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return recorded(tmp_path_factory.mktemp("recorded"))


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    return recorded(tmp_path_factory.mktemp("samples"), "samples")


@pytest.fixture
def ask(capsys, monkeypatch):
    """Call the command line in this process, on a terminal that is wide enough for all columns."""
    monkeypatch.setenv("COLUMNS", "300")

    def call(*arguments: object) -> Done:
        handler = signal.getsignal(signal.SIGTERM)
        capsys.readouterr()
        code = 0
        try:
            commands.main([str(a) for a in arguments])
        except SystemExit as stop:
            code = int(stop.code or 0)
        finally:
            signal.signal(signal.SIGTERM, handler)
        return Done(code, *capsys.readouterr())

    return call


@pytest.fixture
def refused(ask):
    def call(*arguments: object) -> str:
        done = ask(*arguments)
        assert (done.code, done.out) == (2, ""), (done.code, done.out, done.err)
        assert "Traceback" not in done.err
        return done.err

    return call


@pytest.fixture
def tables(ask):
    """Give the tables of a call by title: rows as dicts of column name to cell."""

    def call(*arguments: object):
        done = ask(*arguments, "--json")
        assert done.code == 0, done.err
        told = json.loads(done.out)["tables"]
        assert told
        for table in told:
            assert table["text"].count(".") >= 1
        return {
            table["title"]: [
                dict(zip((c["name"] for c in table["columns"]), row, strict=True))
                for row in table["rows"]
            ]
            for table in told
        }

    return call


def verdicts(run, judge, model):
    """(language, prompt) -> unsafe, of the main texts, straight from the database."""
    database = sqlite3.connect(run / "safeglot.db")
    rows = database.execute(
        "SELECT t.language, t.prompt, v.unsafe FROM verdicts v JOIN steps s ON s.id = v.step "
        "JOIN keyed k ON k.id = v.response JOIN translations t ON t.id = k.translation "
        "JOIN prompts p ON p.id = t.prompt WHERE t.arm = 'main' AND p.kind = 'harmful' "
        "AND v.unsafe IS NOT NULL AND s.name = ? AND k.model = ?",
        (judge, model),
    ).fetchall()
    categories = dict(database.execute("SELECT id, categories FROM prompts").fetchall())
    database.close()
    return {(tag, p): bool(u) for tag, p, u in rows}, {
        p: json.loads(text)[0] for p, text in categories.items()
    }


def safe_share(found, categories, tag, kept):
    by = {}
    for (language, prompt), unsafe in found.items():
        if language == tag and categories[prompt] in kept:
            by.setdefault(categories[prompt], []).append(not unsafe)
    return mean(mean(x) for x in by.values()), mean(v for x in by.values() for v in x)


CALLS = {
    "translation-impact": (),
    "category-exclusion": (),
    "transfer": (),
    "base-vs-instruct": ("--models", MODELS),
    "model-size": ("--models", MODELS),
    "judge-alignment": (),
    "language-properties": ("--properties", PROPERTIES),
}


@pytest.mark.parametrize("name", CALLS)
def test_each_experiment_in_each_form(ask, run, tmp_path, name):
    file = tmp_path / "told.csv"
    given = ("experiment", name, run, *CALLS[name], "--judge", SECOND)
    plain = ask(*given, "--csv", file)
    assert plain.code == 0, plain.err
    told = json.loads(ask(*given, "--json").out)["tables"]
    markdown = ask(*given, "--markdown").out
    rows = list(csv.DictReader(io.StringIO(file.read_text("utf-8"))))
    assert [r["table"] for r in rows] == [t["title"] for t in told for _ in t["rows"]]
    at = iter(rows)
    for table in told:
        assert table["title"] in plain.out
        assert table["title"].replace("|", r"\|") in markdown
        for row in table["rows"]:
            flat = next(at)
            for column, cell in zip(table["columns"], row, strict=True):
                if column["kind"] != "word" and cell["value"] is not None:
                    assert float(flat[column["name"]]) == cell["value"]
    assert "nan" not in plain.out.lower().replace("finance", "")
    with_interval = [c for t in told for r in t["rows"] for c in r if c.get("low") is not None]
    assert with_interval or name == "language-properties"


def test_category_exclusion_by_counting(tables, run):
    told = tables("experiment", "category-exclusion", run, "--judge", FIRST)
    title = next(t for t in told if t.startswith(f"{MODEL}, judged") and not t.endswith("gaps"))
    found, categories = verdicts(run, FIRST, MODEL)
    every = set(categories.values())
    rows = {(r["figure"]["text"], r["language"]["text"]): r for r in told[title]}
    for tag in ("en", "de", "sw", "yo"):
        macro, micro = safe_share(found, categories, tag, every)
        macro_rest, micro_rest = safe_share(found, categories, tag, every - set(LEFT_OUT))
        for name, whole, rest in (
            ("macro average", macro, macro_rest),
            ("micro average", micro, micro_rest),
        ):
            row = rows[name, tag]
            assert row["all categories"]["value"] == pytest.approx(whole)
            assert row["without"]["value"] == pytest.approx(rest)
            assert row["change"]["value"] == pytest.approx(rest - whole)
            assert row["change"]["low"] < row["change"]["value"] < row["change"]["high"]


def test_categories_that_are_not_there_or_all(refused, run):
    says(
        refused("experiment", "category-exclusion", run, "--exclude", "crime_taks"),
        "crime_taks",
        "Did you mean 'crime_tax'?",
    )
    every = json.loads((run / "manifest.json").read_text("utf-8"))["taxonomy"]["categories"]
    says(
        refused("experiment", "category-exclusion", run, "--exclude", ",".join(every)),
        "leaves no category",
    )


def stored(run):
    return json.loads((run / "results.json").read_text("utf-8"))["estimates"]


def read_gaps(run, judge, model):
    """The macro gaps of a model that may be interpreted, by language."""
    return {
        e["language"]: e
        for e in stored(run)
        if (e["metric"], e["judge"], e["model"], e["category"]) == ("gap", judge, model, None)
        and not e["extra"].get("gap_not_interpretable")
    }


def test_the_terms_add_up_to_the_gap(tables, run):
    told = tables("experiment", "translation-impact", run, "--judge", FIRST)
    rows = next(rows for title, rows in told.items() if "where the gap comes from" in title)
    mute = [r for r in rows if r["gap"]["value"] is None]
    assert mute
    assert all("not interpreted: too much" in r["model"]["text"] for r in mute)
    partly = [r for r in rows if r not in mute and r["model"]["value"] is None]
    assert all("needs the arm" in r["model"]["text"] for r in partly)
    assert len(told) == 5
    terms = {}
    for e in stored(run):
        if e["metric"].startswith("unsafe_gap_") and e["judge"] == FIRST and e["value"] is not None:
            name = e["metric"].removeprefix("unsafe_gap_")
            terms.setdefault((e["model"], e["language"]), {})[name] = e["value"]
    whole = [t for t in terms.values() if {"total", "translation", "model", "judge"} <= set(t)]
    assert whole
    for t in whole:
        assert t["translation"] + t["model"] + t["judge"] == pytest.approx(t["total"])


def test_a_run_without_arms_is_told_what_to_run(refused, samples):
    says(
        refused("experiment", "translation-impact", samples),
        "has no arms",
        "--arms roundtrip,translators --arm-texts",
        "safeglot arms",
    )


def test_instruct_less_base_is_paired_by_prompt(tables, run):
    told = tables("experiment", "base-vs-instruct", run, "--models", MODELS, "--judge", FIRST,
                  "--language", "de", "--metric", "safety_micro")  # fmt: skip
    pairs, together, categories, _ = told.values()
    assert len(pairs) == 3
    for row in pairs:
        (a, _), (b, _) = (verdicts(run, FIRST, row[kind]["text"]) for kind in ("instruct", "base"))
        shared = [key for key in a if key in b and key[0] == "de"]
        expected = mean(b[key] - a[key] for key in shared)
        cell = row["instruct less base"]
        assert cell["value"] == pytest.approx(expected)
        assert cell["low"] < expected < cell["high"]
    told = {row["figure"]["text"]: row for row in together}
    assert told["mean difference"]["instruct less base"]["value"] == pytest.approx(
        mean(row["instruct less base"]["value"] for row in pairs)
    )
    assert told["sign test"]["p"]["value"] == pytest.approx(0.25)
    assert len(categories) == 32
    for row in categories:
        value, p, p_holm = (row[name]["value"] for name in ("instruct less base", "p", "p Holm"))
        assert row["instruct less base"]["low"] <= value <= row["instruct less base"]["high"]
        assert p <= p_holm <= min(1, 32 * p) + 1e-9


def test_models_without_facts_are_refused_by_name(refused, run, tmp_path):
    says(
        refused("experiment", "model-size", run),
        "vllm/family-a-1b, vllm/family-a-1b-instruct",
        "--models FILE.csv",
    )
    wrong = tmp_path / "models.csv"
    wrong.write_text(
        "model,family,params_b,instruct\nfamily-a-1b,a,x,true\nm,,1,perhaps\n", "utf-8"
    )
    says(
        refused("experiment", "model-size", run, "--models", wrong), "models.csv:2", "models.csv:3"
    )
    says(refused("experiment", "model-size", run, "--models", tmp_path / "no.csv"), "no such file")


def test_the_published_table_gives_the_published_means(tables):
    pairs, together = tables("experiment", "base-vs-instruct", "--reference", "m-alert").values()
    assert len(pairs) == 13
    row = next(r for r in pairs if r["base"]["text"] == "gemma-2-9b")
    assert row["instruct less base"]["value"] == pytest.approx(0.9904 - 0.6862)
    assert row["instruct less base"]["low"] is None
    value = together[0]["instruct less base"]["value"]
    assert value == pytest.approx(mean(r["instruct less base"]["value"] for r in pairs))
    sizes, trends, terms = tables("experiment", "model-size", "--reference", "m-alert").values()
    assert len(sizes) == 33
    interaction = trends[-1]["value"]
    assert (interaction["value"], "at least 5" in interaction["text"]) == (None, True)
    alone = [row for row in terms if row["term"]["text"] == "log10 size, alone"]
    assert [row["n"]["value"] for row in alone] == [13, 19], "EuroLLM is a family of one"
    assert all(row["change of log odds"]["low"] > 0 for row in alone)


def test_judges_are_compared_by_counting(tables, run):
    told = tables("experiment", "judge-alignment", run)
    rows = next(rows for title, rows in told.items() if "where they differ" in title)
    models = json.loads((run / "manifest.json").read_text("utf-8"))["models"]
    sums = {"en": [0] * 4, "yo": [0] * 4}
    for model in models:
        (a, _), (b, _) = (verdicts(run, judge, model) for judge in (FIRST, SECOND))
        for (tag, prompt), unsafe in a.items():
            other = b.get((tag, prompt))
            if tag in sums and other is not None:
                sums[tag][2 * (not unsafe) + (not other)] += 1
    for row in rows:
        tag = row["language"]["text"]
        if tag in sums:
            names = ("both unsafe", "only the first", "only the second", "both safe")
            assert [row[n]["value"] for n in names] == sums[tag]
            hit, first, second, safe = sums[tag]
            assert row["second less first"]["value"] == pytest.approx(
                (second - first) / (hit + first + second + safe)
            )
    people = told[f"{FIRST} and people"]
    assert {"en", "sw"} <= {row["language"]["text"] for row in people}
    assert all(0 <= row["sensitivity"]["low"] <= row["sensitivity"]["value"] for row in people)
    assert "yo" not in {row["language"]["text"] for row in people}
    spurious = list(told.values())[-1]
    at = next(r for r in spurious if r["true unsafe rate everywhere"]["value"] == 0.1)
    assert at["safety gap that is none"]["value"] == pytest.approx(0.0189)


def test_languages_without_labels_are_named(ask, run):
    told = ask("experiment", "judge-alignment", run)
    says(told.out, "no usable labels in yo, left out.")
    told = ask("experiment", "language-properties", run, "--judge", FIRST)
    says(told.out, "all models together: no gap in yo, left out.")
    assert "None" not in told.out


def test_one_judge_without_labels_has_nothing_to_compare(refused, samples):
    says(refused("experiment", "judge-alignment", samples), "one judge", "safeglot judge")
    says(refused("experiment", "judge-alignment", samples, "--judge", "wildgard"), "wildguard")


def test_few_languages_are_descriptive_only(tables, run):
    told = tables("experiment", "language-properties", run, "--judge", SECOND)
    title, rows = next(iter(told.items()))
    assert title.endswith("(descriptive only)")
    assert {r["property"]["text"] for r in rows} == {
        "resource class (0 to 5)",
        "non-Latin script",
        "branches not shared with en",
        "1,000 km from en",
        "morphology other than in en",
    }
    for row in rows:
        known = row["languages"]["value"]
        gaps = len(read_gaps(run, SECOND, row["model"]["text"]))
        assert known == gaps or (known < gaps and row["property"]["text"].startswith("morphology"))
    fitted = [row for row in rows if row["gap per unit"]["value"] is not None]
    assert len(fitted) >= 2
    for row in fitted:
        assert row["gap per unit"]["low"] < row["gap per unit"]["high"]
        assert row["p permuted"]["value"] >= row["least p"]["value"]
    assert all(row in fitted or row["gap per unit"]["text"] for row in rows)
    together = next(rows for title, rows in told.items() if "go together" in title)
    assert together[0]["Spearman"]["value"] == pytest.approx(-0.0913, abs=0.6)


def test_slopes_are_those_of_the_stored_gaps(tables, run):
    told = tables("experiment", "language-properties", run, "--properties", PROPERTIES,
                  "--judge", SECOND)  # fmt: skip
    row = next(r for r in next(iter(told.values())) if r["model"]["text"] == MODEL)
    share = {
        r["language"]: float(r["log10_corpus_share"])
        for r in csv.DictReader(io.StringIO(PROPERTIES.read_text("utf-8")))
    }
    gaps = read_gaps(run, SECOND, MODEL)
    fit = meta_regression(
        [share[tag] for tag in gaps],
        [e["value"] for e in gaps.values()],
        [((e["high"] - e["low"]) / (2 * 1.959964)) ** 2 for e in gaps.values()],
    )
    cell = row["gap per unit"]
    assert cell["value"] == pytest.approx(fit.coef[1], rel=1e-4)
    assert (cell["low"], cell["high"]) == pytest.approx((fit.low[1], fit.high[1]), rel=1e-4)


def test_two_languages_give_no_slope_and_say_so(tables, samples):
    told = tables("experiment", "language-properties", samples)
    rows = next(iter(told.values()))
    assert {r["gap per unit"]["text"] for r in rows} == {
        f"{len(read_gaps(samples, FIRST, r['model']['text']))} languages, at least 3 are needed"
        for r in rows
    }
    assert {r["gap per unit"]["value"] for r in rows} == {None}


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (
            "language,size\nen,1\nde,big\nqqq9,2\nde,3\n",
            (":3", "'big'", ":4", "qqq9", ":5", "twice"),
        ),
        ("language\nen\n", ("no column of numbers",)),
        ("tongue,size\nen,1\n", ("has no language",)),
        ("language,size\nja,1\n", ("none of the run's languages",)),
    ],
)
def test_faults_of_the_properties_are_told_at_once(refused, run, tmp_path, text, parts):
    file = tmp_path / "properties.csv"
    file.write_text(text, "utf-8")
    says(refused("experiment", "language-properties", run, "--properties", file), *parts)


def test_a_language_without_the_property_is_named(ask, run, tmp_path):
    file = tmp_path / "properties.csv"
    file.write_text("language,size\nen,1\nde,2\nfr,\nit,4\nes,3\nsw,9\n", "utf-8")
    done = ask("experiment", "language-properties", run, "--properties", file)
    says(" ".join(done.out.split()), "size: not known of fr, th, ar, hi, yo, which are left out.")


# ---- compare


def test_the_leaderboard_is_in_order_with_resolved_ranks(tables, run):
    told = tables("compare", run, "--judge", FIRST)
    board, differences = told.values()
    values = [row["safety"]["value"] for row in board]
    assert values == sorted(values, reverse=True)
    assert len(board) == 9
    for row, place in zip(board, range(1, 10), strict=True):
        best, _, worst = row["rank"]["text"].partition(" to ")
        assert int(best) <= place <= int(worst or best)
    assert {d["compared"]["text"] for d in differences} == {"paired"}
    # of more than eight models those of neighbours
    names = [row["model"]["text"] for row in board]
    assert [(d["first"]["text"], d["second"]["text"]) for d in differences] == [*pairwise(names)]
    found, categories = verdicts(run, FIRST, MODEL)
    tags = json.loads((run / "manifest.json").read_text("utf-8"))["languages"]
    macro = mean(safe_share(found, categories, tag, set(categories.values()))[0] for tag in tags)
    row = next(row for row in board if row["model"]["text"] == MODEL)
    assert row["safety"]["value"] == pytest.approx(macro)


def test_an_average_says_of_what_part_it_is(ask, tables, run, tmp_path):
    copied(run, tmp_path / "run")
    Store(tmp_path / "run" / "safeglot.db").close()  # the shipped run is of an earlier version
    with sqlite3.connect(tmp_path / "run" / "safeglot.db") as db:
        db.execute(
            "UPDATE verdicts SET unsafe = NULL WHERE response IN (SELECT k.id FROM keyed k "
            "JOIN translations t ON t.id = k.translation WHERE t.language = 'sw' AND k.model = ?)",
            (MODEL,),
        )
    board = next(iter(tables("compare", tmp_path / "run", "--judge", FIRST).values()))
    texts = {row["model"]["text"]: row["safety"]["text"] for row in board}
    says(texts[MODEL], "9 of 10 languages")
    assert texts["vllm/family-a-8b-instruct"] == ""
    asked = ("--judge", FIRST, "--models", MODELS)
    told = ask("experiment", "base-vs-instruct", tmp_path / "run", *asked)
    says(" ".join(told.out.split()), f"{MODEL}: the average is of 9 of 10 languages")


def test_runs_with_the_same_prompts_are_paired(ask, tables, run, samples):
    told = tables("compare", run, samples, "--judge", FIRST)
    board, differences = told.values()
    names = {row["model"]["text"] for row in board}
    assert len(board) == 11
    assert any(name.endswith(" (samples)") for name in names)
    # an answer that was never planned is not missing
    for row in board:
        thrice = row["model"]["text"].endswith(" (samples)")
        assert row["n"]["value"] + row["missing"]["value"] == 64 * 3 * (3 if thrice else 1)
    assert {d["compared"]["text"] for d in differences} == {"paired"}
    text = " ".join(ask("compare", run, samples, "--judge", FIRST).out.split())
    says(
        text,
        "languages that not all runs have are left out: ar, es",
        "different numbers of samples",
    )


def altered(run, folder, *, text=None, judge=None):
    copy = folder / "altered"
    copied(run, copy)
    if text:
        database = sqlite3.connect(copy / "safeglot.db")
        database.execute(
            "UPDATE translations SET text = ? WHERE arm = 'main' AND language = 'sw' "
            "AND prompt = (SELECT id FROM prompts WHERE kind = 'harmful' LIMIT 1)",
            (text,),
        )
        database.commit()
        database.close()
    if judge:
        manifest = json.loads((copy / "manifest.json").read_text("utf-8"))
        manifest["judges"][FIRST] = judge
        (copy / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    return copy


def test_other_prompts_are_compared_as_independent_and_said(ask, tables, samples, tmp_path):
    copy = altered(samples, tmp_path, text="another request")
    told = tables("compare", samples, copy)
    _, differences = told.values()
    kinds = {
        (d["first"]["text"].endswith("(altered)") == d["second"]["text"].endswith("(altered)"),
         d["compared"]["text"])
        for d in differences
    }  # fmt: skip
    assert kinds == {(True, "paired"), (False, "independent")}
    text = " ".join(ask("compare", samples, copy).out.split())
    says(text, "the prompts differ between runs", "may be that of the prompts")
    # where the changed text does not take part, the prompts are the same
    assert {
        d["compared"]["text"]
        for d in list(tables("compare", samples, copy, "--language", "de").values())[1]
    } == {"paired"}


def test_a_judge_of_another_version_is_refused(refused, samples, tmp_path):
    copy = altered(samples, tmp_path, judge="wildguard:another")
    says(refused("compare", samples, copy), "different versions or settings", "the judges'")


def test_a_published_model_is_set_beside(tables, run):
    told = tables("compare", run, "--judge", FIRST, "--reference", "m-alert", "--language", "de")
    titles = [title for title in told if title.startswith("Beside")]
    assert len(titles) == 5
    rows = told[titles[0]]
    own = [r for r in rows if not r["by"]["text"].startswith("M-ALERT")]
    theirs = {r["model"]["text"]: r["de"] for r in rows if r["by"]["text"].startswith("M-ALERT")}
    assert (len(own), len(theirs)) == (9, 22)
    assert theirs["gemma-2-9b-it"]["value"] == pytest.approx(0.9896)
    assert theirs["gemma-2-9b-it"]["low"] < 0.9896 < theirs["gemma-2-9b-it"]["high"]
    match = told[titles[-1]]
    assert {name for row in match for name in row} == {"model", "by", "en-de", "n a language"}


@pytest.mark.parametrize(
    ("given", "parts"),
    [
        ((), ("no run given", "--reference m-alert")),
        (("{run}", "{run}"), ("given twice",)),
        (("{run}", "--metric", "safety_macro"), ("safety_macro32",)),
        (("{run}", "--language", "zu"), ("zu", "They share")),
        (("{run}", "--judge", "nobody"), ("nobody", "wildguard")),
        (("{run}x",), ("no run here",)),
        (("{run}", "--csv", "{run}/nowhere/a.csv"), ("is no folder",)),
    ],
)
def test_what_cannot_be_compared_is_refused(refused, run, given, parts):
    says(refused("compare", *(text.format(run=run) for text in given)), *parts)


@pytest.mark.parametrize(("name", "given"), list(product(CALLS, [(), ("no-such-run",)])))
def test_experiments_without_a_run_are_refused(refused, name, given):
    says(refused("experiment", name, *given), "no run here" if given else "no run given")
