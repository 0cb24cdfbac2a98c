"""A finished run beside a release policy, and beside an earlier run."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import compress
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from safeglot.backends.files.rundir import RunDir
from safeglot.backends.store.arrays import LOOSE
from safeglot.config.checks import nearest
from safeglot.config.policy import read_policy
from safeglot.errors import InputErrors, UsageError
from safeglot.experiments.field import judge_id
from safeglot.experiments.runs import FinishedRun, judges_of, read_run
from safeglot.flow.measure.judges.labels import label_counts
from safeglot.flow.run import session
from safeglot.report.policy.view import ClaimView, PolicyView
from safeglot.score.arrays import Ints
from safeglot.score.judges.label_counts import LabelCounts
from safeglot.score.policy.cells import batches
from safeglot.score.policy.decision import Claim, ClaimScope, decide, whole
from safeglot.score.policy.differences import in_pairs
from safeglot.score.policy.measures import Earlier, Shown
from safeglot.score.policy.parts import columns_of
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
    other = None if earlier is None else _beside(run, earlier, judges)
    averages = {rule.average for rule in policy.rules if rule.corrected}
    labels = _labels(run, averages) if averages else {}
    shown = Shown(cube=run.cube, answers=run.answers, earlier=other, labels=labels)
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
        notes += _notes(run, earlier, other, policy.rules)
    return PolicyView(
        run=str(path),
        policy=str(policy_path),
        earlier=None if against is None else str(against),
        judges=judges,
        models=run.cube.models if model is None else (model,),
        level=policy.level,
        decision=whole(every),
        claims=tuple(_view(claim, run.cube.reference, str(path)) for claim in every),
        notes=tuple(dict.fromkeys(notes)),
    )


def _view(claim: Claim, reference: str, run: str) -> ClaimView:
    """Return a claim on the scale of its limit, on which less is better where the limit is the most."""
    rule, kind = claim.rule, claim.rule.kind
    numbers = value, low, high = claim.value, claim.low, claim.high
    if kind.limit == "most":
        best = 0.0 if kind.paired else 1.0
        value, high, low = (None if x is None else best - x for x in numbers)
    return ClaimView(
        rule=rule.title,
        words=rule.words.replace(REFERENCE, reference),
        limit=rule.limit,
        least=kind.limit == "least",
        in_points=kind.paired,
        how="count" if kind.fact else "tested" if rule.tested else "estimate",
        means=claim.means,
        beside=claim.beside,
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
        reason=claim.reason.replace("RUN", run) if claim.means == "labels" else claim.reason,
    )


def _labels(
    run: FinishedRun, averages: Collection[str]
) -> Mapping[tuple[str, str, str, str], LabelCounts | str]:
    with session.opened(RunDir(run.path)) as store:
        return label_counts(store, run.cube, averages)


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
                f"{nearest(name, there)} It has: {', '.join(there) or 'none'}. Name some of these, or leave "
                f"{key} out for all."
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


def _beside(run: FinishedRun, earlier: FinishedRun, judges: Sequence[str]) -> Earlier:
    """Return an earlier run's answers with where this run's texts are in it.

    Raises: UsageError where they are another judge's or version's, or nothing is in both.
    """
    _check_comparable(run, earlier, judges)
    names = _models(run, earlier)
    there = {tag: n for n, tag in enumerate(earlier.cube.languages)}
    language_L = np.array([there.get(tag, -1) for tag in run.cube.languages], dtype=np.int64)
    kinds = (
        (run.cube.prompts, run.text_LP, earlier.cube.prompts, earlier.text_LP),
        (run.benign, run.benign_text_LP, earlier.benign, earlier.benign_text_LP),
    )
    harmful, benign = (_places(*kind, language_L) for kind in kinds)
    own, other = (set(x.answers.categories) for x in (run, earlier))
    alike = bool(own & other) if own or other else True
    if not (harmful >= 0).any() and not (alike and (language_L >= 0).any()):
        raise UsageError(
            f"--against {earlier.path}: no text of {run.path} was asked there too, and no language and "
            "category of it is there, so nothing can be compared. Name an earlier run with prompts of the same "
            "categories and languages."
        )
    return Earlier(
        shown=Shown(cube=earlier.cube, answers=earlier.answers),
        model_M=np.array([earlier.cube.models.index(names[m]) for m in run.cube.models]),
        language_L=language_L,
        at_LP=(harmful, benign),
    )


def _places(
    own: Sequence[str], text_LP: Texts, other: Sequence[str], other_LP: Texts, language_L: Ints
) -> Ints:
    """Return where each text of a run is in an earlier one: under its id, or as the only such text."""
    at = {prompt: p for p, prompt in enumerate(other)}
    there_P = np.array([at.get(prompt, -1) for prompt in own], dtype=np.int64)
    found_LP = np.full(text_LP.shape, -1, dtype=np.int64)
    for n, place in enumerate(language_L.tolist()):
        if place < 0 or not len(other):
            continue
        texts_P, others_P, found_P = text_LP[n], other_LP[place], found_LP[n]
        same_P = (there_P >= 0) & (texts_P != 0)
        same_P[same_P] = others_P[there_P[same_P]] == texts_P[same_P]
        found_P[same_P] = there_P[same_P]
        single, first = _single(others_P, but=found_P[same_P])
        alone, rows = _single(texts_P, but=np.flatnonzero(same_P))
        _, here, away = np.intersect1d(alone, single, assume_unique=True, return_indices=True)
        found_P[rows[here]] = first[away]
    return found_LP


def _single(texts_P: Texts, *, but: Ints) -> tuple[Texts, Ints]:
    """Return the texts that are there once, and where; without those already found."""
    left_P = np.setdiff1d(np.flatnonzero(texts_P), but)
    texts, first, n = np.unique(texts_P[left_P], return_index=True, return_counts=True)
    return texts[n == 1], left_P[first[n == 1]]


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


def _notes(
    run: FinishedRun, earlier: FinishedRun, beside: Earlier, rules: Sequence[Rule]
) -> Iterator[str]:
    """Yield what two runs that are compared do not share, and what is compared unpaired."""
    shared_LP = beside.at_LP[0] >= 0
    planned_LP, asked = run.cube.planned_LP, int((earlier.text_LP != 0).sum())
    if left := int((planned_LP & ~shared_LP).sum()):
        yield f"{left} of {int(planned_LP.sum())} texts of this run were not asked in the earlier one"
    if left := asked - int(shared_LP.sum()):
        yield f"{left} of {asked} texts of the earlier run were not asked in this one"
    shown = Shown(cube=run.cube, answers=run.answers, earlier=beside)
    apart = [~in_pairs(rule, shown) for rule in rules if rule.name == "worse"]
    if tags := list(compress(run.cube.languages, np.any(apart, axis=0))):
        weights = (
            "the categories weigh as in this run"
            if run.answers.categories
            else "there are no categories to weigh"
        )
        yield (
            f"in {', '.join(tags)} fewer than half of the texts were asked in both runs: compared unpaired, "
            f"not the same requests ({weights}), and a part of a difference may be that of the requests"
        )
    if (names := _models(run, earlier)) and (other := {k: v for k, v in names.items() if k != v}):
        yield "; ".join(f"{now} is compared with {then}" for now, then in other.items())
    if run.cube.samples != earlier.cube.samples:
        yield "the runs have different numbers of samples: those that both have are paired"
    if run.manifest.identity.get("decoding") != earlier.manifest.identity.get("decoding"):
        yield "the runs differ in their decoding, and a difference may come from that"
