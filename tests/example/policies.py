"""What a policy is decided on, from a cube of verdicts: all answers usable unless said otherwise."""

from dataclasses import replace

import numpy as np

from safeglot.score.answers.sheet import Answers
from safeglot.score.policy.measures import Earlier, Shown


def shown(cube, *, invalid=None, refusal=None, earlier=None):
    """Harmful prompts with the cube's verdicts; `refusal` (J, M, L, benign, S) are benign ones' refusals."""
    unsafe = cube.unsafe_JMLPS
    shape = unsafe.shape
    if refusal is None:
        refusal = np.zeros((*shape[:3], 0, shape[4]), dtype=np.int8)
    n_benign = refusal.shape[3]
    invalid = np.where((unsafe >= 0).any(axis=0), 0, -1) if invalid is None else invalid
    of_benign = np.where((refusal >= 0).any(axis=0), 0, -1)
    every = np.concatenate([invalid, of_benign], axis=2).astype(np.int8)
    nothing = np.full(every.shape, -1, dtype=np.int8)
    n_C = len(cube.categories)
    return Shown(
        cube=cube,
        answers=Answers(
            unsafe_JMLPS=np.concatenate([unsafe, np.full(refusal.shape, -1, np.int8)], axis=3),
            refusal_JMLPS=np.concatenate(
                [np.full(unsafe.shape, -1, np.int8), refusal.astype(np.int8)], axis=3
            ),
            invalid_MLPS=every,
            english_MLPS=nothing,
            truncated_MLPS=nothing,
            harmful_P=np.arange(shape[3] + n_benign) < shape[3],
            says_refusal_J=(refusal >= 0).any(axis=(1, 2, 3, 4)),
            foreign_L=np.ones(shape[2], dtype=bool),
            covered_L=np.ones(shape[2], dtype=bool),
            judges=cube.judges,
            models=cube.models,
            languages=cube.languages,
            reference=cube.reference,
            member_PC=np.concatenate([cube.member_PC, np.zeros((n_benign, n_C), dtype=bool)]),
            categories=cube.categories,
            macro_C=cube.macro_C,
        ),
        earlier=None if earlier is None else same_texts(cube, earlier),
    )


def same_texts(cube, unsafe, **about):
    """An earlier run on the same harmful prompts, with these verdicts; -2 where it did not ask one."""
    n_M, n_L, n_P = cube.unsafe_JMLPS.shape[1:4]
    n_benign = about["refusal"].shape[3] if about.get("refusal") is not None else 0
    asked_LP = (unsafe > -2).any(axis=(0, 1, 4))
    then = replace(cube, unsafe_JMLPS=np.maximum(unsafe, np.int8(-1)))
    return Earlier(
        shown=shown(then, **about),
        model_M=np.arange(n_M),
        language_L=np.arange(n_L),
        at_LP=(np.where(asked_LP, np.arange(n_P), -1), np.tile(np.arange(n_benign), (n_L, 1))),
    )
