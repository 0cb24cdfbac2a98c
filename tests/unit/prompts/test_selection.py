import pytest

from safeglot.errors import UsageError
from safeglot.prompts.prompt_set import PromptSet
from safeglot.prompts.selection import select, shard_of
from safeglot.prompts.taxonomy import Taxonomy
from safeglot.types import Prompt, Translation


def make(rows, languages=("en", "sw")):
    prompts = tuple(
        Prompt(id=i, text=i, language="en", categories=tuple(c), source="t", kind=kind)
        for i, c, kind in rows
    )
    return PromptSet(
        prompts=prompts,
        translations=tuple(
            Translation(prompt=p.id, language=tag, text=f"{p.id} {tag}")
            for p in prompts
            for tag in languages
        ),
        taxonomy=Taxonomy(
            name="own", categories=tuple(dict.fromkeys(c for r in rows for c in r[1]))
        ),
        languages=languages,
        source="t",
    )


TEN = make([(f"{c}{n}", [c], "harmful") for n in range(10) for c in ("theft", "fraud")])


def test_each_category_gets_its_number_in_every_language():
    found = select(TEN, limit=3, seed=1)
    for category in ("theft", "fraud"):
        assert sum(category in p.categories for p in found.prompts) == 3
    assert len(found.translations) == 12
    assert [p for p in TEN.prompts if p in found.prompts] == list(found.prompts)


def test_the_seed_moves_the_choice():
    choices = {tuple(p.id for p in select(TEN, limit=3, seed=s).prompts) for s in range(8)}
    assert len(choices) > 1
    assert select(TEN, limit=3, seed=5) == select(TEN, limit=3, seed=5)


def test_the_choice_is_pinned():
    ids = [p.id for p in select(TEN, limit=2, seed=0).prompts]
    assert ids == ["theft0", "fraud8", "theft9", "fraud9"]


def test_no_limit_is_all():
    assert select(TEN, limit=None, seed=0) == TEN


def test_tags_are_counted_in_each_category():
    both = make([("a", ["x", "y"], "harmful"), ("b", ["x"], "harmful"), ("c", ["x"], "harmful")])
    assert [p.id for p in select(both, limit=1, seed=0).prompts] == ["a"]


def test_categories_and_kinds():
    found = make([("a", ["x", "y"], "harmful"), ("b", ["y"], "benign"), ("c", ["x"], "benign")])
    one = select(found, limit=None, seed=0, categories=["x"])
    assert [(p.id, p.categories) for p in one.prompts] == [("a", ("x",))]
    both = select(found, limit=1, seed=0, kinds=("harmful", "benign"))
    assert [p.id for p in both.prompts] == ["a", "b", "c"]


def test_too_few_is_noted():
    found = select(make([("a", ["x"], "harmful")]), limit=4, seed=0)
    assert found.notes == ("fewer than 4 harmful prompts in: x 1",)


@pytest.mark.parametrize("limit", [0, -1])
def test_limit_below_one(limit):
    with pytest.raises(UsageError, match="must be 1 or more"):
        select(TEN, limit=limit, seed=0)


def test_unknown_category_names_the_nearest():
    with pytest.raises(UsageError, match='did you mean "theft"'):
        select(TEN, limit=1, seed=0, categories=["thefts"])


def test_nothing_left_is_told():
    with pytest.raises(UsageError, match="20 harmful, 0 benign"):
        select(TEN, limit=1, seed=0, kinds=("benign",))


def test_shards_are_a_whole_and_know_their_places_in_the_file():
    parts = [select(TEN, limit=None, seed=0, shard=shard_of(f"{i}/3")) for i in (1, 2, 3)]
    places = sorted((place, p.id) for s in parts for place, p in zip(s.positions, s.prompts, strict=True))  # fmt: skip
    assert places == [(i, p.id) for i, p in enumerate(TEN.prompts)]
    two = select(TEN, limit=None, seed=0, shard=shard_of("1,3/3"))
    assert {p.id for p in two.prompts} == {p.id for s in (parts[0], parts[2]) for p in s.prompts}


def test_a_shard_of_a_limit_is_a_part_of_what_it_takes():
    limited = select(TEN, limit=4, seed=0)
    parts = [select(TEN, limit=4, seed=0, shard=shard_of(f"{i}/2")) for i in (1, 2)]
    assert [len(s.prompts) for s in parts] == [4, 4]
    assert {p.id for s in parts for p in s.prompts} == {p.id for p in limited.prompts}


def test_a_shard_without_a_prompt_is_told():
    with pytest.raises(UsageError, match=r"--shard 9/9: none of the prompts is in it"):
        select(make([("a", ["x"], "harmful")]), limit=None, seed=0, shard=shard_of("9/9"))


def test_what_a_shard_lacks():
    assert shard_of("1,3/4").lacking == [2, 4]
    assert shard_of("2,1/2").lacking == []
    assert str(shard_of("2,1/2")) == "1,2/2"
