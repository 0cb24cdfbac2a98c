"""What a run can say about its gaps, and to those who decide on a release, read from its folder."""

from __future__ import annotations

from collections.abc import Mapping

from safeglot.backends.files.rundir import RunDir
from safeglot.config.checks import nearest
from safeglot.errors import UsageError
from safeglot.flow.page import page_of
from safeglot.flow.run.session import judged_config
from safeglot.report.finding.why import Reasons, why
from safeglot.report.guards.finding import is_guard_test
from safeglot.report.guide.view import GuideSource
from safeglot.report.page import Index, Page, PanelScope, Run
from safeglot.report.terminal.why import why_lines
from safeglot.report.width import wrapped
from safeglot.text.control import one_line


def why_text(run_dir: RunDir, wanted: Mapping[str, str | None], width: int) -> str:
    """Return the answers on one gap; `wanted` may name its language, model and judge. Raises: UsageError."""
    page, scope, reasons = _asked(run_dir, wanted)
    lines = why_lines(why(page, scope, reasons, wanted["language"] or ""), width)
    if len(scope.run.models) > 1:
        told = f"{one_line(scope.model)} (of {len(scope.run.models)} models; --model names another)"
        lines = [*wrapped(told, width), *lines]
    return "\n".join(lines)


def guide_source(run_dir: RunDir, wanted: Mapping[str, str | None]) -> GuideSource:
    """Return what a guide is made of; `wanted` may name its model and judge. Raises: UsageError."""
    page, scope, reasons = _asked(run_dir, wanted)
    if is_guard_test(page):
        found = f"`safeglot show {run_dir.path}` has what it found"
        raise UsageError(f"{run_dir.path}: a test of guards, with no model to release; {found}.")
    return GuideSource(
        page=page,
        scope=scope,
        reasons=reasons,
        begun=run_dir.read_manifest().created[:10],
    )


def _asked(run_dir: RunDir, wanted: Mapping[str, str | None]) -> tuple[Page, PanelScope, Reasons]:
    config, page = judged_config(run_dir), page_of(run_dir, 0)
    run = page.run
    _check(run_dir, run, wanted)
    scope = PanelScope(
        run=run,
        index=Index(page.estimates),
        model=wanted["model"] or run.models[0],
        judge=wanted["judge"] or run.rated[0],
    )
    translators = tuple(step.name for step in config.translator)
    return page, scope, Reasons(run=str(run_dir.path), translators=translators)


def _check(run_dir: RunDir, run: Run, wanted: Mapping[str, str | None]) -> None:
    others = tuple(language.tag for language in run.others())
    for kind, names in (("model", run.models), ("judge", run.judges), ("language", others)):
        if (name := wanted.get(kind)) is not None and name not in names:
            raise UsageError(
                f"--{kind} {name}: not in {run_dir.path}.{nearest(name, names)} "
                f"Allowed: {', '.join(names)}."
            )
