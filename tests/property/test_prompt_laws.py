import csv
import io
import json
from collections import Counter
from dataclasses import replace
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safeglot.backends.files.datasets import DataFile, alert_toml
from safeglot.errors import InputErrors
from safeglot.prompts.order import asking_order, rounds, shards
from safeglot.prompts.problems import SHOWN, Problems
from safeglot.prompts.prompt_set import PromptSet
from safeglot.prompts.reading.readers import ReadingOptions, read_prompts
from safeglot.prompts.reading.tables import Row, Table, read_table
from safeglot.prompts.selection import select
from safeglot.prompts.taxonomy import Taxonomy, parse_taxonomy
from safeglot.types import Prompt, Translation

ALERT = parse_taxonomy(alert_toml(), "alert.toml")
LANGUAGES = ("en", "sw", "no")
TEXT = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), include_characters="\n\t"), max_size=20
).map(lambda text: f"{text}?")
CATEGORIES = st.lists(st.sampled_from("vwxyz"), min_size=1, max_size=3, unique=True).map(tuple)
ROWS = st.dictionaries(
    st.integers(0, 99).map(str),
    st.tuples(CATEGORIES, st.sampled_from(["harmful", "benign"]), st.tuples(*[TEXT] * 3)),
    min_size=1,
    max_size=25,
)


def wide(rows):
    return [
        {"id": i, "category": list(c), "kind": k} | dict(zip(LANGUAGES, texts, strict=True))
        for i, (c, k, texts) in rows.items()
    ]


def long(rows):
    return [
        {"id": i, "category": list(c), "kind": k, "language": tag, "text": text}
        for i, (c, k, texts) in rows.items()
        for tag, text in zip(LANGUAGES, texts, strict=True)
    ]


def as_jsonl(records):
    text = "\n".join(json.dumps(record, ensure_ascii=False) for record in records)
    return DataFile(where="f", suffix=".jsonl", data=text.encode())


def as_csv(records):
    sink = io.StringIO()
    writer = csv.DictWriter(sink, list(records[0]))
    writer.writeheader()
    writer.writerows(records)
    return DataFile(where="f", suffix=".csv", data=sink.getvalue().encode())


def as_records(records):
    return DataFile(where="f", suffix=".parquet", columns=tuple(records[0]), records=records)


def read(file, **reading):
    return read_prompts(read_table([file]), "f", alert=ALERT, options=ReadingOptions(**reading))


def prompt_set(rows):
    prompts = tuple(
        Prompt(id=i, text=texts[0], language="en", categories=c, source="f", kind=k)
        for i, (c, k, texts) in rows.items()
    )
    return PromptSet(
        prompts=prompts,
        translations=tuple(
            Translation(prompt=i, language=tag, text=text)
            for i, (_, _, texts) in rows.items()
            for tag, text in zip(LANGUAGES, texts, strict=True)
        ),
        taxonomy=Taxonomy(name="own", categories=tuple("vwxyz")),
        languages=LANGUAGES,
        source="f",
    )


@settings(max_examples=50)
@given(ROWS)
def test_shape_and_format_change_nothing(rows):
    first = read(as_jsonl(wide(rows)))
    assert first.prompts == prompt_set(rows).prompts
    assert first.translations == prompt_set(rows).translations
    for shape in (wide, long):
        for form in (as_jsonl, as_csv, as_records):
            assert read(form(shape(rows))) == first


@settings(max_examples=50)
@given(ROWS, st.randoms(use_true_random=False))
def test_order_of_the_rows_of_a_long_file_changes_only_the_order(rows, chance):
    records = long(rows)
    first = read(as_jsonl(records), languages=LANGUAGES)
    chance.shuffle(records)
    second = read(as_jsonl(records), languages=LANGUAGES)
    assert set(first.prompts) == set(second.prompts)
    texts = [{(t.prompt, t.language, t.text) for t in s.translations} for s in (first, second)]
    assert texts[0] == texts[1]


@settings(max_examples=100)
@given(ROWS, st.integers(1, 8), st.integers(0, 3))
def test_each_category_gets_its_number_and_the_same_ids_in_all_languages(rows, limit, seed):
    whole = prompt_set(rows)
    found = select_or_none(whole, limit, seed)
    if found is None:
        assert all(p.kind == "benign" for p in whole.prompts)
        return
    for category in "vwxyz":
        there = sum(category in p.categories and p.kind == "harmful" for p in whole.prompts)
        assert sum(category in p.categories for p in found.prompts) >= min(limit, there)
    ids = [p.id for p in found.prompts]
    for tag in LANGUAGES:
        assert [t.prompt for t in found.translations if t.language == tag] == ids


def select_or_none(whole, limit, seed):
    if not any(p.kind == "harmful" for p in whole.prompts):
        return None
    return select(whole, limit=limit, seed=seed)


@settings(max_examples=100)
@given(ROWS, st.integers(1, 8), st.integers(0, 3))
def test_a_higher_limit_takes_what_a_lower_one_took(rows, limit, seed):
    whole = prompt_set(rows)
    kinds = ("harmful", "benign")
    low, high = (select(whole, limit=n, seed=seed, kinds=kinds) for n in (limit, limit + 1))
    assert {p.id for p in low.prompts} <= {p.id for p in high.prompts}


