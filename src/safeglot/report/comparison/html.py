"""The comparison as one HTML file that opens offline and may load nothing."""

from __future__ import annotations

from typing import Any

from safeglot.report.comparison.gains import gains
from safeglot.report.comparison.headline import headline
from safeglot.report.comparison.kinds import kind_panels
from safeglot.report.comparison.leaderboard import EDGES, leaderboard
from safeglot.report.comparison.usefulness import model_plane
from safeglot.report.comparison.view import ComparisonView, JudgedModels
from safeglot.report.environment import environment, head
from safeglot.report.names import short_names
from safeglot.report.saved_figure import short_signature, version
from safeglot.text.surrogates import whole

STYLES = ("base.css", "style.css", "styles/save.css", "comparison/style.css")
SCRIPTS = ("scripts/panels.js", "scripts/save.js", "comparison/models.js")


def render_comparison(view: ComparisonView) -> str:
    """Return the page: the same view gives the same bytes."""
    short = short_names(view.run.models) | short_names(view.run.judges)
    text = (
        environment()
        .get_template("comparison/frame.html")
        .render(
            **head(STYLES, SCRIPTS),
            run=view.run,
            short=short,
            page_title=title(view),
            edges=EDGES,
            published=view.published,
            boards=[_board(view, board, short) for board in view.boards],
            signature_line=f"{version(view.run)} \N{MIDDLE DOT} {short_signature(view.run)}",
        )
    )
    return whole(text)


def title(view: ComparisonView) -> str:
    """Return what is compared: "9 models in 10 languages"."""
    models, languages = len(view.run.models), len(view.run.languages)
    return (
        f"{models} {'model' if models == 1 else 'models'} in {languages} "
        f"{'language' if languages == 1 else 'languages'}"
    )


def _board(view: ComparisonView, board: JudgedModels, short: dict[str, str]) -> dict[str, Any]:
    return {
        "judge": view.run.judges.index(board.judge),
        "lead": headline(board, view.run, short),
        "table": leaderboard(view, board, short),
        "plane": model_plane(view, board, short),
        "gains": gains(view, board, short),
        "kinds": kind_panels(view, board, short),
    }
