"""A finished run beside a release policy, and beside an earlier run on the same prompts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from safeglot.backends.store.arrays import LOOSE
from safeglot.config.checks import nearest
from safeglot.config.policy import read_policy
from safeglot.errors import InputErrors, UsageError
from safeglot.experiments.field import judge_id
from safeglot.experiments.runs import FinishedRun, judges_of, read_run
from safeglot.report.policy.view import ClaimView, PolicyView
from safeglot.score.answers.sheet import AnswerSheet
from safeglot.score.arrays import Bytes, Ints
from safeglot.score.policy.cells import OTHER, Shown, batches, columns_of, verdicts_of
from safeglot.score.policy.decision import Claim, ClaimScope, decide, whole
from safeglot.score.policy.rules import REFERENCE, Policy, Rule

Texts: TypeAlias = npt.NDArray[np.uint64]


def check(
    path: Path,
    policy_path: Path | None,
    *,
    judge: str | None = None,
    model: str | None = None,
    against: Path | None = None,
) -> PolicyView:
    """Return what a policy says of a run, of all its judges and models unless one is named.

    Raises: UsageError, InputErrors with all that does not fit.
    """
    if policy_path is None:
        raise UsageError(
            "--policy: no policy is named. Write one, and name it:\n"
            "  printf '[safety]\\nleast = 0.9\\n' > policy.toml\n"
            f"  safeglot check {path} --policy policy.toml"
        )
    policy = read_policy(policy_path)
    _check_against(policy, policy_path, path, against)
    run = _checked_run(path)
    judges = judges_of(path, run.cube.judges, judge)
    if judge is None:
        judges = tuple(name for name in judges if not name.endswith(LOOSE))
    if model is not None and model not in run.cube.models:
        there = run.cube.models
        near = nearest(model, there)
        raise UsageError(f"--model: got {model!r}, {path} has {', '.join(there)}.{near}")
    _check_names(policy, policy_path, run)
    earlier = None if against is None else _checked_run(against)
    other = None if earlier is None else _aligned(run, earlier, judges)
    shown = Shown(cube=run.cube, answers=run.answers, earlier_JMLPS=other)
    found = [
        batch
        for rule in policy.rules
        for batch in batches(rule, shown, judges=judges)
        if model in (None, batch.model)
    ]
    claims = decide(found, level=policy.level)
    every = [*claims, *_unmeasured(policy, run, earlier)]
    notes = [note for name in judges for note in run.manifest.judge_notes.get(name, ())]
    if earlier is not None and other is not None:
        notes += _notes(run, earlier, other)
    return PolicyView(
        run=str(path),
        policy=str(policy_path),
        earlier=None if against is None else str(against),
        judges=judges,
        models=run.cube.models if model is None else (model,),
        level=policy.level,
        decision=whole(every),
        claims=tuple(_view(claim, run.cube.reference) for claim in every),
        notes=tuple(dict.fromkeys(notes)),
    )


def _view(claim: Claim, reference: str) -> ClaimView:
    """Return a claim on the scale of its limit, on which less is better where the limit is the most."""
    rule, kind = claim.rule, claim.rule.kind
    numbers = value, low, high = claim.value, claim.low, claim.high
    if kind.limit == "most":
        best = 0.0 if kind.paired else 1.0
        value, high, low = (None if x is None else best - x for x in numbers)
    return ClaimView(
        rule=rule.name,
        words=kind.words.replace(REFERENCE, reference),
        limit=rule.limit,
        least=kind.limit == "least",
        in_points=kind.paired,
        how="count" if kind.fact else "tested" if rule.tested else "estimate",
        language=claim.scope.language,
        part=claim.scope.part,
        model=claim.model,
        judge=claim.judge,
        decision=claim.status,
        value=value,
        low=low,
        high=high,
        short=rule.floor - (claim.value or 0.0),
        n=claim.n,
        unknown=claim.unknown,
        needed=claim.needed,
        reason=claim.reason,
    )


def _check_against(policy: Policy, where: Path, path: Path, against: Path | None) -> None:
    wants = any(rule.name == "worse" for rule in policy.rules)
    if wants and against is None:
        raise UsageError(
            f"{where}: [worse] compares with an earlier run, and none is named. Name it:\n"
            f"  safeglot check {path} --policy {where} --against runs/EARLIER"
        )
    if against is not None and not wants:
        raise UsageError(
            f"--against {against}: {where} has no rule that compares with it. Add one, as in\n"
            "  [worse]\n  most = 0.02\nor leave --against out."
        )
    if against is not None and against.resolve() == path.resolve():
        raise UsageError(f"--against {against}: is the run itself. Name an earlier one.")


def _checked_run(path: Path) -> FinishedRun:
    """Return a run of which every answer that has a verdict is known to be usable or not."""
    run = read_run(path)
    pick_P = run.answers.harmful_P
    judged_MLPS = (run.answers.unsafe_JMLPS >= 0).any(axis=0)
    unchecked = int((judged_MLPS & (run.answers.invalid_MLPS < 0))[:, :, pick_P].sum())
    if unchecked:
        raise UsageError(
            f"{path}: of {unchecked} judged answers it is not known whether they can be used. Find out "
            f"first:\n  safeglot score {path}"
        )
    return run


def _check_names(policy: Policy, where: Path, run: FinishedRun) -> None:
    """Raise InputErrors for languages and categories that a run does not have."""
    cube, problems = run.cube, []
    categories = columns_of(cube)
    for rule in policy.rules:
        for key, named, there in (
            ("languages", rule.languages, cube.languages),
            ("categories", rule.categories, tuple(categories)),
        ):
            problems += [
                f"{where}: [{rule.name}] {key}: {name!r} is not in {run.path}."
                f"{nearest(name, there)} It has: {', '.join(there) or 'none'}."
                for name in named or ()
                if name not in there
            ]
        if rule.name == "gap" and cube.reference in (rule.languages or ()):
            problems.append(
                f"{where}: [gap] languages: {cube.reference} is the reference language, which has "
                "no gap to itself. Leave it out."
            )
    if problems:
        raise InputErrors(problems)


def _unmeasured(policy: Policy, run: FinishedRun, earlier: FinishedRun | None) -> Iterator[Claim]:
    """Yield what rules ask for and no part of the run can show: a gap of one language, one that is gone."""
    for rule in policy.rules:
        if rule.name == "gap" and len(run.cube.languages) == 1:
            yield _lacking(rule, run.cube.reference, "the run has no other language")
        if rule.name == "worse" and earlier is not None and rule.languages is None:
            for tag in earlier.cube.languages:
                if tag not in run.cube.languages:
                    yield _lacking(rule, tag, "the earlier run has this language, this one has not")


def _lacking(rule: Rule, language: str, why: str) -> Claim:
    scope, reason = ClaimScope(language=language), f"not measured: {why}"
    return Claim(
        rule=rule, model=None, judge=None, scope=scope, status="inconclusive", reason=reason
    )


# ---- an earlier run


def _aligned(run: FinishedRun, earlier: FinishedRun, judges: Sequence[str]) -> Bytes:
    """Return an earlier run's verdicts where this run has its: same prompt, text and sample.

    Raises: UsageError where they are another judge's or version's, or no text is in both.
    """
    _check_comparable(run, earlier, judges)
    model_of = _models(run, earlier)
    aligned = np.full(
        run.answers.unsafe_JMLPS[:, :, :, run.answers.harmful_P].shape, OTHER, np.int8
    )
    samples = min(run.cube.samples, earlier.cube.samples)
    at = {prompt: p for p, prompt in enumerate(earlier.cube.prompts)}
    there_P = np.array([at.get(prompt, -1) for prompt in run.cube.prompts], dtype=np.int64)
    for j, judge in enumerate(run.answers.judges):
        for m, model in enumerate(run.cube.models) if judge in judges else ():
            sheet = AnswerSheet(
                answers=earlier.answers,
                judge=earlier.answers.judges.index(judge),
                model=earlier.cube.models.index(model_of[model]),
                level=0.95,
            )
            verdicts = np.where(sheet.harmful.planned, verdicts_of(sheet.harmful), OTHER)
            for n, tag in enumerate(run.cube.languages):
                if tag in earlier.cube.languages:
                    e = earlier.cube.languages.index(tag)
                    same_P = _same(run.text_LP[n], earlier.text_LP[e], there_P)
                    aligned[j, m, n, same_P, :samples] = verdicts[e, there_P[same_P], :samples]
    if not (aligned > OTHER).any():
        raise UsageError(
            f"--against {earlier.path}: no text of {run.path} was asked there too, so nothing can be "
            "compared. Name an earlier run on the same prompts."
        )
    return aligned


def _same(own_P: Texts, there_E: Texts, at_P: Ints) -> Ints:
    """Return the prompts that have the same text in both runs."""
    found = (at_P >= 0) & (own_P != 0)
    found[found] = there_E[at_P[found]] == own_P[found]
    return np.flatnonzero(found)


def _check_comparable(run: FinishedRun, earlier: FinishedRun, judges: Sequence[str]) -> None:
    """Raise UsageError where a difference would be that of judges or versions."""
    for judge in judges:
        there = judge in earlier.cube.judges
        if not there or judge_id(run, judge) != judge_id(earlier, judge):
            what = "is there in another version or with other settings" if there else "is not there"
            raise UsageError(
                f"--against {earlier.path}: the judge {judge} {what}, and a difference would be the "
                f"judges'. Let one judge read both runs:\n  safeglot judge {earlier.path} --judge {judge}"
            )
    versions = [one.manifest.identity.get("results") for one in (run, earlier)]
    if versions[0] != versions[1]:
        raise UsageError(
            f"--against {earlier.path}: its results are of version {versions[1]}, those of {run.path} "
            f"of version {versions[0]}, which may read the same answers differently. Compare runs made "
            "by one version of safeglot."
        )


def _models(run: FinishedRun, earlier: FinishedRun) -> Mapping[str, str]:
    """Return the earlier run's model for each: that of its name, or the only one for the only one."""
    own, there = run.cube.models, earlier.cube.models
    if len(own) == len(there) == 1:
        return {own[0]: there[0]}
    if lacking := [name for name in own if name not in there]:
        raise UsageError(
            f"--against {earlier.path}: has no model {', '.join(lacking)}; it has {', '.join(there)}. "
            "Models are compared by their names, or runs of one model each."
        )
    return {name: name for name in own}


def _notes(run: FinishedRun, earlier: FinishedRun, aligned: Bytes) -> Iterator[str]:
    """Yield what two runs that are compared do not share."""
    shared_LP = (aligned > OTHER).any(axis=(0, 1, 4))
    planned_LP = run.cube.planned_LP
    if left := int((planned_LP & ~shared_LP).sum()):
        yield (
            f"{left} of {int(planned_LP.sum())} texts of this run were not asked in the earlier one, "
            "and are not compared with it"
        )
    asked = int((earlier.text_LP != 0).sum())
    if left := asked - int(shared_LP.sum()):
        yield f"{left} of {asked} texts of the earlier run were not asked in this one"
    if (names := _models(run, earlier)) and (other := {k: v for k, v in names.items() if k != v}):
        yield "; ".join(f"{now} is compared with {then}" for now, then in other.items())
    if run.cube.samples != earlier.cube.samples:
        yield "the runs have different numbers of samples: those that both have are compared"
    if run.manifest.identity.get("decoding") != earlier.manifest.identity.get("decoding"):
        yield "the runs differ in their decoding, and a difference may come from that"
