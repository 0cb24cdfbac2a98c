"""Guides of made-up pages."""

from __future__ import annotations

from example.polyglot import page
from safeglot.report.finding.why import Reasons
from safeglot.report.guide.forms import render
from safeglot.report.guide.view import GuideSource
from unit.report.page_text import scope


def source(shown, **more):
    given = {"reasons": Reasons(run="runs/it"), "begun": "2026-12-01", **more}
    return GuideSource(page=shown, scope=scope(shown), **given)


def guide(*parts, **more):
    shown = page(*parts) if parts and isinstance(parts[0], list) else parts[0]
    return render(source(shown, **more), "markdown").replace("\N{NO-BREAK SPACE}", " ")
