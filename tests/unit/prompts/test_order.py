from collections import Counter

from safeglot.prompts.order import asking_order, rounds, shards
from safeglot.prompts.selection import select
from safeglot.types import Prompt
from unit.prompts.test_selection import TEN, make


def prompt(i, *categories, kind="harmful"):
    return Prompt(id=i, text=i, language="en", categories=categories, source="t", kind=kind)


def ordered(prompts, seed):
    return [prompts[place] for place in asking_order(prompts, seed)]


def placed(prompts, n, seed):
    return dict(zip([p.id for p in prompts], shards(prompts, n, seed), strict=True))


def test_categories_take_turns_and_so_do_kinds():
    prompts = [prompt(f"{c}{k}{n}", c, kind=k) for n in range(3) for c in "xy" for k in ("harmful", "benign")]  # fmt: skip
    order = [(p.categories[0], p.kind) for p in ordered(prompts, 0)]
    one_round = [("x", "harmful"), ("y", "harmful"), ("x", "benign"), ("y", "benign")]
    assert order == one_round * 3


def test_what_is_asked_first_is_what_a_limit_takes():
    order = ordered(TEN.prompts, 3)
    assert len(order) == len(TEN.prompts)
    for limit in range(1, 11):
        assert {p.id for p in order[: 2 * limit]} == {
            p.id for p in select(TEN, limit=limit, seed=3).prompts
        }


def test_the_order_of_the_file_moves_nothing():
    assert ordered(TEN.prompts[::-1], 1) == ordered(TEN.prompts, 1)
    assert ordered(TEN.prompts, 2) != ordered(TEN.prompts, 1)


def test_a_prompt_without_a_category_comes_last():
    prompts = [prompt("none"), prompt("a", "x"), prompt("b", "x")]
    assert [p.id for p in ordered(prompts, 0)][-1] == "none"


def test_a_prompt_with_several_tags_comes_once():
    prompts = [prompt("a", "x", "y"), prompt("b", "y"), prompt("c", "y")]
    assert sorted(prompts[i].id for new in rounds(prompts, range(3), 0) for i in new) == [
        "a",
        "b",
        "c",
    ]


def test_shards_part_every_category_alike():
    place = placed(TEN.prompts, 4, 0)
    for category in ("theft", "fraud"):
        counts = Counter(place[p.id] for p in TEN.prompts if category in p.categories)
        assert sorted(counts.values()) == [2, 2, 3, 3]
    assert set(place.values()) == {1, 2, 3, 4}


def test_a_prompt_stays_in_its_shard_whatever_is_taken_of_the_others():
    found = make([(f"{c}{n}", [c], k) for n in range(7) for c in "xyz" for k in ("harmful", "benign")])  # fmt: skip
    whole = placed(found.prompts, 3, 5)
    part = select(found, limit=4, seed=5, kinds=("harmful", "benign"))
    counts = Counter((p.kind, p.categories[0], whole[p.id]) for p in part.prompts)
    assert set(counts.values()) == {1, 2}
    assert len(counts) == 2 * 3 * 3
