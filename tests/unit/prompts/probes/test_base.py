import pytest

from safeglot.errors import UsageError
from safeglot.prompts.probes.base import (
    LEVELS,
    Probe,
    drawn,
    name,
    parse,
    parse_all,
    seed_of,
    shuffled,
)

SEED = 6365855071869667481
ORDER = [2, 0, 5, 4, 1, 3]


@pytest.mark.parametrize(
    ("text", "factor", "level"),
    [
        ("codeswitch=word", "codeswitch", "word"),
        (" framing = story ", "framing", "story"),
        ("translit", "translit", "latin"),
        ("length", "length", "5%"),
        ("length=100%", "length", "100%"),
        ("context", "context", "local"),
        ("context=reference", "context", "reference"),
        ("context=KE", "context", "KE"),
        ("dialect=my/slang=2.csv", "dialect", "my/slang=2.csv"),
        ("codewords=my.csv", "codewords", "my.csv"),
        ("spelling=dots", "spelling", "dots"),
        ("codeswitch=clause-into-reference", "codeswitch", "clause-into-reference"),
    ],
)
def test_a_probe_is_read(text, factor, level):
    assert parse(text) == Probe(factor=factor, level=level)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("story", 'no factor is called "story"; there are: context=local'),
        ("codeswitch", "takes one of word, clause"),
        ("framing=poem", "takes one of story, roleplay, educational, research"),
        ("dialect", "takes a file, as in dialect=texts.csv"),
        ("translit=greek", "takes one of latin"),
        ("context=ke", "takes one of local, reference, or a country (AO, AR,"),
        ("spelling", "takes one of leet, spaces, dots"),
        ("length=0%", "takes a share from 1% to 100%; write length=LEVEL"),
        ("length=double", "takes a share from 1% to 100%"),
        ("coded", "takes a file, as in coded=texts.csv"),
        ("framing=story+translit", "takes one of story"),
    ],
)
def test_what_is_no_probe_is_told(text, says):
    with pytest.raises(UsageError, match=says.replace("(", r"\(")):
        parse(text)


def test_factors_together_have_one_name_in_the_order_of_application():
    probes = parse_all("framing=story+codeswitch=word")
    assert name(probes) == "codeswitch=word+framing=story"
    assert parse_all("codeswitch=word+framing=story") == probes
    with pytest.raises(UsageError, match="names a factor twice"):
        parse_all("framing=story+framing=research")
    with pytest.raises(UsageError, match="names dialect and coded"):
        parse_all("dialect=a.csv+coded=b.csv")


def test_more_room_stands_alone_and_its_share_is_no_part_of_its_name():
    with pytest.raises(UsageError, match="length stands alone"):
        parse_all("length+translit")
    assert {name(parse_all(text)) for text in ("length", "length=40%")} == {"length"}


def test_few_prompts_are_drawn_at_least_and_a_larger_share_holds_a_smaller_one():
    ids = [f"p{i}" for i in range(2000)]
    few, many = (drawn(ids, 1, parse(f"length={n}%")) for n in (5, 40))
    assert 70 < len(few) < 130
    assert 740 < len(many) < 860
    assert few < many
    assert few < drawn(ids + [f"q{i}" for i in range(2000)], 1, parse("length=5%"))
    assert few != drawn(ids, 2, parse("length=5%"))
    assert len(drawn(ids[:50], 1, parse("length=5%"))) == 20
    assert drawn(ids[:7], 1, parse("length")) == set(ids[:7])


def test_the_frame_is_the_last_factor():
    assert list(LEVELS)[-1] == "framing"


def test_choices_depend_on_run_prompt_and_probe_only():
    probe = parse("codeswitch=word")
    seeds = {
        seed_of(1, "a", probe),
        seed_of(2, "a", probe),
        seed_of(1, "b", probe),
        seed_of(1, "a", parse("codeswitch=clause")),
    }
    assert len(seeds) == 4
    # Written down: the choices of a published run must not move.
    assert seed_of(1, "crime_tax-1", probe) == SEED
    assert list(shuffled(SEED, 6)) == ORDER


def test_a_shuffle_is_fair():
    first = [next(shuffled(seed, 5)) for seed in range(2000)]
    assert all(320 < first.count(i) < 480 for i in range(5))
