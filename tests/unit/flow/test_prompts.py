from __future__ import annotations

from collections import Counter

import pytest

from safeglot.config.settings import Config
from safeglot.errors import UsageError
from safeglot.flow import prompts


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "prompts.csv"
    rows = [f"p{i},c,ask {i},frag {i}" for i in range(4)]
    path.write_text("id,category,en,de\n" + "\n".join(rows) + "\n", "utf-8")
    return path


def config_of(file, **settings):
    return Config(prompts=str(file), **settings)


KINDS = ("harmful", "benign")


def test_the_bundled_prompts_are_read_with_their_origin():
    found, origin = prompts.load(Config(prompts="mini", languages=("en", "de"), limit=1))
    assert (found.languages, found.source, origin.name) == (("en", "de"), "mini", "mini")
    assert len(found.prompts) == 32
    assert len(found.translations) == 64
    assert len(origin.sha256) == 64


def test_the_same_selection_is_made_again():
    first, origin = prompts.load(Config(prompts="mini", languages=("en",), limit=1, select_seed=3))
    again, same = prompts.load(Config(prompts="mini", languages=("en",), limit=1, select_seed=3))
    assert first == again
    assert origin == same


def test_a_run_that_is_to_be_translated_reads_the_reference_alone():
    config = Config(prompts="mini", to=("ca",))
    assert prompts.untranslated(config).languages == ("en",)
    assert prompts.untranslated(Config(translations="sets/x", reference="de")).languages == ("de",)
    for whole in (Config(prompts="mini"), Config(to=("ca",), languages=("en", "de"))):
        assert prompts.untranslated(whole) is whole


def test_all_categories_are_read_where_none_is_named():
    assert prompts.selection_of(Config()) == {
        "limit": None, "seed": 0, "categories": None, "kinds": ("harmful",), "shard": None,
    }  # fmt: skip
    chosen = prompts.selection_of(Config(categories=("c",), limit=2, select_seed=5))
    assert (chosen["categories"], chosen["limit"], chosen["seed"]) == (("c",), 2, 5)


def test_gaps_need_the_reference_language():
    found, _ = prompts.load(Config(prompts="mini", languages=("de", "fr"), reference="de", limit=1))
    prompts.check_reference(Config(reference="de"), found)
    with pytest.raises(UsageError, match=r"--reference: en is not among .* \(de, fr\)"):
        prompts.check_reference(Config(reference="en"), found)


def test_the_origin_pins_the_bytes_of_a_file(tmp_path, file):
    text = file.read_bytes()
    found, origin = prompts.load(config_of(file, allow_partial=True))
    assert origin.name == found.source == "prompts.csv"
    file.write_bytes(text.replace(b"ask 0", b"ask x"))
    assert prompts.load(config_of(file, allow_partial=True))[1].sha256 != origin.sha256
    file.write_bytes(text)
    assert prompts.load(config_of(file, allow_partial=True))[1] == origin


@pytest.mark.parametrize(
    ("settings", "sizes"),
    [
        ({}, {}),
        ({"limit": 3}, {"harmful": {"c": 4}}),
        ({"limit": 4}, {}),
        ({"shard": "1/2"}, {"harmful": {"c": 4}}),
        ({"shard": "1/2", "limit": 4}, {"harmful": {"c": 4}}),
        ({"shard": "1,2/2"}, {}),
        ({"shard": "1/1"}, {}),
    ],
)
def test_a_draw_keeps_the_sizes_of_what_it_was_drawn_from(file, settings, sizes):
    config = config_of(file, **settings)
    _, origin = prompts.load(config)
    assert origin.sizes == sizes
    assert prompts.with_sizes(origin, {"harmful": {"c": 4}}, config) == origin


def test_all_shards_together_are_none():
    assert prompts.part_of(Config(shard="1,2/2")) is None
    assert str(prompts.part_of(Config(shard="2/2"))) == "2/2"


def test_the_bundled_local_requests_are_drawn_alike_in_every_language_and_by_the_seed_alone():
    def drawn(seed, *tags):
        config = Config(prompts="context", languages=tags, limit=4, select_seed=seed, kinds=KINDS)
        found, _ = prompts.load(config)
        texts = {tag: [t.prompt for t in found.translations if t.language == tag] for tag in tags}
        assert len({tuple(ids) for ids in texts.values()}) == 1
        return found

    first = drawn(3, "en", "sw", "ar")
    ids = [p.id for p in first.prompts]
    assert (
        ids
        == [p.id for p in drawn(3, "de", "en").prompts]
        != [p.id for p in drawn(4, "de", "en").prompts]
    )
    counts = Counter((p.categories, p.kind) for p in first.prompts)
    assert {n for (categories, _), n in counts.items() if categories != ("hate_religion",)} == {4}