@settings(max_examples=100)
@given(ROWS, st.integers(1, 8), st.integers(0, 3), st.randoms(use_true_random=False))
def test_order_of_the_file_does_not_move_the_choice(rows, limit, seed, chance):
    pairs = list(rows.items())
    chance.shuffle(pairs)
    kinds = ("harmful", "benign")
    one, two = (
        select(prompt_set(r), limit=limit, seed=seed, kinds=kinds) for r in (rows, dict(pairs))
    )
    assert {p.id for p in one.prompts} == {p.id for p in two.prompts}
    assert [p.id for p in two.prompts] == [i for i, _ in pairs if i in {p.id for p in one.prompts}]


@settings(max_examples=50)
@given(ROWS, st.integers(1, 8))
def test_prompts_of_one_tag_are_taken_exactly(rows, limit):
    single = {i: (c[:1], "harmful", t) for i, (c, _, t) in rows.items()}
    whole = prompt_set(single)
    found = select(whole, limit=limit, seed=0)
    for category in "vwxyz":
        there = sum(p.categories == (category,) for p in whole.prompts)
        assert sum(p.categories == (category,) for p in found.prompts) == min(limit, there)


def test_each_prompt_is_as_likely_as_the_others():
    rows = {str(i): (("x",), "harmful", ("a", "b", "c")) for i in range(10)}
    whole = prompt_set(rows)
    times = dict.fromkeys(rows, 0)
    for seed in range(1000):
        for prompt in select(whole, limit=3, seed=seed).prompts:
            times[prompt.id] += 1
    # 300 expected each, standard deviation 14.5.
    assert all(230 < n < 370 for n in times.values())


@settings(max_examples=200)
@given(st.binary(max_size=200), st.sampled_from([".csv", ".tsv", ".jsonl", ".json"]))
def test_any_bytes_are_read_or_refused(data, suffix):
    told = ()
    try:
        read(DataFile(where="f", suffix=suffix, data=data))
    except InputErrors as error:
        told = error.problems
    assert all(problem.startswith("f") for problem in told)


CELL = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.lists(st.text(max_size=3), max_size=2)
)


@settings(max_examples=200)
@given(
    st.lists(
        st.fixed_dictionaries(
            {},
            optional=dict.fromkeys(
                ("id", "category", "kind", "language", "text", "en", "de"), CELL
            ),
        ),
        min_size=1,
        max_size=30,
    )
)
def test_any_cells_are_read_or_refused(rows):
    columns = tuple(dict.fromkeys(c for row in rows for c in row))
    table = Table(
        where="f",
        columns=columns,
        rows=tuple(Row(where="f: row ", number=n, cells=row) for n, row in enumerate(rows)),
    )
    found, told = None, ()
    try:
        found = read_prompts(table, "f", alert=ALERT, options=ReadingOptions())
    except InputErrors as error:
        told = error.problems
    assert len(told) <= SHOWN + 1
    if found:
        assert len(found.translations) == len(found.prompts) * len(found.languages)
        assert len({p.id for p in found.prompts}) == len(found.prompts)


@given(st.integers(0, 60))
def test_problems_are_all_counted(n):
    problems = Problems()
    for k in range(n):
        problems.add(f"f:{k}", "bad")
    if not n:
        problems.stop()
        return
    with pytest.raises(InputErrors) as caught:
        problems.stop()
    told = caught.value.problems
    assert len(told) == n if n <= SHOWN else told[-1] == f"and {n - SHOWN} more problems"


@settings(max_examples=100)
@given(ROWS, st.integers(0, 3))
def test_what_is_asked_first_is_what_the_rounds_of_a_limit_take(rows, seed):
    prompts = prompt_set(rows).prompts
    order = [prompts[i].id for i in asking_order(prompts, seed)]
    assert sorted(order) == sorted(rows)
    of_kinds = [[p for p in prompts if p.kind == kind] for kind in ("harmful", "benign")]
    for n in range(1, len(prompts) + 1):
        taken = {
            own[i].id
            for own in of_kinds
            for new in islice(rounds(own, range(len(own)), seed), n)
            for i in new
        }
        assert set(order[: len(taken)]) == taken


@settings(max_examples=100)
@given(ROWS, st.integers(0, 3))
def test_after_each_prompt_the_categories_with_prompts_left_are_level(rows, seed):
    prompts = [replace(p, categories=p.categories[:1]) for p in prompt_set(rows).prompts]
    sizes = Counter((p.kind, p.categories[0]) for p in prompts)
    asked = Counter()
    for prompt in (prompts[i] for i in asking_order(prompts, seed)):
        asked[prompt.kind, prompt.categories[0]] += 1
        open_ones = [asked[name] for name, n in sizes.items() if asked[name] < n]
        assert not open_ones or max(asked.values()) - min(open_ones) <= 1


@settings(max_examples=100)
@given(ROWS, st.integers(1, 5), st.integers(0, 3))
def test_shards_are_parts_of_one_plan_and_level_in_each_category(rows, n, seed):
    prompts = [replace(p, categories=p.categories[:1]) for p in prompt_set(rows).prompts]
    place = dict(zip([p.id for p in prompts], shards(prompts, n, seed), strict=True))
    assert place.keys() == rows.keys()
    for stratum in {(p.kind, p.categories) for p in prompts}:
        own = [place[p.id] for p in prompts if (p.kind, p.categories) == stratum]
        counts = [own.count(number) for number in range(1, n + 1)]
        assert max(counts) - min(counts) <= 1
