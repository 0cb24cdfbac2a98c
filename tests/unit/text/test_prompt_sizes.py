from __future__ import annotations

import pytest

from safeglot.text.prompt_sizes import PromptSize, cut_prompts

GROWING = [PromptSize(100 * i, 20 + 25 * i) for i in range(1, 21)]


def test_prompts_that_grow_with_their_texts_are_whole() -> None:
    assert cut_prompts(GROWING) == []
    assert cut_prompts([]) == []


def test_a_long_text_with_the_tokens_of_a_short_one_was_cut() -> None:
    cut = PromptSize(2500, 60, 3)
    (found,) = cut_prompts([*GROWING, cut])
    assert found.size == cut
    assert found.usual > 300


def test_texts_as_long_with_far_fewer_tokens_were_cut() -> None:
    alike = [PromptSize(25, 30, 9), PromptSize(25, 5)]
    assert [found.size for found in cut_prompts(alike)] == [PromptSize(25, 5)]


def test_many_cut_texts_do_not_become_the_usual() -> None:
    cut = [PromptSize(3000 + i, 60) for i in range(200)]
    assert len(cut_prompts([*GROWING, *cut])) == 200


def test_a_few_texts_of_odd_characters_make_nothing_of_the_others() -> None:
    odd = [PromptSize(90, 600), PromptSize(150, 700)]
    assert cut_prompts([*GROWING, *odd]) == []


@pytest.mark.parametrize("tokens", [(12, 6), (9, 3)])
def test_small_differences_are_the_templates(tokens: tuple[int, int]) -> None:
    assert cut_prompts([PromptSize(10, tokens[0]), PromptSize(20, tokens[1])]) == []
