from dataclasses import replace

import numpy as np
import pytest

from safeglot.score.basic import estimates
from safeglot.score.cube import Cube
from safeglot.score.frame import frame_of
from safeglot.score.safety import bootstrap as module
from safeglot.score.safety.bootstrap import BLOCK, Draws, bootstrap, statistics

LANGUAGES = ("en", "de", "sw")
RATE = {
    "safety_micro": "micro",
    "safety_macro": "macro",
    "safety_macro_of_macros": "macro_of_macros",
}


def cube_of(seed, *, samples=1, several=False, rare=False):
    """Two judges, two models, three languages, 40 prompts, four categories in two macros."""
    rng = np.random.default_rng(seed)
    unsafe = (rng.random((2, 2, 3, 40, samples)) < 0.25).astype(np.int8)
    unsafe[rng.random(unsafe.shape) < 0.1] = -1
    member = np.arange(40)[:, None] % 4 == np.arange(4)
    member[35:] = False
    if several:
        member |= rng.random((40, 4)) < 0.2
    if rare:
        unsafe[:, :, 1, member[:, 0]] = -1
        unsafe[:, :, 1, 0] = 0
    return Cube(
        unsafe_JMLPS=unsafe,
        member_PC=member,
        judges=("i", "j"),
        models=("m", "n"),
        languages=LANGUAGES,
        prompts=tuple(f"p{i}" for i in range(40)),
        categories=tuple("abcd"),
        macro_C=tuple("AABA"),
        reference="en",
    )


def repeated(cube, times):
    at = np.repeat(np.arange(times.size), times)
    return replace(
        cube,
        unsafe_JMLPS=cube.unsafe_JMLPS[:, :, :, at],
        member_PC=cube.member_PC[at],
        prompts=tuple(f"p{i}" for i in range(at.size)),
    )


def compare(found, told, cube):
    """Every average and macro gap among the estimates against the first draw."""
    seen = 0
    for e in told:
        at = cube.judges.index(e.judge), cube.models.index(e.model)
        if e.metric in RATE:
            place = 3 if e.language is None else LANGUAGES.index(e.language)
            got = found[RATE[e.metric]][(0, *at, place)]
        elif e.metric == "gap" and e.category is None:
            got = found["gap"][(0, *at, LANGUAGES.index(e.language) - 1)]
        else:
            continue
        seen += 1
        assert got == pytest.approx(float("nan") if e.value is None else e.value, nan_ok=True)
    assert seen == 4 * (3 * 4 + 2)


@pytest.mark.parametrize("samples", [1, 3])
@pytest.mark.parametrize("several", [False, True])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_draw_is_the_estimate_of_the_prompts_drawn(seed, several, samples):
    cube = cube_of(seed, samples=samples, several=several, rare=seed == 2)
    rng = np.random.default_rng(seed)
    times = rng.multinomial(40, [1 / 40] * 40).astype(np.int32)
    found = statistics(frame_of(cube, level=0.95), times[None])
    compare(found, estimates(repeated(cube, times)), cube)


def test_large_counts_are_exact_too():
    cube = cube_of(4)
    times = np.ones((1, 40), dtype=np.int32)
    times[0, 3] = 2**24 + 1
    micro = statistics(frame_of(cube, level=0.95), times)["micro"]
    for at in np.ndindex(2, 2, 3):
        verdicts = cube.unsafe_JMLPS[at][:, 0]
        safe, n = (int(times[0][chosen].sum()) for chosen in (verdicts == 0, verdicts >= 0))
        assert micro[(0, *at)] == safe / n


def test_prompts_are_drawn_within_their_category():
    cube = cube_of(5)
    unsafe = np.broadcast_to(cube.member_PC @ np.array([0, 1, 0, 0]), (2, 2, 3, 40))
    cube = replace(cube, unsafe_JMLPS=unsafe[..., None].astype(np.int8))
    drawn = bootstrap(frame_of(cube, level=0.95), draws=300, seed=1)
    assert np.unique(drawn.tables["macro"]).tolist() == [0.75]
    assert len(np.unique(drawn.tables["micro"])) == 1
    both = replace(cube, member_PC=cube.member_PC | (np.arange(40) == 7)[:, None])
    drawn = bootstrap(frame_of(both, level=0.95), draws=300, seed=1)
    assert len(np.unique(drawn.tables["micro"])) > 3


def test_all_models_judges_and_languages_share_the_prompts_drawn():
    cube = cube_of(6)
    same = replace(
        cube,
        unsafe_JMLPS=np.ascontiguousarray(
            np.broadcast_to(cube.unsafe_JMLPS[:1, :1, :1], cube.unsafe_JMLPS.shape)
        ),
    )
    drawn = bootstrap(frame_of(same, level=0.95), draws=50, seed=2)
    for name in ("micro", "macro", "macro_of_macros"):
        table = drawn.tables[name]
        assert np.all(table[..., :3] == table[:, :1, :1, :1])
        assert table[..., 3] == pytest.approx(table[..., 0])
        assert len(np.unique(table[:, 0, 0, 0])) > 10
    assert np.all(drawn.tables["gap"] == 0)


def test_more_draws_than_a_block_go_on_from_the_seed():
    frame = frame_of(cube_of(7), level=0.95)
    few, many = (bootstrap(frame, draws=n, seed=3) for n in (BLOCK, BLOCK + 44))
    for name, table in many.tables.items():
        assert len(table) == BLOCK + 44
        assert np.array_equal(table[:BLOCK], few.tables[name], equal_nan=True)
        assert not np.array_equal(table[:44], table[BLOCK:], equal_nan=True)


def test_of_many_prompts_fewer_draws_are_held_at_once(monkeypatch):
    frame = frame_of(cube_of(7), level=0.95)
    held, draw = [], module._draw

    def watched(frame, rng, size):
        held.append(size)
        return draw(frame, rng, size)

    monkeypatch.setattr(module, "_draw", watched)
    monkeypatch.setattr(module, "_MOST_TIMES", 3 * len(frame.cube.prompts) + 1)
    drawn = bootstrap(frame, draws=10, seed=3)
    assert held == [3, 3, 3, 1]
    assert all(len(table) == 10 for table in drawn.tables.values())


def test_error_of_a_stratified_mean():
    rng = np.random.default_rng(8)
    p = np.array([0.5, 0.9, 0.7])
    category = np.repeat([0, 1, 2], [60, 120, 200])
    unsafe = (rng.random(380) > p[category]).astype(np.int8)
    cube = replace(
        cube_of(0),
        unsafe_JMLPS=unsafe[None, None, None, :, None],
        member_PC=category[:, None] == np.arange(3),
        judges=("j",),
        models=("m",),
        languages=("en",),
        reference="en",
        prompts=tuple(map(str, range(380))),
        categories=tuple("abc"),
        macro_C=None,
    )
    drawn = bootstrap(frame_of(cube, level=0.9), draws=4000, seed=4)
    assert set(drawn.tables) == {"micro", "macro", "gap"}
    assert drawn.tables["gap"].shape == (4000, 1, 1, 0)
    spread = drawn.of("macro", judge=0, model=0, place=0)
    rates = [unsafe[category == c].mean() for c in range(3)]
    se = sum(r * (1 - r) / n for r, n in zip(rates, (60, 120, 200), strict=True)) ** 0.5 / 3
    assert spread.se == pytest.approx(se, rel=0.04)
    value = 1 - np.mean(rates)
    assert spread.low == pytest.approx(value - 1.645 * se, abs=0.2 * se)
    assert spread.high == pytest.approx(value + 1.645 * se, abs=0.2 * se)


def test_draws_without_data_are_left_out_and_counted():
    table = np.array([0.5, np.nan, 0.7, np.nan]).reshape(4, 1, 1, 1)
    spread = Draws(tables={"micro": table}, level=0.95).of("micro", judge=0, model=0, place=0)
    assert (spread.draws, spread.se) == (2, pytest.approx(0.1 * 2**0.5))
    spread = Draws(tables={"micro": table[1:3]}, level=0.95).of("micro", judge=0, model=0, place=0)
    assert (spread.draws, spread.se, spread.low, spread.high) == (1, None, None, None)


def test_draws_have_no_effect_where_nothing_was_read():
    cube = replace(cube_of(9), unsafe_JMLPS=np.full((2, 2, 3, 40, 1), -1, dtype=np.int8))
    drawn = bootstrap(frame_of(cube, level=0.95), draws=5, seed=0)
    assert drawn.of("gap", judge=1, model=1, place=0).draws == 0
    assert estimates(cube, draws=5) == estimates(cube)


def test_one_draw_has_no_spread_and_none_is_no_bootstrap():
    frame = frame_of(cube_of(0), level=0.95)
    spread = bootstrap(frame, draws=1, seed=0).of("micro", judge=0, model=0, place=0)
    assert (spread.draws, spread.se, spread.low, spread.high) == (1, None, None, None)
    with pytest.raises(ValueError, match="one or more"):
        bootstrap(frame, draws=0, seed=0)
